"""Activations under Keras's names, as functions on tensors and arrays, and `get`, which finds one by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node
from gradtape.ops import load_families

if TYPE_CHECKING:
    from collections.abc import Callable

for _family in ("nn", "special"):
    load_families(_family)

BY_ROW = {
    "celu": "celu",
    "elu": "elu",
    "exponential": "exp",
    "gelu": "gelu",
    "glu": "glu",
    "hard_shrink": "hard_shrink",
    "hard_sigmoid": "hard_sigmoid",
    "hard_silu": "hard_silu",
    "hard_swish": "hard_silu",
    "hard_tanh": "hard_tanh",
    "leaky_relu": "leaky_relu",
    "log_sigmoid": "log_expit",
    "mish": "mish",
    "selu": "selu",
    "sigmoid": "expit",
    "silu": "silu",
    "soft_shrink": "soft_shrink",
    "softplus": "softplus",
    "softsign": "softsign",
    "sparse_plus": "sparse_plus",
    "sparse_sigmoid": "sparse_sigmoid",
    "squareplus": "squareplus",
    "swish": "silu",
    "tanh": "tanh",
    "tanh_shrink": "tanh_shrink",
}
"""What each activation that is one row or composition of the table is called there."""

_doors = {
    name: doors.door(name)
    for name in ("relu", "softmax", "log_softmax", "minimum", "where", "greater_equal", "identity")
}
_relu, _where = _doors["relu"], _doors["where"]


def relu(x: Any, negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Any:
    """Return the positive part of `x`, or what its arguments make of it; the gradient at 0 is 0.

    Parameters
    ----------
    x : array_like
        Of any shape.
    negative_slope : float
        What values below the threshold are multiplied by, after the threshold was taken off.
    max_value : float, optional
        The result is at most this.
    threshold : float
        Where the positive part starts; between 0 and the threshold the result is not continuous.

    Returns
    -------
    Tensor
        Of the shape of `x`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.relu([-1.0, 2.0, 9.0], max_value=6.0)
    Tensor([0., 2., 6.])
    """
    if negative_slope == 0.0 and threshold == 0.0:
        y = _relu(x)
    else:
        x = x if hasattr(x, "dtype") else _doors["relu"](x) * 0.0 + x
        kept = _doors["greater_equal"](x, threshold) if threshold else x > 0.0
        y = _where(kept, x, (x - threshold) * negative_slope)
    return y if max_value is None else _doors["minimum"](y, max_value)


def relu6(x: Any) -> Any:
    """Return the positive part of `x`, at most 6."""
    return relu(x, max_value=6.0)


def linear(x: Any) -> Any:
    """Return `x` itself, as a tensor."""
    return x if isinstance(x, Node) else _doors["identity"](x)


def softmax(x: Any, axis: Any = -1) -> Any:
    """Turn scores into weights that add up to 1 along an axis, the last one unless given."""
    return _doors["softmax"](x, axis=axis)


def log_softmax(x: Any, axis: Any = -1) -> Any:
    """Return the logarithm of `softmax`, exact where the weights are tiny."""
    return _doors["log_softmax"](x, axis=axis)


for _name, _row in BY_ROW.items():
    globals()[_name] = doors.door(_row)
    globals()[_name].__name__ = globals()[_name].__qualname__ = _name
    globals()[_name].__module__ = __name__  # where pickle looks for it

__all__ = sorted([*BY_ROW, "linear", "log_softmax", "relu", "relu6", "softmax"])  # noqa: PLE0605

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...


def get(identifier: Any) -> Callable[..., Any]:
    """Return the activation of a name; None stands for `linear`, and a function for itself.

    Parameters
    ----------
    identifier : str, callable or None

    Raises
    ------
    ValueError
        If no activation has that name.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.activations.get("relu")([-1.0, 1.0])
    Tensor([0., 1.])
    """
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier  # type: ignore[no-any-return]
    if identifier not in __all__:
        raise ValueError(f"no activation is called {identifier!r}; there are {', '.join(__all__)}")
    return globals()[identifier]  # type: ignore[no-any-return]
