import gradtape as gt
import numpy as np

w = gt.Variable(2.0)
for step in range(2):
    with gt.GradientTape(persistent=True) as tape:
        loss = (w - 1.0) ** 2
        with tape.stop_recording():
            gradient = tape.gradient(loss, w)
            norm = np.abs(gradient)
            print("step", step, "norm", float(norm))
        final = loss * 2.0
    tape.gradient(final, w)
