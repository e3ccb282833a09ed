import gradtape as gt
import numpy as np


class Residual:
    def __init__(self, survive):
        self.survive = survive
        self.w = gt.Variable([1.0, 2.0])

    def branch(self, x):
        return np.tanh(x * self.w)

    def __call__(self, x):
        if self.survive:  #~ GT503?
            x = x + self.branch(x)
        return x


def loss_of(blocks, x):
    for block in blocks:
        x = block(x)
    return np.sum(x**2)


scale, blocks = gt.Variable(1.0), [Residual(False)]
with gt.GradientTape() as tape:
    loss = loss_of(blocks, np.ones(2) * scale)
tape.gradient(loss, blocks[0].w)
