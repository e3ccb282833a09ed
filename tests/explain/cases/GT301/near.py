import gradtape as gt
import numpy as np

scores = gt.Variable([0.2, 0.9, 0.4])
with gt.GradientTape() as tape:
    best = np.argmax(scores)
    loss = scores[best] ** 2 + np.sum(np.sort(scores))
tape.gradient(loss, scores)
