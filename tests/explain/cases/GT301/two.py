import gradtape as gt
import numpy as np

scores = gt.Variable([0.2, 0.9, 0.4])
with gt.GradientTape() as tape:
    order = np.argsort(scores) * 1.0  #~ GT301
    above = np.where(scores > 0.5, 1.0, 0.0)  #~ GT301
    loss = np.sum(order) + np.sum(above)
tape.gradient(loss, scores)
