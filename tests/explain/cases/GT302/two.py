import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
with gt.GradientTape() as tape:
    coarse = np.floor(w)  #~ GT302
    moved = coarse * 1.5 + 0.2
    fine = np.ceil(moved)  #~ GT302
    loss = np.sum(fine**2)
tape.gradient(loss, w)
