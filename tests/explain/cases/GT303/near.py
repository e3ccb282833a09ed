import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
with gt.GradientTape() as tape:
    mask = (w > 1.0).astype(float)
    loss = np.sum(w.astype(np.float32) * mask)
tape.gradient(loss, w)
