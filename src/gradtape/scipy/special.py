"""The special functions of `scipy.special`, on tensors, with derivatives in all arguments that are not whole numbers.

Derivatives in a parameter (`gammainc` in `a`, `jv` in the order, `hyp2f1` in all four) are computed by series and
integrals to about 1e-12, and by differences of SciPy's values elsewhere, to about 1e-10 for the first and 1e-7 for the
second derivative in the worst case; the docstrings in `gradtape.spaces.kernels.special` say which is which. On a
tensor, `scipy.special.erf(t)` and every other ufunc do the same.

Examples
--------
>>> import gradtape as gt
>>> import gradtape.scipy as gsp
>>> a = gt.Variable(2.0)
>>> with gt.GradientTape() as tape:
...     y = gsp.special.gammainc(a, 1.0)
>>> tape.gradient(y, a)
Tensor(-0.27619605)
"""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "special", "special")
