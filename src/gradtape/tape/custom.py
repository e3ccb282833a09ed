"""Custom gradients: a user's function of tensors that brings its own derivative."""

from __future__ import annotations

from functools import partial, wraps
from inspect import Parameter, signature
from sys import _getframe
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import NO_PARAMS, Node, apply, in_family, is_differentiable, usual
from gradtape.arrays.external import dynamic_row
from gradtape.arrays.failures import describe, located
from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import STATE, Recording
from gradtape.arrays.tensor import Tensor, wrap
from gradtape.arrays.variable import Variable, constant
from gradtape.diagnostics import Site
from gradtape.errors import GradtapeError, OperandError, RuleOperandError, RuleShapeError
from gradtape.ops import Cotangents, General, Index, NoTangent
from gradtape.ops.model import spec
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


def with_gradient(
    f: Callable[..., Any] | None,
    to_tensor: Callable[[Any], Any],
    name: str = "",
    family: type[Node] = Tensor,
    jvp: Callable[..., Any] | None = None,
    *,
    given: bool = True,
) -> Any:
    """Do the work of `custom_gradient` for a door with its own class of tensors and its own way to make them.

    `jvp` stands for the transpose of the function's gradient in forward mode; see `ops.model.Rule`. `given` says that
    the gradient is the user's, and not one of ours.
    """
    if f is None:
        return lambda function: with_gradient(function, to_tensor, name, family)
    rows = _Rows(name or getattr(f, "__name__", type(f).__name__), family, jvp, given=given)

    @wraps(f)
    def function(*args: Any, **kwargs: Any) -> Any:
        return _call(rows, partial(f, *args, **kwargs), args, to_tensor, _getframe(1))

    return function


class _Rows:
    """The rows of one function, by what its calls look like."""

    def __init__(self, name: str, family: type[Node], jvp: Callable[..., Any] | None, *, given: bool) -> None:
        self.name = name
        self.given = given
        self.family = family
        self.jvp = jvp
        self.made: dict[tuple[tuple[bool, ...], int, int], Op] = {}

    def row(self, moving: tuple[bool, ...], captured: int, parts: int) -> Op:
        """Return the row for arguments of which some may move, tensors from around the function, and several results.

        `captured` and `parts` are how many; a single result has no parts.
        """
        found = self.made.get((moving, captured, parts))
        if found is None:
            statuses: dict[str, Rule | Status] = {"call": WHOLE}
            for k, moves in enumerate(moving):
                statuses[f"argument{k}"] = General(partial(_pull, k), jvp=self.jvp) if moves else WHOLE
            statuses |= {f"captured{k}": CAPTURED for k in range(captured)}
            found = dynamic_row(self.name, ", ".join(statuses), statuses, parts, given=self.given)
            found.kernel = _computed
            self.made[moving, captured, parts] = found
        return found


def _computed(call: Index, *_values: Any) -> Any:
    """Return what the function computed."""
    return call.value.computed


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
        rows: _Rows,
        grad_fn: Callable[..., Any],
        values: Sequence[Any],
        inputs: Sequence[Any],
        variables: tuple[Variable, ...],
        frame: FrameType,
    ) -> None:
        self.name = rows.name
        self.family = rows.family
        self.grad_fn = grad_fn
        self.forms = [spec(v._value) for v in values]
        self.inputs = [(np.shape(_plain(i)), getattr(_plain(i), "dtype", None)) for i in (*inputs, *variables)]
        self.variables = variables
        self.site = Site.of(user_frame(frame))
        self.answer: _Answer | None = None
        self.computed = values[0]._value if len(values) == 1 else tuple(v._value for v in values)

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
        if gradient is None:
            return None
        recorded = any(isinstance(part, Node) for part in (g.of.values() if isinstance(g, Cotangents) else (g,)))
        return _turned(usual(gradient) if recorded else _plain(gradient))

    def ask(self, g: Any) -> list[Any]:
        """Call `grad_fn` and check what it returns."""
        try:
            returned = self.grad_fn(*self.split(g), **({"variables": self.variables} if self.variables else {}))
        except Exception as error:
            span = self.site.span
            error.add_note(f"in the gradient function of `{self.name}`, called at {span.file}:{span.line}")
            raise
        if self.variables:
            if not isinstance(returned, list | tuple) or len(returned) != 2:
                raise self.refused(
                    RuleOperandError,
                    "got `variables=`, so it returns two things: the gradients of the arguments and of the variables",
                )
            arguments = self.listed(returned[0], len(self.inputs) - len(self.variables), "arguments")
            return arguments + self.listed(returned[1], len(self.variables), "variables", len(arguments))
        return self.listed(returned, len(self.inputs), "arguments")

    def split(self, g: Any) -> list[Any]:
        """Return one cotangent per value; zeros where nothing arrived. Those of complex values point uphill."""
        parts = [g[k] for k in range(len(self.forms))] if isinstance(g, Cotangents) else [g]
        made = []
        for part, form in zip(parts, self.forms, strict=True):
            whole = np.zeros(form.shape, form.dtype)[()] if part is None else _turned(part)
            made.append(in_family(whole if isinstance(whole, Node) else wrap(whole), self.family))
        return made

    def listed(self, returned: Any, count: int, what: str, first: int = 0) -> list[Any]:
        """Check number and shapes of gradients."""
        nested = isinstance(returned, list | tuple | dict)
        gradients = [leaf for _, leaf in flatten(returned)] if nested else [returned]
        if len(gradients) != count:
            raise self.refused(RuleShapeError, f"returned {len(gradients)} gradients for {count} {what}")
        return [self.checked(gradient, first + k) for k, gradient in enumerate(gradients)]

    def checked(self, gradient: Any, k: int) -> Any:
        """Insist on the shape of argument `k`, and cast to its dtype."""
        shape, dtype = self.inputs[k]
        if gradient is None:
            return None
        plain = _plain(gradient) if isinstance(gradient, Node) else np.asarray(gradient)
        if not (is_differentiable(plain) or plain.dtype.kind in "iub"):
            raise self.refused(RuleOperandError, f"returned {describe(gradient)} for argument {k}")
        if plain.shape != shape:
            raise self.refused(RuleShapeError, f"returned shape {plain.shape} for argument {k} of shape {shape}")
        if plain.dtype.kind == "c" and dtype is not None and dtype.kind != "c":
            gradient = doors.SPACE.real(gradient) if isinstance(gradient, Node) else plain.real
        if not isinstance(gradient, Node):
            return wrap(np.asarray(gradient).astype(dtype)[()])
        return gradient if dtype is None or gradient._value.dtype == dtype else doors.cast(gradient, dtype, _getframe())


