import gradtape as gt
import numpy as np


class Norm:
    def __init__(self, size):
        self.gamma = gt.Variable(np.ones(size), trainable=False)  #~ GT102
        self.beta = gt.Variable(np.zeros(size))

    def __call__(self, x):
        return (x - np.mean(x)) * self.gamma + self.beta


class Block:
    def __init__(self, size):
        self.norm = Norm(size)

    def __call__(self, x):
        return np.tanh(self.norm(x))


block = Block(3)
with gt.GradientTape() as tape:
    loss = np.sum(block(np.arange(3.0)) ** 2)
tape.gradient(loss, [block.norm.gamma, block.norm.beta])
