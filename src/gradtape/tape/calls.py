"""One recorded call of a user's function: what the functional forms of the derivatives are made of."""

from __future__ import annotations

from inspect import Parameter, signature
from types import FunctionType
from typing import TYPE_CHECKING, Any, NoReturn

import numpy as np

from gradtape.arrays.dispatch import NO_PARAMS, Node, apply, is_differentiable
from gradtape.arrays.failures import describe, located
from gradtape.arrays.record import STATE, EventKind, Recording, note_event, settle_all
from gradtape.arrays.tensor import Tensor, wrap
from gradtape.arrays.variable import array_value
from gradtape.errors import DTypeError, OperandError, PositionError, ShapeError, SourceError
from gradtape.ops import OPS
from gradtape.tape import missing, query
from gradtape.tape.accumulator import as_tangent
from gradtape.tape.asked import Leaf, asked_from
from gradtape.tape.forward import Failed, push
from gradtape.tape.jacobian import run_of
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from gradtape.errors import GradtapeError
    from gradtape.tape.jacobian import Run

Argnums = int | tuple[int, ...]


class RecordedCall:
    """A call of a function whose chosen arguments were replaced by tensors of their own, with what was recorded.

    Arguments keep their structure. Plain arrays in give plain arrays out; where an argument is a tensor, or a tape is
    open around the call, derivatives are tensors and can be differentiated again.

    Parameters
    ----------
    kind : str
        The name of the function that the user called, for messages.
    fun : callable
    args, kwargs : tuple, dict
        What it is called with.
    argnums : int or tuple of int
        The positions of the arguments that move.
    has_aux : bool
        Whether the function returns its value and something else.
    frame : FrameType
        Who called.
    """

    def __init__(
        self,
        kind: str,
        fun: Callable[..., Any],
        args: tuple[Any, ...],
        kwargs: dict[str, Any],
        argnums: Argnums,
        frame: FrameType,
        *,
        has_aux: bool = False,
    ) -> None:
        self.kind = kind
        self.frame = frame
        self.name = getattr(fun, "__name__", type(fun).__name__)
        self.argnums = argnums
        given = [leaf for _, leaf in flatten([*args, kwargs])]
        self.plain = not STATE.recordings and not any(isinstance(leaf, Node) for leaf in given)
        self.places = self.positions(len(args))
        self.sources: list[Leaf] = []
        moved = list(args)
        for place, name in zip(self.places, self.names(fun), strict=True):
            moved[place] = self.replaced(name, args[place])
        self.moved = moved
        self.recording = self.opened()
        before = STATE.recordings
        STATE.recordings = (*before, self.recording)
        try:
            result = fun(*moved, **kwargs)
            settle_all()
        finally:
            STATE.recordings = before
            note_event(EventKind.EXIT, 0, frame, only=self.recording)
            self.recording.hand_over()
        self.value: Any = result
        self.aux: Any = None
        if has_aux:
            self.value, self.aux = self.split(result)
        self.targets = [Leaf(f"{self.name}(...){path}", leaf) for path, leaf in flatten(self.value)]

    def positions(self, count: int) -> tuple[int, ...]:
        """Return the positions of the arguments that move, none negative."""
        places = (self.argnums,) if isinstance(self.argnums, int) else tuple(self.argnums)
        for place in places:
            if not -count <= place < count:
                raise located(
                    PositionError,
                    f"{self.kind}: argnums={self.argnums!r}, but `{self.name}` was called with {count} positional "
                    "arguments",
                    self.frame,
                    "arguments that move are passed by position",
                )
        return tuple(place % count for place in places)

    def names(self, fun: Callable[..., Any]) -> Iterator[str]:
        """Yield the names of the arguments that move, as far as the function tells them."""
        if type(fun) is FunctionType and not hasattr(fun, "__wrapped__"):
            code = fun.__code__  # a signature would cost more than a small derivative
            fixed: Sequence[str] = code.co_varnames[: code.co_argcount]
        else:
            try:
                parameters = list(signature(fun).parameters.values())
            except (TypeError, ValueError):
                parameters = []
            kinds = {Parameter.POSITIONAL_ONLY, Parameter.POSITIONAL_OR_KEYWORD}
            fixed = [p.name for p in parameters if p.kind in kinds]
        for place in self.places:
            yield fixed[place] if place < len(fixed) else f"argument {place}"

    def replaced(self, name: str, argument: Any) -> Any:
        """Replace the arrays, numbers and tensors of an argument by tensors with an identity of their own."""
        leaves: list[Any] = []
        for path, leaf in flatten(argument):
            if leaf is None:
                leaves.append(None)
                continue
            if isinstance(leaf, str | bytes) or callable(leaf):
                error = located(
                    SourceError,
                    f"{self.kind}: {name}{path} is {describe(leaf)}, which cannot move a little",
                    self.frame,
                )
                self.refuse(error, "not-a-value", (Leaf(f"{name}{path}", leaf),))
            tensor = leaf if isinstance(leaf, Node) else wrap(array_value(leaf, None, self.frame))
            if not is_differentiable(tensor._value):
                error = located(
                    DTypeError,
                    f"{self.kind}: {name}{path} has dtype {tensor._value.dtype}, whose values cannot move a little",
                    self.frame,
                    "make it floating point: `3.0` instead of `3`, or leave the argument out of `argnums`",
                )
                self.refuse(error, "integer-source", (Leaf(f"{name}{path}", tensor),))
            if tensor is leaf:  # it keeps its way back to an outer tape, and is told from the same tensor elsewhere
                tensor = apply(OPS["identity"], (tensor,), NO_PARAMS, self.frame)
            self.sources.append(Leaf(f"{name}{path}", tensor))
            leaves.append(tensor)
        found = iter(leaves)
        return rebuild(argument, lambda: next(found))

    def refuse(
        self,
        error: GradtapeError,
        what: str,
        sources: tuple[Leaf, ...],
        targets: tuple[Leaf, ...] = (),
        recording: Recording | None = None,
        detail: str = "",
    ) -> NoReturn:
        """Raise an error that comes in the place of a derivative; it carries the reason, `what` is the cause's slug.

        Raises
        ------
        GradtapeError
        """
        failure = missing.about(what, detail=detail)
        targets = targets or (Leaf(f"{self.name}(...)", np.nan),)  # what it would have returned
        asked = asked_from(self.kind, recording, targets, sources, None, self.frame, failure=failure, spelled=0)
        missing.fail(error, asked)

    def opened(self) -> Recording:
        """Make the recording that follows the arguments that move."""
        recording = Recording(auto_watch=False)
        note_event(EventKind.ENTER, 0, self.frame, only=recording)
        for source in self.sources:
            recording.known.add(source.id)
            recording.roots.add(source.id)
            note_event(EventKind.WATCH, source.id, self.frame, only=recording)
        return recording

    def split(self, result: Any) -> tuple[Any, Any]:
        """Take apart what a function with `has_aux` returned."""
        if not isinstance(result, tuple | list) or len(result) != 2:
            raise located(
                OperandError,
                f"{self.kind}: with has_aux=True `{self.name}` returns (value, anything), and it returned "
                f"{describe(result)}",
                self.frame,
            )
        return result[0], result[1]

    @property
    def run(self) -> Run:
        """What ran, for a sweep here and now."""
        return run_of(self.recording)

    def scalar(self, *, holomorphic: bool) -> Leaf:
        """Insist on a single real number as the value."""
        value = self.targets[0].value if len(self.targets) == 1 else self.value
        array = value._value if isinstance(value, Node) else np.asarray(value) if np.isscalar(value) else value
        if getattr(array, "size", 0) != 1 or len(self.targets) != 1:
            error = located(
                ShapeError,
                f"{self.kind}: `{self.name}` returned {describe(value)}, and a gradient is of a single number",
                self.frame,
                "sum it, or use `jacobian`, or `elementwise_grad` if each element depends on its own",
            )
            self.not_a_number(error, value)
        if array.dtype.kind == "c" and not holomorphic:
            complex_error = located(
                DTypeError,
                f"{self.kind}: `{self.name}` returned a complex number, which has no single gradient",
                self.frame,
                "return a real number, or pass holomorphic=True if the function has a complex derivative",
            )
            self.not_a_number(complex_error, value)
        return self.targets[0]

    def not_a_number(self, error: GradtapeError, value: Any) -> NoReturn:
        """Refuse a value that is not one real number.

        Raises
        ------
        GradtapeError
        """
        detail = f"{describe(value)}, not one real number"
        self.refuse(error, "nonscalar-output", tuple(self.sources), tuple(self.targets), self.recording, detail)

    def gradients(self, targets: list[Leaf], weights: list[Any] | None = None, unconnected: str = "zero") -> list[Any]:
        """Sweep backwards; a missing gradient is zeros, after the reason was told if `unconnected` is "none".

        If it is "untold" a missing gradient is None, and nobody hears why.
        """
        recorded = bool(STATE.recordings)
        seeds = query.make_seeds([t.value for t in targets], tuple(targets), weights, self.frame, recorded=recorded)
        found = query.answer(
            self.kind,
            self.recording,
            self.run.records,
            self.recording.saved,
            tuple(targets),
            tuple(self.sources),
            seeds,
            unconnected,
            self.frame,
            recorded=recorded,
            spelled=0,
        )
        if unconnected == "untold":
            return list(found)
        return [missing.zeros_for(s.value) if g is None else g for s, g in zip(self.sources, found, strict=True)]

    def tangents(self, given: list[Any]) -> list[Any]:
        """Sweep forwards along one tangent per source; a result that does not move has zeros."""
        moved: dict[int, Any] = {s.id: t for s, t in zip(self.sources, given, strict=True)}
        push(self.run.records, self.recording.saved, moved, recorded=bool(STATE.recordings))
        results = []
        for target in self.targets:
            found = moved.get(target.id) if target.id else None
            if type(found) is Failed:
                raise found.error
            if not isinstance(target.value, Node):
                results.append(wrap(np.zeros_like(np.asarray(target.value))))
            elif found is None or not is_differentiable(target.value._value):
                results.append(missing.zeros_for(target.value))
            else:
                results.append(as_tangent(target, found, self.frame))
        return results

    def like_sources(self, results: list[Any]) -> Any:
        """Give one result per source the structure of the arguments that move."""
        found, made = iter(results), []
        for place in self.places:
            leaves = iter([None if leaf is None else next(found) for _, leaf in flatten(self.moved[place])])
            made.append(rebuild(self.moved[place], leaves.__next__))
        return made[0] if isinstance(self.argnums, int) else tuple(made)

    def like_value(self, results: list[Any]) -> Any:
        """Give one result per leaf the structure of the value."""
        found = iter(results)
        return rebuild(self.value, lambda: next(found))

    def out(self, structure: Any) -> Any:
        """Hand results out: plain arrays of their own where only plain ones came in."""
        if not self.plain:
            return structure
        leaves = iter([_unwrapped(leaf) for _, leaf in flatten(structure)])
        return rebuild(structure, lambda: next(leaves))


def _unwrapped(value: Any) -> Any:
    """Return a tensor's array, as a copy: it may be a view, or stand in several places."""
    if not isinstance(value, Tensor):
        return value
    return np.array(value._value)[()]
