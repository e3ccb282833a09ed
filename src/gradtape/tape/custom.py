"""Custom gradients: a user's function of tensors that brings its own derivative."""

from __future__ import annotations

from functools import partial, wraps
from inspect import Parameter, signature
from sys import _getframe
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import NO_PARAMS, Node, apply, is_differentiable
from gradtape.arrays.external import dynamic_row
from gradtape.arrays.failures import describe, located
from gradtape.arrays.record import STATE, Recording, user_frame
from gradtape.arrays.tensor import Tensor, wrap
from gradtape.arrays.variable import Variable, constant
from gradtape.diagnostics import Site
from gradtape.errors import GradtapeError, OperandError, ShapeError
from gradtape.ops import OPS, General, Index, NoTangent
from gradtape.tape.gradient_tape import GradientTape
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType

    from gradtape.ops import Op, Rule, Status

CAPTURED = NoTangent("uses a tensor that is not among its arguments, and its own gradient answers for arguments only")
WHOLE = NoTangent("takes whole numbers here, which cannot move a little")


def custom_gradient(f: Callable[..., Any] | None = None) -> Any:
    """Give a function of tensors its own derivative.

    Parameters
    ----------
    f : callable
        Takes tensors, arrays or numbers by position and returns `(value, grad_fn)`. The value is a tensor or a list or
        tuple of them. `grad_fn` takes one cotangent per value and returns one gradient per argument, None where there
        is none. Keyword arguments reach `f` as they are and have no gradient. If `f` reads variables that are not among
        its arguments, `grad_fn` must accept `variables=` and return `(gradients, gradients of the variables)`.

    Returns
    -------
    callable
        The function; what runs inside it does not count for its derivative. What `grad_fn` computes with tensors can be
        differentiated again.

    Raises
    ------
    OperandError
        If `f` returns something else, or reads variables that `grad_fn` does not answer for.
    ShapeError
        When a gradient is asked for, if `grad_fn` returns another number of gradients or one of another shape.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> @gt.custom_gradient
    ... def softly(x):
    ...     e = np.exp(x)
    ...     return np.log(1.0 + e), lambda dy: dy * (1.0 - 1.0 / (1.0 + e))
    >>> x = gt.Variable(100.0)
    >>> with gt.GradientTape() as tape:
    ...     y = softly(x)
    >>> tape.gradient(y, x)
    Tensor(1.)
    """
    return with_gradient(f, constant)


def with_gradient(f: Callable[..., Any] | None, to_tensor: Callable[[Any], Any], name: str = "") -> Any:
    """Do the work of `custom_gradient` for a door with its own way to make tensors of plain values."""
    if f is None:
        return lambda given: with_gradient(given, to_tensor)
    rows = _Rows(name or getattr(f, "__name__", type(f).__name__))

    @wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        return _call(rows, partial(f, *args, **kwargs), args, to_tensor, _getframe(1))

    return function


