import gradtape as gt
import numpy as np

w, target = gt.Variable([0.4, 1.6]), gt.Variable([1.0, 1.0])
with gt.GradientTape() as tape:
    kept = w + gt.stop_gradient(np.round(w) - w)
    loss = np.sum((kept - gt.stop_gradient(target)) ** 2)
tape.gradient(loss, w)
