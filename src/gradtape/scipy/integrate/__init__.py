"""The functions of `scipy.integrate`, on tensors.

Samples are integrated by rules that are compositions of operations. Functions and differential equations are integrated
by SciPy, which chooses where to look. Where a tape is open the integral is formed once more at these places, recorded:
the gradient is that of the quadrature or of the steps, exactly, and that of the integral up to their tolerance.
`solve_ivp` can solve the adjoint equation instead. A tensor may be among `args`, the limits, the initial values, or
what the function reads.

Examples
--------
>>> import gradtape as gt
>>> import gradtape.scipy as gsp
>>> rate = gt.Variable(2.0)
>>> with gt.GradientTape() as tape:
...     area, error = gsp.integrate.quad(lambda x, k: k * x**2, 0.0, 3.0, args=(rate,))
>>> float(area.numpy().round(6)), float(tape.gradient(area, rate).numpy().round(6))
(18.0, 9.0)
"""

from gradtape.scipy.integrate.double_exponential import tanhsinh
from gradtape.scipy.integrate.equations import odeint, solve_ivp
from gradtape.scipy.integrate.quadrature import dblquad, fixed_quad, nquad, quad, quad_vec, tplquad
from gradtape.scipy.publish import publish

__all__ = ["dblquad", "fixed_quad", "nquad", "odeint", "quad", "quad_vec", "solve_ivp", "tanhsinh", "tplquad"]
__getattr__ = publish(globals(), "integrate", "integrate")
