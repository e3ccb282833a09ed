import gradtape as gt
import numpy as np


def vector(x):
    return np.sin(x)


def wave(x):
    return np.exp(1j * x)


for function, at in ((vector, np.ones(2)), (wave, 0.5)):
    try:
        gt.value_and_grad(function)(at)  #~ GT601
    except (ValueError, TypeError):
        pass
try:
    gt.grad(gt.grad(lambda w: w[0] ** 2 + w[0] * w[1]))(np.ones(2))  #~ GT601
except ValueError:
    pass
