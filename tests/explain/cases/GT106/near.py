import gradtape as gt
import numpy as np

w = gt.Variable(1.0)
with gt.GradientTape() as tape:
    loss = gt.constant(2.0) + 0.0 * w  #~ GT404
tape.gradient(loss, w)
