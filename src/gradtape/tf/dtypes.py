"""TensorFlow's dtype names: they are NumPy's dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

float16, float32, float64 = np.dtype(np.float16), np.dtype(np.float32), np.dtype(np.float64)
half, double = float16, float64
int8, int16, int32, int64 = (np.dtype(t) for t in (np.int8, np.int16, np.int32, np.int64))
uint8, uint16, uint32, uint64 = (np.dtype(t) for t in (np.uint8, np.uint16, np.uint32, np.uint64))
complex64, complex128 = np.dtype(np.complex64), np.dtype(np.complex128)
bool = np.dtype(np.bool_)
string = np.dtype(np.str_)
DType = np.dtype


def __getattr__(name: str) -> Any:
    """Find the short floating-point type where the package that defines it is installed."""
    if name != "bfloat16":
        raise AttributeError(f"module 'gradtape.tf.dtypes' has no attribute {name!r}")
    try:
        from ml_dtypes import bfloat16
    except ModuleNotFoundError:
        raise AttributeError("tf.bfloat16 needs the package ml_dtypes: `pip install ml_dtypes`") from None
    return np.dtype(bfloat16)


def as_dtype(type_value: Any) -> Any:
    """Return the dtype that a name, a Python type or a dtype stands for."""
    return np.dtype(type_value)
