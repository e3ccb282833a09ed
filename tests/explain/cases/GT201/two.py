import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
with gt.GradientTape() as tape:
    plain = np.asarray(w)  #~ GT201
    steps = np.round(gt.constant(plain * 2.0) * 1.5)  #~ GT302
    loss = np.sum(steps * gt.stop_gradient(w))  #~ GT304
tape.gradient(loss, w)
