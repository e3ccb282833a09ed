"""`ForwardAccumulator`: TensorFlow's forward mode, as a sweep over a recording of its own."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node, family_of, in_family, is_differentiable, usual
from gradtape.arrays.failures import describe, located
from gradtape.arrays.record import STATE, EventKind, Recording, note_event, settle_all
from gradtape.arrays.tensor import Tensor, wrap
from gradtape.errors import DTypeError, ShapeError, SourceError, TapeStateError
from gradtape.tape import missing, query
from gradtape.tape.asked import Leaf, asked_from
from gradtape.tape.forward import Failed, push
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from types import FrameType, TracebackType


class ForwardAccumulator:
    """Forward mode: the derivative of everything computed inside, along one direction of the primals.

    Operations inside the block are recorded as on a tape. Their tangents are computed, in the order of the operations,
    when `jvp` asks or when the block ends; tapes and accumulators that were opened before see them, so that derivatives
    of derivatives come out in any nesting.

    Parameters
    ----------
    primals : Tensor, Variable or a nested structure of them
        What moves.
    tangents : array_like or structure like `primals`
        The direction: of each primal's shape; plain arrays and numbers get its dtype.

    Raises
    ------
    SourceError
        If a primal is no tensor, or is there twice.
    DTypeError
        If a primal's dtype has no derivatives, or a tangent is a tensor of another dtype.
    ShapeError
        If the structures differ, or a shape.

    Examples
    --------
    >>> import gradtape as gt
    >>> x = gt.constant([1.0, 2.0])
    >>> with gt.ForwardAccumulator(x, gt.constant([1.0, 10.0])) as accumulator:
    ...     y = x * x
    >>> accumulator.jvp(y)
    Tensor([ 2., 40.])
    """

    _integers = False
    """Whether a primal may be an integer, and has no tangent then."""

    def __init__(self, primals: Any, tangents: Any) -> None:
        frame = _getframe(1)
        self._primals = tuple(Leaf(path, value) for path, value in flatten(primals))
        self._tangents = checked_tangents(self._primals, tangents, frame, integers=self._integers)
        self._recording = Recording(auto_watch=False)
        self._recording.known.update(self._tangents)
        self._recording.roots.update(self._tangents)
        self._done = 0

    def __enter__(self) -> ForwardAccumulator:
        frame = _getframe(1)
        if self._recording.settle is not None:
            raise located(
                TapeStateError,
                "Accumulator is already recording.",
                frame,
                "leave it first, or make a second accumulator",
            )
        self._recording.settle = self._settle
        STATE.recordings = (*STATE.recordings, self._recording)
        note_event(EventKind.ENTER, 0, frame, only=self._recording)
        for leaf in self._primals:
            note_event(EventKind.WATCH, leaf.id, frame, only=self._recording)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                settle_all()
        finally:
            note_event(EventKind.EXIT, 0, _getframe(1), only=self._recording)
            self._recording.settle = None
            self._recording.hand_over()
            STATE.recordings = tuple(r for r in STATE.recordings if r is not self._recording)

    def _settle(self) -> None:
        """Compute the tangents of what was recorded since the last time, in sight of those that are outside."""
        recording, before = self._recording, STATE.recordings
        first, self._done = self._done, len(recording.written)
        STATE.recordings = outer = tuple(r for r in before if r.opened < recording.opened)
        try:
            push(recording.written, recording.saved, self._tangents, first=first, recorded=bool(outer))
        finally:
            STATE.recordings = before
        recording.saved[first : self._done] = [None] * (self._done - first)

    def jvp(self, primals: Any, unconnected_gradients: str | None = None) -> Any:
        """Return the derivative of what was computed inside, along the tangents.

        Parameters
        ----------
        primals : Tensor, Variable or a nested structure of them
            Results of operations inside the block, or the primals themselves.
        unconnected_gradients : {"none", "zero", "raise"}
            What stands for the derivative of what does not depend on the primals: None and a `MissingGradientWarning`
            that says why, zeros, or a `MissingGradientError`.

        Returns
        -------
        Tensor, None or a structure like `primals`
            Each of the shape and dtype of what was asked for.

        Raises
        ------
        NoGradientError
            If the derivative of an operation on the way was not written, or cannot be transposed.
        """
        frame = _getframe(1)
        unconnected = query.what_stands_for_none(unconnected_gradients)
        if self._recording.settle is not None:
            self._settle()
        leaves = tuple(Leaf(path, value) for path, value in flatten(primals))
        results = iter([self._answer(leaf, unconnected, frame) for leaf in leaves])
        return rebuild(primals, lambda: next(results))

    def _answer(self, leaf: Leaf, unconnected: str, frame: FrameType) -> Any:
        """Look up one tangent."""
        found = self._tangents.get(leaf.id) if leaf.id else None
        if type(found) is Failed:
            raise found.error
        if found is not None and is_differentiable(leaf.value._value):
            return as_tangent(leaf, found, frame)
        if unconnected == "zero" and leaf.value is not None:
            return missing.zeros_for(leaf.value if isinstance(leaf.value, Node) else wrap(np.asarray(leaf.value)))
        if isinstance(leaf.value, Node):
            nothing = (None,) * len(self._primals)
            asked = asked_from("accumulator.jvp", self._recording, (leaf,), self._primals, nothing, frame, spelled=1)
            missing.fill(asked, nothing, unconnected, frame)
        return None


def as_tangent(leaf: Leaf, tangent: Any, frame: FrameType) -> Any:
    """Give a tangent the dtype of what it belongs to, and make it a tensor of the same family."""
    dtype = leaf.value._value.dtype
    if tangent.dtype.kind == "c" and dtype.kind != "c":
        tangent = doors.SPACE.real(tangent) if isinstance(tangent, Tensor) else np.real(tangent)
    if isinstance(tangent, Tensor):
        made = tangent if tangent.dtype == dtype else doors.cast(tangent, dtype, frame)
    else:
        made = wrap(tangent if tangent.dtype == dtype else tangent.astype(dtype))
    family = family_of((leaf.value,))
    return made if family is None else in_family(made, family)


def checked_tangents(
    primals: tuple[Leaf, ...], tangents: Any, frame: FrameType, *, integers: bool = False
) -> dict[int, Any]:
    """Match the tangents with the primals: same structure, shapes and dtypes; return them by id."""
    given = [Leaf(path, value) for path, value in flatten(tangents)]
    if [leaf.path for leaf in given] != [leaf.path for leaf in primals]:
        raise located(
            ShapeError,
            f"ForwardAccumulator: the structure of `tangents` has the parts {[t.path for t in given]}, "
            f"that of `primals` {[p.path for p in primals]}",
            frame,
            "give one tangent per primal, in the same structure",
        )
    found: dict[int, Any] = {}
    for primal, tangent in zip(primals, given, strict=True):
        if not isinstance(primal.value, Node):
            raise query.refusal(primal.value, f"ForwardAccumulator: `primals{primal.path}`", frame)
        if not is_differentiable(primal.value._value):
            if integers:
                continue
            raise located(
                DTypeError,
                f"ForwardAccumulator: `primals{primal.path}` has dtype {primal.value._value.dtype}, "
                "whose values cannot move a little",
                frame,
                "make it floating point: `3.0` instead of `3`, or `dtype=float`",
            )
        if primal.id in found:
            raise located(
                SourceError,
                f"ForwardAccumulator: `primals{primal.path}` was specified as a primal multiple times",
                frame,
                "if that was intended, give it once, with the sum of the tangents",
            )
        found[primal.id] = checked_tangent(primal, tangent.value, "ForwardAccumulator", frame)
    return found


def checked_tangent(primal: Leaf, tangent: Any, kind: str, frame: FrameType) -> Any:
    """Insist on the primal's shape; a plain tangent gets its dtype, a tensor must have it."""
    value = primal.value._value
    array = tangent._value if isinstance(tangent, Node) else np.asarray(tangent)
    if array.shape != value.shape or array.dtype.kind not in ("fiubc" if value.dtype.kind == "c" else "fiub"):
        raise located(
            ShapeError,
            f"{kind}: the tangent of {primal.path or 'the primal'} is {describe(array)} for a primal of dtype "
            f"{value.dtype} and shape {value.shape}",
            frame,
            "each tangent has the shape of its primal",
        )
    if not isinstance(tangent, Node):
        return array.astype(value.dtype)[()]
    if array.dtype != value.dtype:
        raise located(
            DTypeError,
            f"{kind}: the tangent of {primal.path or 'the primal'} is a tensor of dtype {array.dtype}, its primal has "
            f"{value.dtype}",
            frame,
            f"cast it: `tangent.astype({str(value.dtype)!r})`",
        )
    return usual(tangent)
