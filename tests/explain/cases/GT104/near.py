import gradtape as gt
import numpy as np


class Heads:
    def __init__(self):
        self.body = gt.Variable([1.0, 2.0])
        self.heads = [gt.Variable(np.ones(2)) for _ in range(2)]

    def __call__(self, x):
        features = np.tanh(x * self.body)
        return [np.sum(features * head) for head in self.heads]


model = Heads()
with gt.GradientTape() as tape:
    first, second = model(np.ones(2))
    loss = first**2
tape.gradient(loss, [model.body, *model.heads])  #~ GT105
