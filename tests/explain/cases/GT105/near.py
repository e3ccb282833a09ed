import gradtape as gt
import numpy as np

w, b = gt.Variable([1.0, 2.0]), gt.Variable(0.0)
with gt.GradientTape() as tape:
    loss = np.sum(np.where(w > 5.0, b, w))  #~ GT404
tape.gradient(loss, [w, b])
