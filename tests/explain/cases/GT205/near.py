import gradtape as gt
import numpy as np

w = gt.Variable(0.3)
curve = np.zeros(3)
for step in range(3):
    with gt.GradientTape() as tape:
        m = gt.constant(np.eye(2))
        m[0, 1] = np.sin(w)
        loss = (m * 2.0).sum()
    curve[step] = loss
    w.assign_sub(0.1 * tape.gradient(loss, w))
