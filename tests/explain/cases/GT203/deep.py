import gradtape as gt
import numpy as np


class Polynomial:
    def __init__(self, parameters):
        self.parameters = [gt.Variable(p) for p in parameters]  #~ GT203

    def __call__(self, x):
        total = 0.0
        for power, p in enumerate(self.parameters):
            total = total + p * x**power
        return total


def predict(intercept, slope, x):
    model = Polynomial([intercept * 1.0, slope * 1.0])
    return model(x)


def loss_of(intercept, slope, x, y):
    return np.mean((predict(intercept, slope, x) - y) ** 2)


intercept, slope = gt.Variable(0.5), gt.Variable(-1.0)
with gt.GradientTape() as tape:
    loss = loss_of(intercept, slope, np.arange(4.0), np.ones(4))
tape.gradient(loss, [intercept, slope])
