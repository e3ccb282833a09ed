"""Checks: `tf.debugging`."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradtape as gt
from gradtape import debugging
from gradtape.arrays.dispatch import is_differentiable
from gradtape.tf import calls
from gradtape.tf.calls import refuse, row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.tensors import Tensor

enable_check_numerics = debugging.enable_check_numerics
disable_check_numerics = debugging.disable_check_numerics


def _plain(value: Any) -> Any:
    """Look at a value without its leaving the tape."""
    return np.asarray(row("stop_gradient")(value)._value if isinstance(value, gt.Tensor) else value)


def check_numerics(tensor: Any, message: str, name: str | None = None) -> Any:
    """Return the tensor, if all its elements are finite; its gradient is checked alike.

    Raises
    ------
    InvalidArgumentError
        If an element is not finite, or no floating-point number.
    """
    if not is_differentiable(calls.tensor(tensor)._value):
        raise InvalidArgumentError(f"{message}: check_numerics takes floating-point numbers, not {tensor.dtype}")

    return debugging.checked(calls.tensor(tensor), message, InvalidArgumentError, calls.tensor, Tensor)


def assert_shapes(
    shapes: Any, data: Any = None, summarize: Any = None, message: str | None = None, name: Any = None
) -> None:
    """Insist on shapes, given as pairs of a tensor and its shape."""
    for value, shape in shapes.items() if isinstance(shapes, dict) else shapes:
        ensure_shape(value, shape)


def ensure_shape(x: Any, shape: Any, name: str | None = None) -> Any:
    """Return the tensor, if it has the shape; None stands for any length."""
    found, wanted = tensor(x).shape, static(shape)
    if len(found) != len(wanted) or any(w is not None and w != n for n, w in zip(found, wanted, strict=True)):
        raise InvalidArgumentError(f"ensure_shape: the tensor has shape {found}, and {wanted} was asked for")
    return tensor(x)


def _comparison(name: str, holds: Any, word: str) -> Any:
    def check(x: Any, y: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
        left, right = _plain(x), _plain(y)
        if not np.all(holds(left, right)):
            raise InvalidArgumentError(f"{message or 'assertion failed'}: {left} is not everywhere {word} {right}")

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Insist that every element of `x` is {word} that of `y`."
    return check


assert_equal = _comparison("assert_equal", np.equal, "equal to")
assert_greater = _comparison("assert_greater", np.greater, "greater than")
assert_greater_equal = _comparison("assert_greater_equal", np.greater_equal, "at least")
assert_less = _comparison("assert_less", np.less, "less than")
assert_less_equal = _comparison("assert_less_equal", np.less_equal, "at most")
assert_near = _comparison("assert_near", np.isclose, "near")
assert_none_equal = _comparison("assert_none_equal", np.not_equal, "different from")


def _sign(name: str, holds: Any, word: str) -> Any:
    def check(x: Any, message: str | None = None, summarize: Any = None, name: str | None = None) -> None:
        values = _plain(x)
        if not holds(values, 0).all():
            raise InvalidArgumentError(f"{message or 'assertion failed'}: {values} is not everywhere {word}")

    check.__name__ = check.__qualname__ = name
    check.__doc__ = f"Insist that every element is {word}."
    return check


assert_positive = _sign("assert_positive", np.greater, "positive")
assert_negative = _sign("assert_negative", np.less, "negative")
assert_non_negative = _sign("assert_non_negative", np.greater_equal, "0 or more")
assert_non_positive = _sign("assert_non_positive", np.less_equal, "0 or less")


def assert_all_finite(x: Any, message: str = "assertion failed", name: str | None = None) -> Any:
    """Do what `check_numerics` does."""
    return check_numerics(x, message)


def assert_rank(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Insist on a number of axes."""
    if _plain(x).ndim != static(rank):
        told = message or "assertion failed"
        raise InvalidArgumentError(f"{told}: the tensor has {_plain(x).ndim} axes, and {static(rank)} were asked for")


def assert_rank_at_least(x: Any, rank: Any, message: str | None = None, name: str | None = None) -> None:
    """Insist on so many axes or more."""
    if _plain(x).ndim < static(rank):
        told = message or "assertion failed"
        raise InvalidArgumentError(f"{told}: the tensor has {_plain(x).ndim} axes, fewer than {static(rank)}")


def assert_scalar(tensor: Any, name: str | None = None, message: str | None = None) -> Any:
    """Insist on a tensor without axes, and return it."""
    assert_rank(tensor, 0, message)
    return tensor


def assert_type(tensor: Any, tf_type: Any, message: str | None = None, name: str | None = None) -> None:
    """Insist on a dtype."""
    if _plain(tensor).dtype != np.dtype(tf_type):
        told = message or "assertion failed"
        raise TypeError(f"{told}: the tensor has dtype {_plain(tensor).dtype}, and {np.dtype(tf_type)} was asked for")


def assert_integer(x: Any, message: str | None = None, name: str | None = None) -> None:
    """Insist on whole numbers."""
    if _plain(x).dtype.kind not in "iu":
        raise TypeError(f"{message or 'assertion failed'}: the tensor has dtype {_plain(x).dtype}, which is no integer")


def assert_rank_in(x: Any, ranks: Any, message: str | None = None, name: str | None = None) -> None:
    """Insist on one of several numbers of axes."""
    if _plain(x).ndim not in ranks:
        told = message or "assertion failed"
        raise InvalidArgumentError(f"{told}: the tensor has {_plain(x).ndim} axes, and one of {ranks} was asked for")


def assert_same_float_dtype(tensors: Any = None, dtype: Any = None) -> Any:
    """Insist that tensors have one floating-point dtype, and return it."""
    dtypes = {_plain(t).dtype for t in tensors or ()} | ({np.dtype(dtype)} if dtype is not None else set())
    if len(dtypes) > 1 or any(d.kind != "f" for d in dtypes):
        raise ValueError(f"assertion failed: expected one floating-point dtype, got {sorted(d.name for d in dtypes)}")
    return next(iter(dtypes), np.dtype(np.float32))


def assert_proper_iterable(values: Any) -> None:
    """Insist on a list or another iterable of values that is no tensor, array or text."""
    if isinstance(values, gt.Tensor | np.ndarray | bytes | str) or not hasattr(values, "__iter__"):
        raise TypeError(f"expected a list or another iterable of values, got a {type(values).__name__}")


def is_numeric_tensor(tensor: Any) -> bool:
    """Whether it is a tensor of numbers."""
    return isinstance(tensor, gt.Tensor) and tensor.dtype.kind in "fiuc"


def Assert(condition: Any, data: Any = None, summarize: Any = None, name: str | None = None) -> None:  # noqa: N802
    """Insist that a condition holds."""
    if not _plain(condition).all():
        raise InvalidArgumentError(f"assertion failed: {data}")


def __getattr__(name: str) -> Any:
    raise refuse("tf.debugging", name)
