"""Derivatives of functions that no tape can see into, from their values alone: differences and complex steps."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.errors import OperandError

if TYPE_CHECKING:
    from collections.abc import Callable

METHODS = ("complex-step", "finite-difference")
TINY = 1e-30
"""The complex step: so small that its square is lost, and nothing is subtracted that could cancel."""


def numeric_gradient(name: str, f: Callable[..., Any], method: str) -> Callable[..., Any]:
    """Make the derivative of a function out of its values, one or two calls per element of an argument.

    Parameters
    ----------
    name : str
        What to call the function in errors.
    f : callable
        Takes arrays and returns one array.
    method : {"complex-step", "finite-difference"}
        The imaginary part of `f(x + 1e-30j)`, exact to rounding if `f` is analytic and takes complex numbers; or
        central differences in double precision, good to about ten digits.

    Returns
    -------
    callable
        `gradient(cotangent, result, arrays, k, options)`: the cotangent of argument `k`.

    Raises
    ------
    ValueError
        If the method has another name.
    """
    if method not in METHODS:
        raise ValueError(f"external: `method` is one of {METHODS}, not {method!r}")
    slope = _complex_slope if method == "complex-step" else _central_slope

    def gradient(cotangent: Any, _result: Any, arrays: list[Any], k: int, options: dict[str, Any]) -> Any:
        plain = tuple(np.asarray(array) for array in arrays)
        if plain[k].dtype.kind != "f":
            raise OperandError(f"external: method={method!r} takes real arguments, and argument {k} of `{name}` is not")
        return _gradient(slope, name, partial(f, **options), np.asarray(cotangent), plain, k)

    return gradient


def _gradient(
    slope: Callable[..., Any], name: str, f: Callable[..., Any], cotangent: Any, arrays: tuple[Any, ...], k: int
) -> Any:
    """Return the gradient of argument `k`: for each of its elements the slope of all results, weighted."""
    gradient = np.zeros(arrays[k].shape)
    for place in np.ndindex(arrays[k].shape):
        weighted = cotangent * slope(name, f, arrays, k, place)
        gradient[place] = np.real(np.sum(weighted))
    return gradient


def _moved(array: Any, place: tuple[int, ...], step: Any, dtype: Any) -> Any:
    moved = np.array(array, dtype)
    moved[place] += step
    return moved


def _called(f: Callable[..., Any], arrays: tuple[Any, ...], k: int, moved: Any) -> Any:
    return np.asarray(f(*arrays[:k], moved, *arrays[k + 1 :]))


def _complex_slope(name: str, f: Callable[..., Any], arrays: tuple[Any, ...], k: int, place: tuple[int, ...]) -> Any:
    """Return `imag(f(x + i h)) / h`; Squire and Trapp, "Using complex variables to estimate derivatives", 1998."""
    result = _called(f, arrays, k, _moved(arrays[k], place, 1j * TINY, np.complex128))
    if result.dtype.kind != "c":
        raise OperandError(
            f"external: `{name}` turned a complex number into {result.dtype}, so the complex step sees nothing of it; "
            'use method="finite-difference"'
        )
    return result.imag / TINY


def _central_slope(_name: str, f: Callable[..., Any], arrays: tuple[Any, ...], k: int, place: tuple[int, ...]) -> Any:
    """Return the difference of the values on both sides, a step of the cube root of the precision away."""
    step = np.finfo(np.float64).eps ** (1 / 3) * max(1.0, abs(float(arrays[k][place])))
    above = _called(f, arrays, k, _moved(arrays[k], place, step, np.float64))
    below = _called(f, arrays, k, _moved(arrays[k], place, -step, np.float64))
    return (above - below) / (2.0 * step)
