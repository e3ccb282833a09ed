import gradtape as gt
import numpy as np


def single(x):
    return np.sum(x, keepdims=True)


gt.grad(single)(np.ones(3))
gt.jacobian(np.sin)(np.ones(3))
