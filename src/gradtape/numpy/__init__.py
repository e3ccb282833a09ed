"""NumPy's names, called directly: `import gradtape.numpy as gnp; gnp.sin(x)` records without going through NumPy first.

The functions take what NumPy's take, tensors or plain arrays, and return tensors. What is not here works on tensors all
the same: call it as `np.<name>`.

Examples
--------
>>> import gradtape as gt
>>> import gradtape.numpy as gnp
>>> x = gt.Variable([1.0, 2.0])
>>> with gt.GradientTape() as tape:
...     y = gnp.sum(gnp.square(x))
>>> tape.gradient(y, x)
Tensor([2., 4.])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as _np  # noqa: ICN001 - `np` is no name of this namespace

from gradtape.arrays import doors as _doors
from gradtape.numpy.creation import arange, array, asarray, empty, eye, full, identity, ones, zeros
from gradtape.ops import COMPOSITES as _COMPOSITES
from gradtape.ops import OPS as _OPS

CONSTANTS = ("pi", "e", "euler_gamma", "inf", "nan", "newaxis")
DTYPES = (
    "bool_",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
    "uint16",
    "uint32",
    "uint64",
    "float16",
    "float32",
    "float64",
)
"""NumPy's constants and dtypes, offered as they are."""

__all__ = ["arange", "array", "asarray", "empty", "eye", "full", "identity", "ones", "zeros"]


def _publish() -> None:
    names = globals()
    for rows in (_OPS, _COMPOSITES):
        for row in rows.values():
            if row.numpy is None or "." in row.numpy or row in _doors.SECOND_CHANCES.values():
                continue
            function = _doors.door(row.name)
            for name in (row.numpy, *row.aliases):
                if hasattr(_np, name):
                    names[name] = function
                    __all__.append(name)
    for name in (*CONSTANTS, *DTYPES):
        names[name] = getattr(_np, name)
        __all__.append(name)
    names["abs"] = names["absolute"]
    __all__.append("abs")
    __all__[:] = sorted(set(__all__))


_publish()

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
