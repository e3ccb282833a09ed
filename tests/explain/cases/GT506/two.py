import gradtape as gt
import numpy as np

x = gt.Variable(3.2)
with gt.GradientTape(persistent=True) as outer:
    with gt.GradientTape() as inner:
        y = np.floor(x) ** 3 + x**2  #~ GT302
slope = inner.gradient(y, x)  #~ GT506
outer.gradient(slope, x)