def _turned(cotangent: Any) -> Any:
    """Conjugate: inside the sweep a complex cotangent is a plain derivative, for users it points uphill."""
    if _plain(cotangent).dtype.kind != "c":
        return cotangent
    return doors.SPACE.conjugate(cotangent) if isinstance(cotangent, Node) else np.conjugate(cotangent)


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
        return rebuild(value, iter([in_family(wrap(leaf._value), rows.family) for leaf in leaves]).__next__)
    call = _Call(rows, grad_fn, leaves, inputs, variables, frame)
    moving = tuple(_may_move(value) for value in (*inputs, *variables))
    row = rows.row(moving, len(captured), len(leaves) if len(leaves) > 1 else 0)
    hidden = [Tensor(np.zeros(()), i) for i in captured]  # an operation needs no more than their ids
    result = in_family(apply(row, (Index(call), *inputs, *variables, *hidden), NO_PARAMS, frame), rows.family)
    return rebuild(value, iter([result] if len(leaves) == 1 else result).__next__)


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


def _may_move(value: Any) -> bool:
    return isinstance(value, float) or (hasattr(_plain(value), "dtype") and is_differentiable(_plain(value)))


def recompute_grad(f: Callable[..., Any]) -> Callable[..., Any]:
    """Run a function once more when its gradient is asked for, instead of keeping what the gradient needs.

    Costs one more run of `f`, and saves the memory of everything that is computed inside it.

    Parameters
    ----------
    f : callable
        Takes tensors by position and returns a tensor or a list or tuple of them; must compute the same when it is
        called again.

    Returns
    -------
    callable
        The function. Variables that `f` reads get their gradients, too; an argument that it does not use has zeros.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> layer = gt.recompute_grad(lambda x: np.tanh(np.sin(x) ** 2))
    >>> x = gt.Variable(0.0)
    >>> with gt.GradientTape() as tape:
    ...     y = layer(x)
    >>> tape.gradient(y, x)
    Tensor(0.)
    """
    return recomputing(f, constant)


def recomputing(
    f: Callable[..., Any],
    to_tensor: Callable[[Any], Any],
    family: type[Node] = Tensor,
    jvp: Callable[..., Any] | None = None,
) -> Callable[..., Any]:
    """Do the work of `recompute_grad` for a door with its own class of tensors and its own way to make them."""

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

    name = getattr(f, "__name__", type(f).__name__)
    return wraps(f)(with_gradient(body, to_tensor, name, family, jvp, given=False))


def grad_pass_through(f: Callable[..., Any]) -> Callable[..., Any]:
    """Make the derivative of a function that of the identity.

    Parameters
    ----------
    f : callable
        Takes one tensor and returns one of the same shape, by whatever steps and assignments.

    Returns
    -------
    callable
        The function; the cotangent of its result goes on to its argument as it is.

    Raises
    ------
    ShapeError
        When a gradient is asked for, if `f` changed the shape.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> x = gt.Variable(2.6)
    >>> with gt.GradientTape() as tape:
    ...     y = gt.grad_pass_through(np.round)(x)
    >>> tape.gradient(y, x)
    Tensor(1.)
    """
    return passing_through(f, constant)


def passing_through(
    f: Callable[..., Any], to_tensor: Callable[[Any], Any], family: type[Node] = Tensor
) -> Callable[..., Any]:
    """Do the work of `grad_pass_through` for a door with its own class of tensors and its own way to make them."""

    def body(*args: Any, **kwargs: Any) -> Any:
        def back(*cotangents: Any, variables: Any = None) -> Any:
            return cotangents if variables is None else (cotangents, [None] * len(variables))

        return f(*args, **kwargs), back

    name = getattr(f, "__name__", type(f).__name__)
    made: Callable[..., Any] = with_gradient(body, to_tensor, name, family, given=False)
    return made


checkpoint = recompute_grad
