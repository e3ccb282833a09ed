import gradtape as gt
import numpy as np


def centre(x):
    np.subtract(x, np.mean(x), out=x)  #~ GT507
    return x


def loss_of(x):
    value = np.sum(x**2)
    centre(x)
    return value


def gradient_at(x):
    with gt.GradientTape() as tape:
        tape.watch(x)
        loss = loss_of(x)
    return tape.gradient(loss, x)


gradient_at(gt.constant([1.0, 2.0, 4.0]))
