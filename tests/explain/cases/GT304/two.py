import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
with gt.GradientTape() as tape:
    first = gt.stop_gradient(np.sin(w))  #~ GT304
    second = gt.stop_gradient(np.cos(w))  #~ GT304
    loss = np.sum(first * second)
tape.gradient(loss, w)
