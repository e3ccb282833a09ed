"""NumPy's two protocols: a plain `np.*` call on a tensor arrives here and leaves through a row of the table."""

from __future__ import annotations

from operator import attrgetter
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import NO_PARAMS, apply
from gradtape.ops import COMPOSITES, OPS, Op

if TYPE_CHECKING:
    from collections.abc import Callable


def _by_function(rows: dict[str, Any]) -> dict[Any, Any]:
    return {attrgetter(row.numpy)(np): row for row in rows.values() if row.numpy is not None}


FUNCTIONS: dict[Any, Op] = _by_function(OPS)
"""NumPy's ufuncs and functions that are operations."""

COMPOSED: dict[Any, Any] = _by_function(COMPOSITES)
"""NumPy's functions that are compositions of operations."""

METHODS: dict[tuple[str, str], str] = {
    ("add", "reduce"): "sum",
    ("multiply", "reduce"): "prod",
    ("maximum", "reduce"): "max",
    ("minimum", "reduce"): "min",
    ("add", "accumulate"): "cumsum",
    ("multiply", "accumulate"): "cumprod",
}
"""Methods of ufuncs that are operations of their own."""

NO_KWARGS: dict[str, Any] = {}


def array_ufunc(self: Any, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Receive a ufunc call on a tensor (`__array_ufunc__`)."""
    frame = _getframe(1)
    if method == "__call__":
        op = FUNCTIONS.get(ufunc)
        if op is not None:
            if not kwargs:
                return apply(op, args, NO_PARAMS, frame)
            try:
                return doors.call_op(op, args, kwargs, frame)
            except doors.Unsupported:
                pass
    else:
        name = METHODS.get((ufunc.__name__, method))
        if name is not None and name in OPS:
            kwargs = {"axis": 0, **kwargs} if len(args) == 1 else kwargs
            try:
                return doors.call_op(OPS[name], args, kwargs, frame)
            except doors.Unsupported:
                pass
    return doors.foreign(f"numpy.{ufunc.__name__}", getattr(ufunc, method), args, kwargs, frame)


def array_function(self: Any, function: Callable[..., Any], types: Any, args: Any, kwargs: Any) -> Any:
    """Receive any other NumPy function on a tensor (`__array_function__`)."""
    frame = _getframe(1)
    op = FUNCTIONS.get(function)
    try:
        if op is not None:
            return doors.call_op(op, args, kwargs, frame)
        row = COMPOSED.get(function)
        if row is not None:
            return row.fn(doors.SPACE, *args, **kwargs)
    except doors.Unsupported:
        pass
    return doors.foreign(f"{function.__module__}.{function.__name__}", function, args, kwargs, frame)
