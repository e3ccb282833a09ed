import gradtape as gt
import numpy as np

count = gt.Variable(3)  #~ GT107
with gt.GradientTape() as tape:
    loss = np.floor(count * 0.5) ** 2  #~ GT302
tape.gradient(loss, count)
