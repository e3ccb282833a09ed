import gradtape as gt
import numpy as np


class Line:
    def __init__(self):
        self.slope = gt.Variable(0.0)

    def __call__(self, x):
        return self.slope * x


def loss_of(model, x, y):
    return np.mean((model(x) - y) ** 2)


def update(model, gradient):
    if gradient is not None:
        model.slope = model.slope - 0.1 * gradient  #~ GT103


def train(model, x, y, steps):
    for _ in range(steps):
        with gt.GradientTape() as tape:
            loss = loss_of(model, x, y)
        update(model, tape.gradient(loss, model.slope))


train(Line(), np.arange(4.0), 3.0 * np.arange(4.0), 2)
