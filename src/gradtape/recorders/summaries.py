"""What a value is like, without the value: counted once, kept instead of the array."""

from __future__ import annotations

from functools import lru_cache
from math import isfinite
from typing import Any

import numpy as np

from gradtape.explain.graph import Summary


def array_of(value: Any) -> Any:
    """Return the numbers of a tensor of ours or of a framework, without a trace on any tape; slices as their values."""
    if hasattr(value, "_value") and hasattr(value, "_id"):
        return value._value
    if hasattr(value, "detach"):  # torch
        value = value.detach()
        value = value.coalesce().values() if getattr(value, "is_sparse", False) else value
        value = value.float() if "bfloat16" in str(value.dtype) else value
        return value.cpu().numpy()
    if hasattr(value, "indices") and hasattr(value, "values") and hasattr(value, "dense_shape"):  # TensorFlow
        value = value.values
    return np.asarray(value)


def as_array(value: Any) -> Any:
    """Return a value with the attributes of an array; NumPy's scalars have them, and stay the objects that they are."""
    return value if isinstance(value, np.generic) else np.asarray(value)


name_of = lru_cache(maxsize=256)(str)
"""The name of a dtype; NumPy puts it together anew each time, which takes longer than to look at a small array."""


def largest(array: Any) -> float:
    """Return the largest size of an element; NaN or infinite if one is not finite, 0 if there is none.

    Of what holds no numbers nothing is known: NaN.
    """
    if array.__class__ is np.float64:
        return abs(float(array))
    if not array.size:
        return 0.0
    if array.dtype.kind == "f":
        return max(float(array.max()), -float(array.min()))
    try:
        return float(np.abs(array if array.dtype.kind == "c" else array.astype(np.float64)).max())
    except (TypeError, ValueError):  # text, objects
        return float("nan")


def summary(value: Any) -> Summary:
    """Count what explains a gradient in a value: zeros, NaN, infinities, the range of the rest.

    Parameters
    ----------
    value : array_like
        Real or complex numbers (of complex ones the sizes are counted), integers or booleans; of anything else only
        shape and dtype are told.
    """
    array = np.asarray(value)
    shape, dtype = array.shape, name_of(array.dtype)
    if array.dtype.kind == "f" and array.size == 1:  # a loop over numbers makes very many of these
        number = array.item()
        size = float(number)
        if isfinite(size):
            return Summary(shape, dtype, 1, size, size, int(not number))
    elif array.dtype.kind == "f" and array.size:  # the usual case: where both ends are finite, all are
        low, high = float(array.min()), float(array.max())
        if isfinite(low) and isfinite(high):
            return Summary(shape, dtype, array.size, low, high, array.size - int(np.count_nonzero(array)))
    try:
        numbers = np.abs(array) if array.dtype.kind == "c" else array.astype(np.float64, copy=False)
    except (TypeError, ValueError):  # text, objects
        return Summary(shape, dtype, array.size, float("nan"), float("nan"))
    finite = np.isfinite(numbers)
    nans = int(np.isnan(numbers).sum())
    good = numbers if finite.all() else numbers[finite]
    low, high = (float(good.min()), float(good.max())) if good.size else (float("nan"), float("nan"))
    zeros = int(array.size - np.count_nonzero(numbers))
    return Summary(shape, dtype, array.size, low, high, zeros, nans, int(array.size - finite.sum()) - nans)
