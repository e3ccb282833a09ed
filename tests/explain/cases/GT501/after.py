import gradtape as gt
import numpy as np


def cost(outputs):
    return np.mean(outputs**2)


w = gt.Variable([0.4, 1.6])
with gt.GradientTape() as tape:
    outputs = np.tanh(w)
tape.gradient(cost(outputs), w)  #~ GT501
