import gradtape as gt
import numpy as np

smooth = gt.external(lambda x: np.exp(x) * x, method="complex-step")
w = gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape:
    loss = smooth(w).sum()
tape.gradient(loss, w)
