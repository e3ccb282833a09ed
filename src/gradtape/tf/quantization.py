"""Rounding to a few levels, with the gradient of no rounding (straight through): `tf.quantization`."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.calls import operands, refuse, row, tensor
from gradtape.tf.errors import InvalidArgumentError


def _shifted(x: Any, value: Any) -> Any:
    """Give `x` another value and leave its derivative as it is."""
    return x + row("stop_gradient")(math.subtract(value, row("stop_gradient")(x)))


def _fake_quant(x: Any, low: Any, high: Any, num_bits: int, narrow_range: bool) -> Any:
    """Round to levels between bounds, moved so that 0 is one of them (Jacob et al., https://arxiv.org/abs/1712.05877)."""
    first, last = int(narrow_range), 2**num_bits - 1
    a, b = (np.asarray(row("stop_gradient")(v).numpy()) for v in (low, high))
    if (a > b).any():
        raise InvalidArgumentError(f"fake_quant: `min` is at most `max`, got {a.tolist()} and {b.tolist()}")
    scale = (b - a) / x.dtype.type(last - first)
    safe = np.where(scale == 0, 1, scale)
    zero = np.clip(np.floor(first - a / safe + 0.5), first, last)
    inner = row("clip")(
        x, *(_shifted(v, ((n - zero) * scale).astype(x.dtype)) for v, n in ((low, first), (high, last)))
    )
    start = ((first - zero) * scale).astype(x.dtype)
    levels = row("floor")((row("stop_gradient")(inner) - start) / safe.astype(x.dtype) + 0.5)
    return _shifted(inner, levels * scale.astype(x.dtype) + start)


def fake_quant_with_min_max_vars(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Any:
    """Round to `2**num_bits` levels between two bounds; the gradient is that of clipping, also in the bounds.

    The bounds move so that 0 is a level.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.quantization.fake_quant_with_min_max_vars([0.1, 0.4, 2.0], 0.0, 1.0, num_bits=2)
    <tf.Tensor: shape=(3,), dtype=float32, numpy=array([0.        , 0.33333334, 1.        ], dtype=float32)>
    """
    x, low, high = map(tensor, operands(tensor(inputs), min, max))
    return _fake_quant(x, low, high, num_bits, narrow_range)


def fake_quant_with_min_max_args(
    inputs: Any,
    min: float = -6.0,
    max: float = 6.0,
    num_bits: int = 8,
    narrow_range: bool = False,
    name: str | None = None,
) -> Any:
    """Do what `fake_quant_with_min_max_vars` does, between two plain numbers."""
    return fake_quant_with_min_max_vars(inputs, min, max, num_bits, narrow_range)


def fake_quant_with_min_max_vars_per_channel(
    inputs: Any, min: Any, max: Any, num_bits: int = 8, narrow_range: bool = False, name: str | None = None
) -> Any:
    """Do what `fake_quant_with_min_max_vars` does, with bounds for each element of the last axis."""
    return fake_quant_with_min_max_vars(inputs, min, max, num_bits, narrow_range)


def quantize_and_dequantize_v2(
    input: Any,
    input_min: Any = None,
    input_max: Any = None,
    signed_input: bool = True,
    num_bits: int = 8,
    range_given: bool = False,
    round_mode: str = "HALF_TO_EVEN",
    name: str | None = None,
    narrow_range: bool = False,
    axis: int | None = None,
) -> Any:
    """Round to levels and back; the gradient passes between the bounds. They are those of the values unless given."""
    if round_mode not in {"HALF_TO_EVEN", "HALF_UP"}:
        raise InvalidArgumentError(f"quantize_and_dequantize_v2: `round_mode` is no {round_mode!r}")
    x = tensor(input)
    if range_given:
        low, high = map(tensor, operands(x, input_min, input_max)[1:])
    else:
        others = None if axis is None else tuple(k for k in range(x.ndim) if k != axis % x.ndim)
        low, high = math.reduce_min(x, others), math.reduce_max(x, others)
    if axis is not None:
        low, high = (
            row("reshape")(v, shape=[-1 if k == axis % x.ndim else 1 for k in range(x.ndim)]) for v in (low, high)
        )
    first, last = (
        (-(2 ** (num_bits - 1)) + int(narrow_range), 2 ** (num_bits - 1) - 1)
        if signed_input
        else (
            0,
            2**num_bits - 1,
        )
    )
    a, b = (np.asarray(row("stop_gradient")(v).numpy()) for v in (low, high))
    with np.errstate(divide="ignore", invalid="ignore"):
        scale = np.minimum(np.where(first * a > 0, first / a, np.inf), np.where(last * b > 0, last / b, np.inf)).astype(
            x.dtype
        )
    inner = row("clip")(x, low, high) if range_given else x
    place = row("stop_gradient")(x) * scale
    levels = row("rint")(place) if round_mode == "HALF_TO_EVEN" else row("floor")(place + 0.5)
    return _shifted(inner, row("clip")(levels, first, last) / scale)


def __getattr__(name: str) -> Any:
    raise refuse("tf.quantization", name)
