import gradtape as gt
import numpy as np

w = gt.Variable([0.4, 1.6])
scaled = w * 2.0  #~ GT501
with gt.GradientTape() as tape:
    steps = np.round(scaled) * 1.0  #~ GT302
loss = steps.sum()  #~ GT501
tape.gradient(loss, w)
