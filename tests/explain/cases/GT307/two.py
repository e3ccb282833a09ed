import gradtape as gt
import numpy as np


@gt.custom_gradient
def scaled(x, factor):
    return x * factor, lambda g: (g * factor, None)


x, factor = gt.Variable(2.0), gt.Variable(3.4)
with gt.GradientTape() as tape:
    loss = scaled(x, factor)  #~ GT307
    loss = loss * np.floor(factor)  #~ GT302
tape.gradient(loss, factor)
