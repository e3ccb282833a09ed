import gradtape as gt
import numpy as np


class Model:
    def __init__(self):
        self.a = gt.Variable(1.0)
        self.b = gt.Variable(2.0)
        self.packed = self.pack()

    def pack(self):
        return np.stack([self.a, self.b])  #~ GT501

    def __call__(self, x):
        return np.sum(self.packed * x)


def step(model, x):
    with gt.GradientTape() as tape:
        loss = model(x) ** 2
    return tape.gradient(loss, [model.a, model.b])


step(Model(), np.array([0.5, 1.5]))
