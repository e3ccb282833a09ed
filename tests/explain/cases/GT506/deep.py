import gradtape as gt
import numpy as np


class Field:
    def __init__(self):
        self.w = gt.Variable([1.0, 2.0])

    def value(self, x):
        return np.sum(np.sin(self.w * x))

    def slope(self, x):
        with gt.GradientTape() as tape:
            tape.watch(x)
            value = self.value(x)
        return tape.gradient(value, x)


def penalty(slope):
    return np.sum(slope**2)


field = Field()
x = gt.constant([0.3, 0.7])
steepness = field.slope(x)  #~ GT506
with gt.GradientTape() as tape:
    loss = penalty(steepness)
tape.gradient(loss, field.w)
