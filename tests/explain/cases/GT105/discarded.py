import gradtape as gt
import numpy as np

rate = np.float64(1.5)
w, unused = gt.Variable(1.0), gt.Variable(2.0)
with gt.GradientTape() as tape:
    float(unused * 2.0)
    loss = w * rate
tape.gradient(loss, [w, unused])  #~ GT105
