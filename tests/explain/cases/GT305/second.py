import gradtape as gt
import numpy as np

cube = gt.external(lambda x: x**3, vjp=lambda g, y, x: g * 3.0 * x**2)

x = gt.Variable(2.0)
with gt.GradientTape() as outer:
    with gt.GradientTape() as inner:
        y = cube(x)  #~ GT305
    slope = inner.gradient(y, x)
try:
    outer.gradient(slope, x)
except NotImplementedError:
    pass
