"""Tensors in `scipy.fft`'s own functions: SciPy asks its backends, and ours answers where there is a tensor."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gradtape.arrays.dispatch import Node

__ua_domain__ = "numpy.scipy.fft"


def __ua_function__(method: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:  # noqa: N807 - SciPy's protocol
    """Compute a transform of a tensor; `NotImplemented` leaves everything else to SciPy."""
    if not any(isinstance(value, Node) for value in (*args, *kwargs.values())):
        return NotImplemented
    return getattr(import_module("gradtape.scipy.fft"), method.__name__)(*args, **kwargs)


def register() -> None:
    """Add this module to SciPy's backends, and keep SciPy's own for plain arrays: it is asked last."""
    fft = import_module("scipy.fft")
    fft.set_global_backend("scipy", try_last=True)
    fft.register_backend(import_module(__name__))
