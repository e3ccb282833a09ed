"""The recording namespace, and constants beside tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node
from gradtape.arrays.record import unrecorded

__all__ = ["matched", "plain", "plain_nested", "unrecorded", "xp"]

xp = doors.SPACE
"""Every operation of the table under its name; what it computes is recorded."""


def matched(constant: Any, x: Any) -> Any:
    """Give a constant the precision of an array, so that it does not widen single precision."""
    return constant.astype(np.float32) if x.dtype.name in {"float32", "complex64"} else constant


def plain(value: Any) -> Any:
    """Return the plain array of a tensor or of anything else, for decisions that are no part of the derivative."""
    return np.asarray(value._value if isinstance(value, Node) else value)


def plain_nested(value: Any) -> Any:
    """Return the plain value of a tensor, also where tensors stand in lists and tuples."""
    if isinstance(value, list | tuple):
        return type(value)(plain_nested(item) for item in value) if type(value) in {list, tuple} else value
    return value._value if isinstance(value, Node) else value
