"""Operations made from a user's own functions: they get a row of their own, with the derivative that the user gives."""

from __future__ import annotations

from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.differences import numeric_gradient
from gradtape.arrays.dispatch import NO_PARAMS, Node, apply
from gradtape.arrays.failures import describe, located
from gradtape.arrays.leaving import plain_array
from gradtape.errors import OperandError, RuleShapeError, ShapeError
from gradtape.ops import General, NotYet, Op, Partial, Stopped, Undescribed

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Rule, Status


def external(
    f: Callable[..., Any], vjp: Callable[..., Any] | None = None, *, method: str | None = None
) -> Callable[..., Any]:
    """Make a function of plain arrays usable on the tape.

    Parameters
    ----------
    f : callable
        Takes arrays, read-only, and returns one array or number. Keyword arguments reach it as they are and have no
        gradient.
    vjp : callable, optional
        `vjp(cotangent, result, *arrays)` returns the gradient of each positional argument, an array or None; for a
        single argument it may return the array alone. It is called once for every argument that needs a gradient.
    method : {"complex-step", "finite-difference"}, optional
        Find the derivative from values of `f` instead, one or two calls per element of each argument: the imaginary
        part of `f(x + 1e-30j)`, exact to rounding where `f` is analytic and takes complex numbers; or central
        differences in double precision, good to about ten digits.

    Returns
    -------
    callable
        The function on tensors. Without `vjp` and `method` it computes, and a gradient that would have to pass through
        it is a `NoGradientError`: derivatives are never guessed.

    Raises
    ------
    TypeError
        If both `vjp` and `method` are given.
    ValueError
        If there is no such method.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> sine = gt.external(lambda x: np.sin(x), vjp=lambda g, y, x: g * np.cos(x))
    >>> x = gt.Variable(0.0)
    >>> with gt.GradientTape() as tape:
    ...     y = sine(x)
    >>> tape.gradient(y, x)
    Tensor(1.)
    """
    name = getattr(f, "__name__", type(f).__name__)
    if vjp is not None and method is not None:
        raise TypeError(f"external: give `{name}` a `vjp` or a `method`, not both")
    status: Rule | Status = NO_DERIVATIVE
    if vjp is not None:
        status = General(_pulled(name, _given(name, vjp)))
    elif method is not None:
        status = General(_pulled(name, numeric_gradient(name, f, method)))
    row = dynamic_row(name, "*values", {"values": status}, given=vjp is not None)
    row.kernel = _kernel(name, f)

    @wraps(f)
    def function(*arrays: Any, **options: Any) -> Any:
        frame = _getframe(1)
        if not arrays or any(isinstance(option, Node) for option in options.values()):
            raise located(
                OperandError,
                f"{name}: arrays go by position, everything else by keyword",
                frame,
                f"call `{name}(x, ...)`",
            )
        return apply(row, arrays, {"options": options} if options else NO_PARAMS, frame)

    return function


def straight_through(f: Callable[[Any], Any], x: Any) -> Any:
    """Return the value of `f(x)` with the gradient of `x` itself: the usual way to train through a step.

    Parameters
    ----------
    f : callable
        Any function that keeps the shape, `np.floor` or a comparison.
    x : Tensor, Variable or array_like

    Returns
    -------
    Tensor
        Of the dtype of `x`.

    Raises
    ------
    ShapeError
        If `f` changes the shape.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> x = gt.Variable(1.7)
    >>> with gt.GradientTape() as tape:
    ...     y = gt.straight_through(np.floor, x) ** 2
    >>> y, tape.gradient(y, x)
    (Tensor(1.), Tensor(2.))
    """
    frame = _getframe(1)
    value = f(x)
    if np.shape(_plain(value)) != np.shape(_plain(x)):
        raise located(
            ShapeError,
            f"straight_through: the function turned {describe(_plain(x))} into {describe(_plain(value))}",
            frame,
            "use a function that keeps the shape",
        )
    return apply(_STRAIGHT_THROUGH, (x, value), NO_PARAMS, frame)


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Node) else value


def dynamic_row(name: str, call: str, statuses: dict[str, Rule | Status], parts: int = 0, *, given: bool = False) -> Op:
    """Make a row that stands in no table: its function is the user's, and so is its derivative if `given`."""
    return Op(name, call, statuses, parts=parts, given=given)


def _kernel(name: str, f: Callable[..., Any]) -> Callable[..., Any]:
    def compute(*values: Any, options: Any = NO_PARAMS) -> Any:
        result = f(*[plain_array(np.asarray(v)) for v in values], **options)
        if isinstance(result, tuple | list) or not isinstance(result, np.ndarray | np.generic | int | float | complex):
            raise TypeError(f"an external function returns one array, and {name} returned a {type(result).__name__}")
        return np.array(result)[()]

    return compute


NO_DERIVATIVE = Undescribed("is an external function and was given no derivative")
ONCE_ONLY = NotYet("is a derivative that was given from outside, and has none of its own")


def _pulled(name: str, gradient_of: Callable[..., Any]) -> Callable[..., Any]:
    """Make the rule of an external function's arguments, which are all alike but for their position `k`."""

    def rule(_xp: Any, g: Any, y: Any, values: list[Any], k: int, options: Any = NO_PARAMS) -> Any:
        gradient = gradient_of(_plain(g), _plain(y), [_plain(v) for v in values], k, options)
        if gradient is None or not isinstance(g, Node):
            return gradient
        return apply(once_more, (g, y, *values), {"computed": [gradient]}, _getframe(1))

    once_more = dynamic_row(f"{name}_vjp", "*values", {"values": ONCE_ONLY})
    once_more.kernel = lambda *_values, computed: computed.pop()
    return rule


def _given(name: str, vjp: Callable[..., Any]) -> Callable[..., Any]:
    """Make the function that asks a user's `vjp` for the gradient of one argument, and checks it."""

    def gradient_of(g: Any, y: Any, values: list[Any], k: int, _options: dict[str, Any]) -> Any:
        given = vjp(*[plain_array(np.asarray(v)) for v in (g, y, *values)])
        gradients = given if isinstance(given, tuple | list) else (given,)
        if len(gradients) != len(values):
            raise RuleShapeError(f"the vjp of `{name}` returned {len(gradients)} gradients for {len(values)} arguments")
        gradient, shape = gradients[k], np.shape(values[k])
        if gradient is None:
            return None
        if np.shape(gradient) != shape:
            told = describe(np.asarray(gradient))
            raise RuleShapeError(f"the vjp of `{name}` returned {told} for argument {k} of shape {shape}")
        return np.array(gradient)[()]

    return gradient_of


_STRAIGHT_THROUGH = dynamic_row(
    "straight_through",
    "x, value",
    {
        "x": Partial(lambda xp, y, x, value: 1.0),  # noqa: ARG005
        "value": Stopped("is replaced by the identity on the way back"),
    },
)
_STRAIGHT_THROUGH.kernel = lambda x, value: np.asarray(value).astype(np.asarray(x).dtype)[()]
