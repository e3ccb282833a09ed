import gradtape as gt
import numpy as np

w, b = gt.Variable(1.0), gt.Variable(0.6)
for _ in range(2):
    with gt.GradientTape() as tape:
        loss = (np.round(b) * w - 3.0) ** 2  #~ GT302
    slope, _ = tape.gradient(loss, [w, b])
    if slope is not None:
        w = w - 0.1 * slope  #~ GT103
