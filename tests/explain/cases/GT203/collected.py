import gradtape as gt
import numpy as np


def terms(w):
    found = []
    for k in range(3):
        found.append(w * k)
    return found


w = gt.Variable(2.0)
with gt.GradientTape() as tape:
    rows = [term + 1.0 for term in terms(w)]
    loss = gt.constant(np.array(rows)).sum() * 2.0  #~ GT203
tape.gradient(loss, w)
