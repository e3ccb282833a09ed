import gradtape as gt
import numpy as np

w = gt.Variable(2.0)
with gt.GradientTape() as tape:
    with tape.stop_recording():  #~ GT502
        first = w * 3.0
    moved = first + 1.0
    with tape.stop_recording():  #~ GT502
        second = np.exp(-moved)
    loss = second**2
tape.gradient(loss, w)
