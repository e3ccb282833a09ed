"""Activations under the names of Keras: `tf.keras.activations`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.tf.calls import elementwise, refuse, row, tensor
from gradtape.tf.nn import (
    elu,
    gelu,
    leaky_relu,
    log_softmax,
    relu,
    relu6,
    selu,
    sigmoid,
    silu,
    softmax,
    softplus,
    softsign,
    swish,
    tanh,
)

if TYPE_CHECKING:
    from collections.abc import Callable

hard_sigmoid = elementwise("hard_sigmoid", "x")
hard_silu = hard_swish = elementwise("hard_silu", "x")
hard_tanh = elementwise("hard_tanh", "x")
mish = elementwise("mish", "x")
sparse_plus = elementwise("sparse_plus", "x")
sparse_sigmoid = elementwise("sparse_sigmoid", "x")
exponential = elementwise("exp", "x")
linear = elementwise("identity", "x")


def celu(x: Any, alpha: float = 1.0) -> Any:
    """Return the positive part plus `alpha * (exp(x / alpha) - 1)` of the negative part."""
    return row("celu")(tensor(x), alpha)


def glu(x: Any, axis: int = -1) -> Any:
    """Return the first half along an axis times the sigmoid of the second."""
    return row("glu")(tensor(x), axis)


def squareplus(x: Any, b: float = 4.0) -> Any:
    """Return `(x + sqrt(x**2 + b)) / 2`."""
    return row("squareplus")(tensor(x), b)


def get(identifier: Any) -> Callable[..., Any]:
    """Return the activation of a name; None stands for `linear`, and functions for themselves."""
    if identifier is None:
        return linear
    if callable(identifier):
        return identifier  # type: ignore[no-any-return]
    if identifier not in __all__:
        raise ValueError(f"no activation is called {identifier!r}; there are {', '.join(__all__)}")
    return globals()[identifier]  # type: ignore[no-any-return]


def __getattr__(name: str) -> Any:
    raise refuse("tf.keras.activations", name)


__all__ = [
    "celu",
    "elu",
    "exponential",
    "gelu",
    "glu",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "softmax",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "swish",
    "tanh",
]