class _Rows:
    """The rows of one function, by what its calls look like."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.made: dict[tuple[tuple[bool, ...], int], Op] = {}

    def row(self, moving: tuple[bool, ...], captured: int) -> Op:
        """Return the row for arguments of which some may move, and so many tensors from around the function."""
        found = self.made.get((moving, captured))
        if found is None:
            statuses: dict[str, Rule | Status] = {"call": WHOLE}
            statuses |= {f"argument{k}": General(partial(_pull, k)) if m else WHOLE for k, m in enumerate(moving)}
            statuses |= {f"captured{k}": CAPTURED for k in range(captured)}
            found = self.made[moving, captured] = dynamic_row(self.name, ", ".join(statuses), statuses)
            found.kernel = _packed
        return found


def _packed(call: Index, *_values: Any) -> Any:
    """Return what the function computed."""
    return call.value.packed


def _pull(k: int, _xp: Any, g: Any, _y: Any, call: Index, *_values: Any) -> Any:
    """Return the gradient of argument `k`."""
    return call.value.pull(k, g)


class _Answer(NamedTuple):
    """The last answer of a `grad_fn`: to which cotangent, under which tapes, and the gradients not yet taken."""

    cotangent: Any
    recordings: tuple[Recording, ...]
    gradients: dict[int, Any]


class _Call:
    """One call of a function with its own derivative: what the rule of its arguments needs."""

    def __init__(
        self,
        name: str,
        grad_fn: Callable[..., Any],
        values: Sequence[Any],
        inputs: Sequence[Any],
        variables: tuple[Variable, ...],
        frame: FrameType,
    ) -> None:
        self.name = name
        self.grad_fn = grad_fn
        self.forms = [(v.shape, v.dtype) for v in values]
        self.inputs = [(np.shape(_plain(i)), getattr(_plain(i), "dtype", None)) for i in (*inputs, *variables)]
        self.variables = variables
        self.site = Site.of(user_frame(frame))
        self.answer: _Answer | None = None
        real = [v._value for v in values if is_differentiable(v._value)]
        self.packed = real[0] if len(values) == 1 else np.concatenate([np.ravel(v) for v in real])

    def refused(self, kind: type[GradtapeError], text: str) -> GradtapeError:
        """Make an error that names the function and the place where it was called."""
        before, STATE.backward_of = STATE.backward_of, self.site
        try:
            return located(kind, f"the gradient function of `{self.name}` {text}", _getframe())
        finally:
            STATE.backward_of = before

    def pull(self, k: int, g: Any) -> Any:
        """Return the gradient of argument `k`; `grad_fn` runs once for all of them."""
        answer = self.answer
        if answer is None or answer.cotangent is not g or answer.recordings != STATE.recordings:
            answer = None
        if answer is None or k not in answer.gradients:
            answer = self.answer = _Answer(g, STATE.recordings, dict(enumerate(self.ask(g))))
        gradient = answer.gradients.pop(k)
        if not answer.gradients:
            self.answer = None
        return gradient if gradient is None or isinstance(g, Node) else _plain(gradient)

    def ask(self, g: Any) -> list[Any]:
        """Call `grad_fn` and check what it returns."""
        cotangent = g if isinstance(g, Node) else wrap(g)
        returned = self.grad_fn(*self.split(cotangent), **({"variables": self.variables} if self.variables else {}))
        if self.variables:
            if not isinstance(returned, list | tuple) or len(returned) != 2:
                raise self.refused(
                    OperandError,
                    "got `variables=`, so it returns two things: the gradients of the arguments and of the variables",
                )
            arguments = self.listed(returned[0], len(self.inputs) - len(self.variables), "arguments")
            return arguments + self.listed(returned[1], len(self.variables), "variables", len(arguments))
        return self.listed(returned, len(self.inputs), "arguments")

    def split(self, g: Any) -> list[Any]:
        """Cut the cotangent of the packed values into one per value; zeros for those that are no real numbers."""
        if len(self.forms) == 1:
            return [g]
        parts, start = [], 0
        for shape, dtype in self.forms:
            if dtype.kind != "f":
                parts.append(wrap(np.zeros(shape, dtype)[()]))
                continue
            size = int(np.prod(shape))
            parts.append(_piece(g, start, shape, dtype, _getframe()))
            start += size
        return parts

    def listed(self, returned: Any, count: int, what: str, first: int = 0) -> list[Any]:
        """Check number and shapes of gradients."""
        nested = isinstance(returned, list | tuple | dict)
        gradients = [leaf for _, leaf in flatten(returned)] if nested else [returned]
        if len(gradients) != count:
            raise self.refused(ShapeError, f"returned {len(gradients)} gradients for {count} {what}")
        return [self.checked(gradient, first + k) for k, gradient in enumerate(gradients)]

    def checked(self, gradient: Any, k: int) -> Any:
        """Insist on the shape of argument `k`, and cast to its dtype."""
        shape, dtype = self.inputs[k]
        if gradient is None:
            return None
        plain = _plain(gradient) if isinstance(gradient, Node) else np.asarray(gradient)
        if plain.dtype.kind not in "fiub":
            raise self.refused(OperandError, f"returned {describe(gradient)} for argument {k}")
        if plain.shape != shape:
            raise self.refused(ShapeError, f"returned shape {plain.shape} for argument {k} of shape {shape}")
        if not isinstance(gradient, Node):
            return wrap(plain.astype(dtype)[()])
        return gradient if dtype is None or plain.dtype == dtype else doors.cast(gradient, dtype, _getframe())


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Node) else value


def _is_array(value: Any) -> bool:
    return isinstance(value, Node | np.ndarray | np.generic | int | float)


def _arrays_in(args: tuple[Any, ...]) -> list[Any]:
    """Return the arguments that have a gradient: tensors, arrays and numbers, also in lists and dicts; not `self`."""
    found = []
    for arg in args:
        nested = isinstance(arg, list | tuple | dict)
        found += [leaf for _, leaf in flatten(arg) if _is_array(leaf)] if nested else [arg] if _is_array(arg) else []
    return found


def _call(
    rows: _Rows, body: Callable[[], Any], args: tuple[Any, ...], to_tensor: Callable[[Any], Any], frame: FrameType
) -> Any:
    inputs = _arrays_in(args)
    returned, probe = _observed(body)
    if not isinstance(returned, tuple | list) or len(returned) != 2 or not callable(returned[1]):
        told = f"a {type(returned).__name__}"
        if isinstance(returned, tuple | list):
            told = f"({', '.join(type(r).__name__ for r in returned)})"
        raise located(
            OperandError,
            f"custom_gradient: `{rows.name}` returns (value, function of its cotangent), and this call returned {told}",
            frame,
        )
    value, grad_fn = returned
    leaves = [leaf if isinstance(leaf, Node) else to_tensor(leaf) for _, leaf in flatten(value)]
    known = {i._id for i in inputs if isinstance(i, Node)}
    variables = tuple(v for key, v in probe.variables.items() if key not in known)
    if variables and not _accepts_variables(grad_fn):
        raise located(
            OperandError,
            f"custom_gradient: `{rows.name}` reads variables that are not among its arguments: "
            f"{', '.join(v.name or 'an unnamed one' for v in variables)}",
            frame,
            "pass them as arguments",
            "or let the gradient function accept `variables=` and return (gradients, gradients of the variables)",
        )
    captured = _captured(probe, known | {v._id for v in variables})
    if not inputs + list(variables) or not any(is_differentiable(leaf._value) for leaf in leaves):
        return rebuild(value, iter([wrap(leaf._value) for leaf in leaves]).__next__)
    call = _Call(rows.name, grad_fn, leaves, inputs, variables, frame)
    row = rows.row(tuple(_may_move(value) for value in (*inputs, *variables)), len(captured))
    hidden = [Tensor(np.zeros(()), i) for i in captured]  # an operation needs no more than their ids
    result = apply(row, (Index(call), *inputs, *variables, *hidden), NO_PARAMS, frame)
    return rebuild(value, iter([result] if len(leaves) == 1 else _taken_apart(result, leaves, frame)).__next__)


def _observed(body: Callable[[], Any]) -> tuple[Any, Recording]:
    """Run the function and note which variables and tensors it reads."""
    probe = Recording(auto_watch=True)
    STATE.recordings = (*STATE.recordings, probe)
    try:
        return body(), probe
    finally:
        STATE.recordings = tuple(r for r in STATE.recordings if r is not probe)
        if not STATE.recordings:  # open tapes have the same records, and hand them over when they close
            probe.hand_over()


def _accepts_variables(grad_fn: Callable[..., Any]) -> bool:
    parameters = signature(grad_fn).parameters
    return "variables" in parameters or any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())


def _captured(probe: Recording, answered: set[int]) -> tuple[int, ...]:
    """Find the tensors that the function read, that an open tape follows, and that nobody will answer for."""
    inside = {record.output for record in probe.records}
    read = dict.fromkeys(i for record in probe.records for i in record.inputs if i not in inside and i not in answered)
    return tuple(i for i in read if any(i in recording.known for recording in STATE.recordings))


def _taken_apart(packed: Any, leaves: list[Any], frame: FrameType) -> list[Any]:
    """Cut the values out of the packed one; those that are no real numbers stand alone."""
    parts, start = [], 0
    for leaf in leaves:
        if not is_differentiable(leaf._value):
            parts.append(wrap(leaf._value))
            continue
        parts.append(_piece(packed, start, leaf.shape, leaf.dtype, frame))
        start += leaf.size
    return parts


def _may_move(value: Any) -> bool:
    return isinstance(value, float) or (hasattr(_plain(value), "dtype") and is_differentiable(_plain(value)))


def _piece(packed: Any, start: int, shape: tuple[int, ...], dtype: Any, frame: FrameType) -> Any:
    """Cut a value out of the packed ones."""
    part = apply(OPS["getitem"], (packed, Index(slice(start, start + int(np.prod(shape))))), NO_PARAMS, frame)
    part = apply(OPS["reshape"], (part,), {"shape": shape}, frame)
    return part if part.dtype == dtype else doors.cast(part, dtype, frame)


def recompute_grad(f: Callable[..., Any], to_tensor: Callable[[Any], Any]) -> Callable[..., Any]:
    """Run a function once more when its gradient is asked for, instead of keeping what the gradient needs."""

    def body(*args: Any, **kwargs: Any) -> Any:
        given = _arrays_in(args)
        sources = [a for a in given if isinstance(a, Node) and is_differentiable(a._value)]

        def again(*cotangents: Any, variables: tuple[Variable, ...] = ()) -> Any:
            with GradientTape(watch_accessed_variables=False) as tape:
                tape.watch([*sources, *variables])
                value = f(*args, **kwargs)
            weights = cotangents if isinstance(value, list | tuple) else cotangents[0]
            found = tape.gradient(value, [*sources, *variables], weights, "zero")
            rest = iter(found)
            gradients = [next(rest) if any(a is s for s in sources) else None for a in given]
            return (gradients, list(rest)) if variables else gradients

        open_tapes = STATE.recordings
        STATE.recordings = open_tapes[-1:]  # the one that finds out what the function reads
        try:
            return f(*args, **kwargs), again
        finally:
            STATE.recordings = open_tapes

    return wraps(f)(with_gradient(body, to_tensor, getattr(f, "__name__", type(f).__name__)))
