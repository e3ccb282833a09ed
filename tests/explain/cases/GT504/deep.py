import gradtape as gt
import numpy as np


class Layer:
    def __init__(self):
        self.w = gt.Variable([0.0, 0.0])

    def load(self, parameters):
        self.w.assign(parameters)  #~ GT504

    def __call__(self, x):
        return np.sum(self.w * x)


def predict(layer, parameters, x):
    layer.load(parameters)
    return layer(x)


parameters = gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape:
    loss = predict(Layer(), parameters * 2.0, np.ones(2)) ** 2
tape.gradient(loss, parameters)
