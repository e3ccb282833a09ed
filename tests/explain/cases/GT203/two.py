import gradtape as gt
import numpy as np

a, b = gt.Variable(1.0), gt.Variable(2.0)
with gt.GradientTape() as tape:
    pair = np.array([a, 3.0])  #~ GT203
    other = gt.Variable(b * 2.0)  #~ GT203
    loss = np.sum(gt.constant(pair) * other)
tape.gradient(loss, [a, b])
