"""The transforms of `scipy.fft`, on tensors; SciPy's own names lead here too once `gradtape.scipy` is imported.

Examples
--------
>>> import numpy as np
>>> import scipy.fft
>>> import gradtape as gt
>>> import gradtape.scipy
>>> x = gt.Variable([1.0, 2.0, 3.0])
>>> with gt.GradientTape() as tape:
...     y = scipy.fft.dct(x)[0]
>>> tape.gradient(y, x)
Tensor([2., 2., 2.])
"""

from gradtape.scipy.publish import publish

__getattr__ = publish(globals(), "fft", "signal")
