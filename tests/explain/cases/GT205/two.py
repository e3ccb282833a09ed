import gradtape as gt
import numpy as np

a, b = gt.Variable(0.3), gt.Variable(0.7)
with gt.GradientTape() as tape:
    m = np.eye(2)
    m[0, 1] = np.sin(a)  #~ GT205
    m[1, 0] += b  #~ GT205
    loss = (gt.constant(m) * 2.0).sum()
tape.gradient(loss, [a, b])
