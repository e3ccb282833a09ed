import gradtape as gt
import numpy as np


class Quantiser:
    def __init__(self, step):
        self.step = gt.Variable(step)

    def to_grid(self, x):
        return np.round(x / self.step)  #~ GT302

    def __call__(self, x):
        return self.to_grid(x)


def code_length(quantiser, x):
    return np.sum(np.abs(quantiser(x)))


quantiser = Quantiser(0.25)
with gt.GradientTape() as tape:
    loss = code_length(quantiser, np.linspace(0.0, 1.0, 5))
tape.gradient(loss, quantiser.step)
