import gradtape as gt
import numpy as np


class Projection:
    def __init__(self, size):
        self.w = gt.Variable(np.eye(size))

    def __call__(self, x):
        return np.tanh(x @ self.w)


class Attention:
    def __init__(self, size):
        self.size = size
        self.projection = Projection(size)
        self.out = gt.Variable(np.ones(size))

    def mix(self, fields):
        projection = Projection(self.size)  #~ GT104
        return projection(fields) * fields

    def __call__(self, fields):
        return self.mix(fields) @ self.out


model = Attention(3)
with gt.GradientTape() as tape:
    loss = np.sum(model(np.ones((2, 3))))
tape.gradient(loss, [model.projection.w, model.out])
