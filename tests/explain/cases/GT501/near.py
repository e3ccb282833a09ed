import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
data = np.tanh(gt.constant([1.0, 2.0])) * 2.0
with gt.GradientTape() as tape:
    loss = np.sum(w * data)
history = loss * 1.0
tape.gradient(loss, w)
