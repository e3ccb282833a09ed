"""Find the operation that makes something infinite or not a number: `gradtape.debugging`."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from sys import _getframe
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gradtape.arrays.dispatch import Node, is_differentiable
from gradtape.arrays.failures import describe, located
from gradtape.arrays.tensor import Tensor
from gradtape.arrays.variable import constant
from gradtape.errors import DTypeError, NotFiniteError
from gradtape.explain import Status
from gradtape.ops import OPS
from gradtape.tape import custom, missing

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType

    from gradtape.ops import Op
    from gradtape.tape.asked import Asked


def check_numerics(x: Any, message: str = "") -> Any:
    """Return a tensor if all its elements are finite; what comes back through it is checked alike.

    Parameters
    ----------
    x : array_like
    message : str
        What to say first if something is not finite.

    Returns
    -------
    Tensor

    Raises
    ------
    NotFiniteError
        If an element is infinite or not a number, here or in the gradient.
    DTypeError
        If it holds no floating-point numbers.

    Examples
    --------
    >>> import gradtape as gt, numpy as np
    >>> w = gt.Variable([0.0, 4.0])
    >>> with gt.GradientTape() as tape:
    ...     loss = np.sum(np.sqrt(gt.debugging.check_numerics(w, "weights")))
    >>> tape.gradient(loss, w)
    Traceback (most recent call last):
        ...
    gradtape.errors.NotFiniteError: weights, in the gradient: 1 of 2 elements are infinite, the first at [0]...
    """
    frame = _getframe(1)
    tensor = constant(x) if not isinstance(x, Node) else x
    if not is_differentiable(tensor._value):
        raise located(DTypeError, f"check_numerics takes floating-point numbers, not {describe(tensor)}", frame)

    def refuse(told: str) -> NotFiniteError:
        return located(NotFiniteError, told, frame, "`tape.why` and `enable_check_numerics` tell where it was made")

    return checked(tensor, message, refuse, constant, Tensor)


def checked(
    tensor: Any, message: str, refuse: Callable[[str], Exception], to_tensor: Callable[[Any], Any], family: type[Node]
) -> Any:
    """Do the work of `check_numerics` for a door with its own errors, its own class of tensors and way to make them."""

    def insist(value: Any, where: str) -> Any:
        told = not_finite(value._value if isinstance(value, Node) else value)
        if told:
            raise refuse(": ".join(part for part in (f"{message}{where}".lstrip(", "), told) if part))
        return value

    def check_numerics(x: Any) -> Any:
        return x, lambda cotangent: insist(cotangent, ", in the gradient")

    row = custom.with_gradient(check_numerics, to_tensor, family=family, given=False)
    return row(insist(tensor, ""))


def not_finite(value: Any) -> str:
    """Say how many elements of an array are infinite or not a number, and where the first is; empty if none."""
    bad = ~np.isfinite(value)
    if not bad.any():
        return ""
    first = tuple(int(k) for k in np.argwhere(bad)[0])
    nans = int(np.isnan(value).sum())
    what = "not a number" if nans == bad.sum() else "infinite or not a number" if nans else "infinite"
    if not first:
        return f"the value is {what}"
    return f"{int(bad.sum())} of {np.size(value)} elements are {what}, the first at {list(first)}"


class enable_check_numerics(AbstractContextManager["enable_check_numerics"]):  # noqa: N801
    """Raise at the first operation that makes something infinite or not a number, forwards or backwards.

    For good when called, for a block when used in a `with` statement; `disable_check_numerics` ends it. It holds for
    all threads. Every operation is looked at meanwhile, which costs about as much as a small operation itself.

    Raises
    ------
    NotFiniteError
        Where an operation's result is not finite; from `tape.gradient`, with the diagnosis, where a gradient is not.

    Examples
    --------
    >>> import gradtape as gt, numpy as np
    >>> with gt.debugging.enable_check_numerics(), np.errstate(all="ignore"):
    ...     np.exp(gt.constant([1.0, 1000.0]))
    Traceback (most recent call last):
        ...
    gradtape.errors.NotFiniteError: exp makes something that is not finite of numbers: 1 of 2 elements are infinite...
    """

    def __init__(self) -> None:
        self._was_on = bool(_LOOKING)
        if not self._was_on:
            _LOOKING.update({name: op.kernel for name, op in OPS.items()})
            for op in OPS.values():
                op.kernel = _looking(op, op.kernel)
            missing.OBSERVERS.append(_insist)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if not self._was_on:
            disable_check_numerics()


def disable_check_numerics() -> None:
    """End what `enable_check_numerics` began."""
    if _LOOKING:
        for name, kernel in _LOOKING.items():
            OPS[name].kernel = kernel
        _LOOKING.clear()
        missing.OBSERVERS.remove(_insist)


_LOOKING: dict[str, Callable[..., Any]] = {}
"""The kernels that are looked at, as they were; empty while nobody looks."""


def _looking(op: Op, kernel: Callable[..., Any]) -> Callable[..., Any]:
    """Return a kernel that looks at its result."""

    def run(*values: Any, **params: Any) -> Any:
        nonlocal kernel
        y = kernel(*values, **params)
        if op.kernel is not run and _LOOKING:  # a row finds its kernel when it first runs, and puts it here
            _LOOKING[op.name] = kernel = op.kernel
            op.kernel = run
        for part in y if isinstance(y, tuple) else (y,):
            if getattr(part, "dtype", None) is not None and part.dtype.kind in "fc" and not np.isfinite(part).all():
                raise _refusal(op, values, part, _getframe(1))
        return y

    return run


def _refusal(op: Op, values: tuple[Any, ...], made: Any, frame: FrameType) -> NotFiniteError:
    given = [v for v in values if isinstance(v, np.ndarray | np.generic | float) and np.asarray(v).dtype.kind in "fc"]
    told = not_finite(made)
    if all(np.isfinite(v).all() for v in given):
        return located(NotFiniteError, f"{op.name} makes something that is not finite of numbers: {told}", frame)
    return located(NotFiniteError, f"{op.name} is given something that is not finite: {told}", frame)


def _insist(asked: Asked) -> None:
    """Raise with the diagnosis if a gradient that was asked for is not finite."""
    values = [r._value for r in asked.results or () if isinstance(r, Node)]
    if all(np.isfinite(v).all() for v in values):
        return
    told = missing.explain_asked(asked)
    bad = replace(told, gradients=tuple(r for r in told.gradients if r.status is Status.NAN))
    raise NotFiniteError(str(bad), bad.first_diagnostic)
