"""Windows, of which the ones with a parameter have a derivative in it; all others are SciPy's plain arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.signal

from gradtape.arrays.dispatch import Node
from gradtape.ops.fourier import fitted
from gradtape.scipy._values import xp

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["exponential", "gaussian", "general_gaussian", "general_hamming", "get_window", "kaiser"]


def __getattr__(name: str) -> Any:
    """Find every other window in SciPy."""
    return getattr(scipy.signal.windows, name)


def places(M: int, sym: bool) -> Any:  # noqa: N803 - SciPy's name
    """Return the distances of the samples from the middle of the window."""
    return np.arange(M) - (M - 1 + (not sym)) / 2.0


def gaussian(M: int, std: Any, sym: bool = True) -> Any:  # noqa: N803
    """Return a Gaussian window; its width has a derivative.

    Parameters
    ----------
    M : int
        Number of samples.
    std : Tensor or float
        Standard deviation, in samples.
    sym : bool
        Whether the window is symmetric; otherwise it is one period of a periodic one.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> from gradtape.scipy import signal
    >>> signal.windows.gaussian(3, 1.0)
    Tensor([0.60653066, 1.        , 0.60653066])
    """
    n = places(M, sym)
    return xp.exp(-0.5 * xp.square(n / xp.shaped(std)))


def general_gaussian(M: int, p: Any, sig: Any, sym: bool = True) -> Any:  # noqa: N803
    """Return `exp(-abs(n / sig)**(2 p) / 2)`; both parameters have derivatives."""
    n = np.abs(places(M, sym))
    return xp.exp(-0.5 * xp.power(n / xp.shaped(sig), 2.0 * xp.shaped(p)))


def exponential(M: int, center: float | None = None, tau: Any = 1.0, sym: bool = True) -> Any:  # noqa: N803
    """Return an exponential window; its decay `tau` has a derivative."""
    if sym and center is not None:
        raise ValueError("If sym==True, center must be None.")
    n = places(M, sym) if center is None else np.arange(M) - center
    return xp.exp(-np.abs(n) / xp.shaped(tau))


def general_hamming(M: int, alpha: Any, sym: bool = True) -> Any:  # noqa: N803
    """Return `alpha - (1 - alpha) cos(2 pi n / N)`; `alpha` has a derivative."""
    cosine = np.cos(2.0 * np.pi * np.arange(M) / max(M - 1 + (not sym), 1))
    alpha = xp.shaped(alpha)
    return alpha - (1.0 - alpha) * cosine


def kaiser(M: int, beta: Any, sym: bool = True) -> Any:  # noqa: N803
    """Return a Kaiser window; its shape `beta` has a derivative.

    Parameters
    ----------
    M : int
        Number of samples.
    beta : Tensor or float
        How narrow the window is.
    sym : bool
        Whether the window is symmetric; otherwise it is one period of a periodic one.

    Returns
    -------
    Tensor
    """
    return fitted(xp, xp.kaiser(M if sym else M + 1, beta), 0, M)


PARAMETRIC: dict[str, Callable[..., Any]] = {
    "kaiser": kaiser,
    "ksr": kaiser,
    "gaussian": gaussian,
    "gauss": gaussian,
    "gss": gaussian,
    "general_gaussian": general_gaussian,
    "general gaussian": general_gaussian,
    "general_hamming": general_hamming,
    "exponential": exponential,
    "poisson": exponential,
}


def get_window(window: Any, Nx: int, fftbins: bool = True, **options: Any) -> Any:  # noqa: N803
    """Return a window by its name; SciPy's plain array unless a parameter of it is a tensor.

    Parameters
    ----------
    window : str, float or tuple
        A name, the `beta` of a Kaiser window, or a name followed by parameters.
    Nx : int
        Number of samples.
    fftbins : bool
        Whether the window is periodic.
    **options
        Handed to SciPy.

    Raises
    ------
    TypeError
        If a parameter is a tensor and the window is not one of those that have a derivative here.
    """
    if isinstance(window, Node):
        window = ("kaiser", window)
    if not isinstance(window, tuple) or not any(isinstance(p, Node) for p in window):
        return scipy.signal.get_window(window, Nx, fftbins, **options)
    name, *parameters = window
    if name not in PARAMETRIC:
        known = ", ".join(sorted({f.__name__ for f in PARAMETRIC.values()}))
        raise TypeError(f"the window {name!r} has no derivative in its parameters here; {known} have")
    return PARAMETRIC[name](Nx, *parameters, sym=not fftbins)
