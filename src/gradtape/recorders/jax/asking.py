"""The transformations of JAX that ask for gradients, wrapped: each call is a question with its recording."""

from __future__ import annotations

import inspect
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import numpy as np

from gradtape.recorders.jax import answers, private
from gradtape.recorders.jax.hooks import STATE
from gradtape.recorders.jax.places import asked_by_jax, here
from gradtape.recorders.jax.recording import Recording, Taken

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.explain.report import GradientReport
    from gradtape.recorders.jax.places import Place
    from gradtape.recorders.jax.telling import Telling


class Source(NamedTuple):
    """A leaf of an argument that is differentiated by: its name in the function, its value, its place, its number."""

    name: str
    value: Any
    position: int = 0
    keys: tuple[Any, ...] = ()
    number: int = 0


class Asked:
    """One call of a transformed function: what was asked for, what ran, what came out."""

    def __init__(self, kind: str, function: Any, place: Place, telling: Telling, positions: Sequence[int]) -> None:
        self.kind = kind
        self.function = function
        self.place = place
        self.telling = telling
        self.positions = tuple(positions)
        self.has_aux = False
        self.begun = False
        self.silent = False
        """Whether nobody is told of it: the inner half of a Hessian."""
        self.reports: tuple[GradientReport, ...] = ()
        """What was found out about it."""
        self._seen: list[tuple[Recording, tuple[int, ...], tuple[int, ...]]] = []
        """Recordings of functions around, with the numbers that sources and targets have there."""
        self.sources: list[Source] = []
        self.absent: tuple[str, ...] = ()
        """What `argnums` asks for and the call does not pass by position."""
        self.by_name: tuple[str, ...] = ()
        """The arguments that the call passes by name."""
        self.real: tuple[int, ...] = ()
        """The positions of arguments that hold floating point numbers only."""
        self.recording: Recording | None = None
        self.result: Any = None
        """What the function gave back, without `aux`: traced values are replaced by their numbers."""
        self.transformed_at = place
        """Where the program called the transformation."""
        self.seed: Any = None
        """The cotangents that were pulled back, or the tangents that were pushed forward, if the program chose them."""

    @classmethod
    def of_the_run(cls, place: Place, telling: Telling) -> Asked:
        """Return what stands for a run that ended with an error outside of every gradient."""
        asked = cls("jax", None, place, telling, ())
        asked.sources = [Source("the traced value", np.zeros(()))]
        return asked

    @property
    def call_gives_sources(self) -> bool:
        """Whether the call that asks has the sources as its own arguments, in their order."""
        return self.kind not in {"jax.vjp", "jax.linearize", "jax.jvp", "jax"}

    @property
    def forward(self) -> bool:
        """Whether tangents were pushed forward: one answer per target, not per source."""
        return self.kind in {"jax.jvp", "jax.linearize"}

    def take(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Name the sources by the function's parameters."""
        names = parameter_names(self.function, args, kwargs)
        self.by_name = tuple(kwargs)
        self.absent = tuple(
            names[k] if 0 <= k < len(names) else f"argument {k}" for k in self.positions if not 0 <= k < len(args)
        )
        self.real = tuple(k for k, argument in enumerate(args) if _is_real(argument))
        self.sources = [
            Source(names[position] + jax.tree_util.keystr(path), value, position, tuple(map(_key, path)))
            for position in self.positions
            if position < len(args)
            for path, value in jax.tree_util.tree_flatten_with_path(args[position])[0]
        ]

    def run(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function and record it."""
        self.begun = True
        trace = private.current_trace()
        recording = self.recording = Recording(trace)
        leaves = [
            leaf for position in self.positions if position < len(args) for leaf in jax.tree.leaves(args[position])
        ]
        if len(leaves) == len(self.sources):
            self.sources = [
                source._replace(number=recording.source(leaf) if private.differentiates(leaf, trace) else 0)
                for source, leaf in zip(self.sources, leaves, strict=True)
            ]
        STATE.open.append(recording)
        try:
            result = self.function(*args, **kwargs)
        finally:
            STATE.open.remove(recording)
        outputs = result[0] if self.has_aux and isinstance(result, tuple) and len(result) == 2 else result
        ends = jax.tree.leaves(outputs)
        for leaf in ends:
            recording.target(leaf)
        self._be_seen(leaves, ends, trace)
        self.result = jax.tree.map(lambda leaf: np.shape(leaf) if hasattr(leaf, "shape") else leaf, outputs)
        return result

    def _be_seen(self, sources: Sequence[Any], targets: Sequence[Any], trace: Any) -> None:
        """Remember what sources and targets are to the functions around: they may ask for the gradient's gradient."""
        for recording in reversed(STATE.open):
            sources = [private.below(value, trace) for value in sources]
            targets = [private.below(value, trace) for value in targets]
            trace = recording.trace
            numbers = tuple(recording.known(value) or 0 for value in sources)
            if any(numbers):
                self._seen.append((recording, numbers, tuple(recording.known(value) or 0 for value in targets)))

    def _tell_those_around(self, gradients: Sequence[Any]) -> None:
        for recording, sources, targets in self._seen:
            if recording in STATE.open:
                trace = recording.trace
                below = [g for g in gradients if not _is_float0(g)]
                for inside in reversed(STATE.open):
                    if inside.trace is trace:
                        break
                    below = [private.below(g, inside.trace) for g in below]
                recording.taken.append(Taken(self, sources, targets, tuple(map(recording.constant_or_known, below))))
        self._seen.clear()

    def answered(self, gradients: Sequence[Any]) -> list[Any]:
        """Take the gradients; return them, with an operation behind them that tells their numbers if they have none."""
        self._tell_those_around(gradients)
        self.telling.leaks.collect(self)
        if self.silent:
            if self.recording is not None:
                self.recording.close()
            return list(gradients)
        others = [*(self.recording.close() if self.recording is not None else ()), *jax.tree.leaves(self.seed)]
        bare = [private.primal(g) for g in gradients]
        others = [private.primal(other) for other in others]
        if not any(isinstance(value, private.Tracer) for value in (*bare, *others)):
            self.came(bare, others)
            return list(gradients)
        self.telling.expect(self)
        real = [k for k, g in enumerate(gradients) if not _is_float0(g)]
        if private.under_named_axes() or not real:
            return list(gradients)
        passed = answers.passed_on(_Passed(self, real, len(gradients)), [gradients[k] for k in real], others)
        result = list(gradients)
        for k, value in zip(real, passed, strict=True):
            result[k] = value
        return result

    def came(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Have the numbers looked at."""
        self.telling.look(self, list(gradients), list(others))


class _Passed:
    """Brings numbers from inside a compiled function to the question: positions of float0 gradients were left out."""

    def __init__(self, asked: Asked, real: list[int], count: int) -> None:
        self.asked = asked
        self.real = real
        self.count = count

    def _full(self, gradients: Sequence[Any]) -> list[Any]:
        full: list[Any] = [np.zeros((), jax.dtypes.float0)] * self.count
        for k, value in zip(self.real, gradients, strict=True):
            full[k] = value
        return full

    def came(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Have the numbers looked at."""
        self.asked.came(self._full(gradients), others)

    def came_later(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Keep the numbers until JAX may be called."""
        self.asked.telling.later(self.asked, self._full(gradients), list(others))


def _key(entry: Any) -> Any:
    """Return the key, index or attribute of one step of a path in a tree."""
    return next((getattr(entry, n) for n in ("key", "idx", "name") if hasattr(entry, n)), None)


def _is_real(argument: Any) -> bool:
    leaves = jax.tree.leaves(argument)
    real = [isinstance(v, float) or jax.numpy.issubdtype(getattr(v, "dtype", np.bool_), np.inexact) for v in leaves]
    return bool(leaves) and all(real)


def _is_float0(value: Any) -> bool:
    return getattr(value, "dtype", None) == jax.dtypes.float0


def parameter_names(function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[str]:
    """Return what a function calls its positional arguments; `args[2]` for those without a name of their own."""
    try:
        signature = inspect.signature(function)
        signature.bind(*args, **kwargs)
    except (TypeError, ValueError):
        return [f"argument {k}" for k in range(len(args))]
    names: list[str] = []
    for parameter in signature.parameters.values():
        if parameter.kind in {parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD}:
            names.append(parameter.name)
        elif parameter.kind is parameter.VAR_POSITIONAL:
            names += [f"{parameter.name}[{k}]" for k in range(len(args) - len(names))]
    return names


def watched(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function, recorded where a question about it is being asked."""

    @wraps(function)
    def run(*args: Any, **kwargs: Any) -> Any:
        asked = next((a for a in reversed(STATE.asked) if a.function is function and not a.begun), None)
        return function(*args, **kwargs) if asked is None else asked.run(args, kwargs)

    return run


def _positions(argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    some = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    return tuple(k + count if -count <= k < 0 else k for k in some)


def _later(name: str, telling: Telling, original: Callable[..., Any], *, silent: bool = False) -> Callable[..., Any]:
    """Wrap what returns a function that gives gradients: `grad`, `value_and_grad`, `jacrev`, `jacfwd`.

    Parameters
    ----------
    name : str
    telling : Telling
    original : callable
        JAX's own.
    silent : bool
        Only record what is asked, for the sake of a question around it.
    """
    signature = inspect.signature(original)

    @wraps(original)
    def transform(fun: Any, *args: Any, **kwargs: Any) -> Any:
        if not callable(fun) or asked_by_jax(sys._getframe(1)):
            return original(fun, *args, **kwargs)
        options = signature.bind(fun, *args, **kwargs).arguments
        argnums, has_aux = options.get("argnums", 0), options.get("has_aux", False)
        made = original(watched(fun), *args, **kwargs)
        transformed_at = here()

        @wraps(made)
        def ask(*args: Any, **kwargs: Any) -> Any:
            place = here()
            if place is None or not telling.listens(place):
                return made(*args, **kwargs)
            asked = Asked(f"jax.{name}", fun, place, telling, _positions(argnums, len(args)))
            asked.has_aux, asked.silent = has_aux, silent
            asked.transformed_at = transformed_at or place
            asked.take(args, kwargs)
            result = _asking(asked, lambda: made(*args, **kwargs))
            index = (1 if name == "value_and_grad" else 0) if has_aux or name == "value_and_grad" else None
            part = result if index is None else result[index]
            leaves, tree = jax.tree.flatten(part)
            part = jax.tree.unflatten(tree, asked.answered(leaves))
            return part if index is None else (*result[:index], part, *result[index + 1 :])

        setattr(ask, DERIVATIVE, ("grad" if "grad" in name else "jacobian", fun))
        return ask

    return transform


BACKWARDS, FORWARDS = jax.jacrev, jax.jacfwd
"""JAX's own, before anybody replaces them."""

DERIVATIVE = "_gradtape_derivative"
"""Where a function that gives gradients keeps what it gives, and of which function."""


def _twice(name: str, telling: Telling, original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `hessian`, as JAX makes it: forwards over backwards. The backward half is recorded and not told."""
    backwards = _later(name, telling, BACKWARDS, silent=True)
    forwards = _later(name, telling, FORWARDS)
    signature = inspect.signature(original)

    @wraps(original)
    def transform(fun: Any, *args: Any, **kwargs: Any) -> Any:
        if not callable(fun):
            return original(fun, *args, **kwargs)
        options = signature.bind(fun, *args, **kwargs).arguments
        del options["fun"]
        return forwards(backwards(fun, **options), **options)

    return transform


def _asking(asked: Asked, call: Callable[[], Any]) -> Any:
    STATE.asked.append(asked)
    try:
        return call()
    except Exception as error:
        asked.telling.failed(asked, error)
        raise
    finally:
        STATE.asked.remove(asked)


def _vjp(name: str, telling: Telling, original: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `vjp` and `linearize`, which return what pulls back or pushes forward."""

    @wraps(original)
    def transform(fun: Any, *primals: Any, **kwargs: Any) -> Any:
        place = here()
        if not callable(fun) or place is None or asked_by_jax(sys._getframe(1)) or not telling.listens(place):
            return original(fun, *primals, **kwargs)
        asked = Asked(f"jax.{name}", fun, place, telling, range(len(primals)))
        asked.has_aux = kwargs.get("has_aux", False)
        asked.take(primals, {})
        out, function, *aux = _asking(asked, lambda: original(watched(fun), *primals, **kwargs))
        return out, Given(function, asked), *aux

    return transform


@jax.tree_util.register_pytree_node_class
class Given:
    """The function that `vjp` or `linearize` gave: asks when it is called, and is otherwise what JAX made."""

    def __init__(self, function: Any, asked: Asked | None) -> None:
        self._function = function
        self._asked = asked

    def __call__(self, *args: Any) -> Any:
        """Pull back, or push forward."""
        asked = self._asked
        if asked is None:
            return self._function(*args)
        asked.seed = args
        leaves, tree = jax.tree.flatten(_asking(asked, lambda: self._function(*args)))
        self._asked = None  # the first answer tells; what keeps it is the user's
        return jax.tree.unflatten(tree, asked.answered(leaves))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._function, name)

    def tree_flatten(self) -> tuple[tuple[Any], None]:
        """Give the function that JAX made, which is a tree itself."""
        return (self._function,), None

    @classmethod
    def tree_unflatten(cls, _: None, children: tuple[Any]) -> Given:
        """Put it together again, in another trace: the question is not carried there."""
        return cls(children[0], None)


def _jvp(name: str, telling: Telling, original: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(original)
    def transform(fun: Any, primals: Any, tangents: Any, *args: Any, **kwargs: Any) -> Any:
        place = here()
        heard = place is not None and not asked_by_jax(sys._getframe(1)) and telling.listens(place)
        if not callable(fun) or place is None or not heard or not isinstance(primals, list | tuple):
            return original(fun, primals, tangents, *args, **kwargs)
        asked = Asked(f"jax.{name}", fun, place, telling, range(len(primals)))
        asked.has_aux = kwargs.get("has_aux", bool(args and args[0]))
        asked.take(tuple(primals), {})
        asked.seed = tangents
        out, tangent, *aux = _asking(asked, lambda: original(watched(fun), primals, tangents, *args, **kwargs))
        leaves, tree = jax.tree.flatten(tangent)
        return out, jax.tree.unflatten(tree, asked.answered(leaves)), *aux

    return transform


TRANSFORMATIONS: dict[str, Callable[..., Callable[..., Any]]] = {
    "grad": _later,
    "value_and_grad": _later,
    "jacrev": _later,
    "jacfwd": _later,
    "jacobian": _later,
    "hessian": _twice,
    "vjp": _vjp,
    "linearize": _vjp,
    "jvp": _jvp,
}
"""What is replaced in the module `jax`, and how."""
