"""NumPy's Fourier transforms, called directly."""

from sys import _getframe
from typing import Any

import numpy as np

from gradtape.arrays.creation import check_device
from gradtape.arrays.variable import make_constant
from gradtape.numpy import publish

__all__ = ["fftfreq", "rfftfreq"]


def fftfreq(n: int, d: float = 1.0, dtype: Any = None, device: str | None = None) -> Any:
    """Make a tensor of the frequencies of a transform of length `n`."""
    check_device(device, _getframe(1))
    return make_constant(np.fft.fftfreq(n, d), dtype, None, _getframe(1))


def rfftfreq(n: int, d: float = 1.0, dtype: Any = None, device: str | None = None) -> Any:
    """Make a tensor of the frequencies of a transform of `n` real numbers."""
    check_device(device, _getframe(1))
    return make_constant(np.fft.rfftfreq(n, d), dtype, None, _getframe(1))


publish.functions_of_numpy(globals(), "fft")
