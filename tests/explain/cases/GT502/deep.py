import gradtape as gt
import numpy as np


class Tower:
    def __init__(self):
        self.w = gt.Variable([1.0, 2.0])

    def features(self, x):
        return np.tanh(x * self.w)


def encode(tower, x, tape):
    with tape.stop_recording():  #~ GT502
        return tower.features(x)


def attack(tower, x):
    with gt.GradientTape() as tape:
        loss = np.sum(encode(tower, x, tape) ** 2)
    return tape.gradient(loss, tower.w)


attack(Tower(), np.ones(2))
