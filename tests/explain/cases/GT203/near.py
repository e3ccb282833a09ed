import gradtape as gt
import numpy as np

a, b = gt.Variable(1.0), gt.Variable(2.0)
start = gt.Variable(gt.constant([0.0, 1.0]))
with gt.GradientTape() as tape:
    pair = np.stack([a, b])
    loss = np.sum(pair * start)
tape.gradient(loss, [a, b, start])
