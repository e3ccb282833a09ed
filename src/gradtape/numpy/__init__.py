"""NumPy's names, called directly: `import gradtape.numpy as gnp; gnp.sin(x)` records without going through NumPy first.

The functions take what NumPy's take, tensors or plain arrays, and return tensors. What is not here works on tensors all
the same: call it as `np.<name>`. The module is the tensors' `__array_namespace__`: all of the array API of 2024.12 with
`linalg` and `fft`, and `special` where SciPy is installed.

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

from importlib import import_module as _import_module
from typing import Any

import numpy as _np  # noqa: ICN001 - `np` is no name of this namespace

from gradtape.arrays.creation import (
    arange,
    array,
    as_strided,
    asanyarray,
    asarray,
    ascontiguousarray,
    empty,
    eye,
    from_dlpack,
    fromfunction,
    full,
    identity,
    kaiser,
    ones,
    require,
    tri,
    vectorize,
    zeros,
)
from gradtape.numpy import publish as _publish
from gradtape.numpy.dtypes import (
    __array_namespace_info__,
    broadcast_shapes,
    can_cast,
    finfo,
    iinfo,
    isdtype,
    ndim,
    promote_types,
    result_type,
    shape,
    size,
)

__array_api_version__ = "2024.12"
asfortranarray = asanyarray

CONSTANTS = ("pi", "e", "euler_gamma", "inf", "nan", "newaxis")
DTYPES = (
    "bool",
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
    "complex64",
    "complex128",
)
"""NumPy's constants and dtypes, offered as they are."""

__all__ = [
    "__array_namespace_info__",
    "arange",
    "array",
    "as_strided",
    "asanyarray",
    "asarray",
    "ascontiguousarray",
    "asfortranarray",
    "broadcast_shapes",
    "can_cast",
    "empty",
    "eye",
    "finfo",
    "from_dlpack",
    "fromfunction",
    "full",
    "identity",
    "iinfo",
    "isdtype",
    "kaiser",
    "ndim",
    "ones",
    "promote_types",
    "require",
    "result_type",
    "shape",
    "size",
    "tri",
    "vectorize",
    "zeros",
]

_publish.functions_of_numpy(globals())
for _name in (*CONSTANTS, *DTYPES):
    globals()[_name] = getattr(_np, _name)
__all__.extend([*CONSTANTS, *DTYPES])
__all__.sort()

_ROOMS = ("fft", "linalg", "special")


def __getattr__(name: str) -> Any:
    """Import a part of the namespace when it is first asked for."""
    if name in _ROOMS:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"gradtape.numpy has no {name!r}; `np.{name}` works on tensors if NumPy has it")
