import gradtape as gt
import numpy as np


class Noisy:
    def __init__(self):
        self.w = gt.Variable(np.ones((2, 2)))
        self.b = gt.Variable(np.zeros(2))

    def transform(self, x):
        return x @ self.w

    def __call__(self, x):
        return np.tanh(self.transform(x))


layer = Noisy()
with gt.GradientTape() as tape:
    loss = np.sum(layer(np.ones(2)))
tape.gradient(loss, [layer.w, layer.b])  #~ GT105
