"""NumPy's two protocols: a plain `np.*` call on a tensor arrives here and leaves through a row of the table."""

from __future__ import annotations

import sys
from functools import cache
from importlib import import_module
from operator import attrgetter
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors, ufunc_methods, writing
from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import Node, apply_to
from gradtape.arrays.leaving import plain_index
from gradtape.ops import NUMPY, Op, Unsupported, loaded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradtape.ops import Composite


FUNCTIONS: dict[Any, Op] = {}
"""NumPy's ufuncs and functions that are operations, and the ufuncs of SciPy, as far as their rows are loaded."""

COMPOSED: dict[Any, Composite] = {}
"""Those that are compositions of operations."""


def _enter(function: Any, row: Op | Composite) -> None:
    if isinstance(row, Op):
        FUNCTIONS[function] = row
    else:
        COMPOSED[function] = row


def _enter_functions_of_numpy(rows: Iterable[Op | Composite]) -> None:
    for row in rows:
        for name in (row.numpy, *row.aliases) if row.numpy is not None else ():
            if "." in name or hasattr(np, name):
                _enter(attrgetter(name)(np), row)


_enter_functions_of_numpy(loaded())


def row_of(function: Any) -> Op | Composite | None:
    """Find the row of a function that came to a door; rows that waited are loaded when the first of them is met."""
    found = FUNCTIONS.get(function) or COMPOSED.get(function)
    if found is None:
        _enter_waiting()
        found = FUNCTIONS.get(function) or COMPOSED.get(function)
    return library_row(function) if found is None and isinstance(function, np.ufunc) else found


@cache
def _enter_waiting() -> None:
    _enter_functions_of_numpy(loaded(NUMPY))


def library_row(ufunc: Any) -> Op | Composite | None:
    """Find the row of a ufunc that is not NumPy's: SciPy's special functions are looked up once they are met."""
    special = sys.modules.get("scipy.special")
    if special is None or getattr(special, ufunc.__name__, None) is not ufunc:
        return None
    for row in loaded("special"):
        home, _, name = (row.scipy or "").rpartition(".")
        function = getattr(special, name, None) if home == "special" else None
        if isinstance(function, np.ufunc):
            _enter(function, row)
    return FUNCTIONS.get(ufunc) or COMPOSED.get(ufunc)


def array_ufunc(_self: Any, ufunc: Any, method: str, *args: Any, **kwargs: Any) -> Any:
    """Receive a ufunc call on a tensor (`__array_ufunc__`)."""
    frame = _getframe(1)
    try:
        if method == "__call__":
            op = FUNCTIONS.get(ufunc)
            if op is not None:
                return doors.call_op(op, args, kwargs, frame) if kwargs else apply_to(op, args, op.defaults, frame)
            row = row_of(ufunc)
            if isinstance(row, Op):
                return doors.call_op(row, args, kwargs, frame)
            if row is not None:
                return doors.call_composed_ufunc(row, args, kwargs, frame)
        else:
            return ufunc_methods.call(ufunc, method, args, dict(kwargs), frame)
    except Unsupported:
        pass
    return doors.foreign(_public_name(ufunc), getattr(ufunc, method), args, kwargs, frame)


def _public_name(ufunc: Any) -> str:
    return f"{'numpy' if hasattr(np, ufunc.__name__) else 'scipy.special'}.{ufunc.__name__}"


def array_function(_self: Any, function: Callable[..., Any], _types: Any, args: Any, kwargs: Any) -> Any:
    """Receive any other NumPy function on a tensor (`__array_function__`)."""
    frame = _getframe(1)
    op, row = FUNCTIONS.get(function), None
    if op is None:
        if function in writing.WRITERS and isinstance(args[0] if args else None, Node):
            return writing.WRITERS[function](frame, *args, **kwargs)
        row = row_of(function)
    try:
        if op is not None or isinstance(row, Op):
            return doors.call_row(op or row, args, kwargs, frame)  # type: ignore[arg-type]
        if row is not None:
            return doors.call_composite(row, args, kwargs, frame)
    except Unsupported:
        pass
    if function in _makers():
        return _makers()[function](*args, **kwargs)
    return doors.foreign(f"{function.__module__}.{function.__name__}", function, args, kwargs, frame)


@cache
def _makers() -> dict[Any, Callable[..., Any]]:
    """Return what makes tensors for `like=`; its module needs the classes that need this one."""
    return import_module("gradtape.arrays.creation").MAKERS  # type: ignore[no-any-return]


if CORE is not None:
    CORE.set_up(
        "doors",
        {
            "array_function": array_function,
            "array_ufunc": array_ufunc,
            "functions": FUNCTIONS,
            "plain_index": plain_index,
            "unsupported": Unsupported,
        },
    )
