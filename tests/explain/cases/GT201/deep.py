import gradtape as gt
import numpy as np


class Normaliser:
    def moments(self, x):
        values = x.numpy()  #~ GT201
        return values.mean(), values.std()

    def __call__(self, x):
        mean, spread = self.moments(x)
        return (mean - 1.0) ** 2 + (spread - 0.5) ** 2


class Generator:
    def __init__(self):
        self.w = gt.Variable([1.0, 2.0, 3.0])

    def __call__(self, z):
        return np.tanh(self.w * z)


def loss_of(generator, z):
    return Normaliser()(generator(z))


generator = Generator()
with gt.GradientTape() as tape:
    loss = loss_of(generator, 0.5)
tape.gradient(loss, generator.w)
