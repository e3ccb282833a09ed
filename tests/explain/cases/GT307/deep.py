import gradtape as gt
import numpy as np


def pulled_back(g, y, x, stiffness):
    return g * stiffness, None


class Spring:
    def __init__(self):
        self.force = gt.external(lambda x, stiffness: x * stiffness, vjp=pulled_back)
        self.stiffness = gt.Variable([2.0, 3.0])

    def pull(self, x):
        return self.force(x, self.stiffness)  #~ GT307


def energy(spring, x):
    return np.sum(spring.pull(x) ** 2)


spring, x = Spring(), gt.Variable([0.1, 0.2])
with gt.GradientTape() as tape:
    loss = energy(spring, x)
tape.gradient(loss, [x, spring.stiffness])
