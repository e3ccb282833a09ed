"""What the values of a run are like, as far as our own tape still has them: for a page that shows every operation."""

from __future__ import annotations

from math import isnan
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.explain.graph import Summary
from gradtape.ops import Spec
from gradtape.recorders.summaries import name_of, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from gradtape.arrays.record import Record
    from gradtape.tape.asked import Asked

UNSEEN = float("nan")


def summaries(asked: Asked, version_at: Callable[[int, int], int]) -> dict[int, Summary]:
    """Count every value that the tape kept for its rules, and the targets and sources; of others tell the shape.

    Parameters
    ----------
    asked : Asked
        Its targets' and sources' values are at hand whatever the tape kept.
    version_at : callable
        `(id, when) -> id`: a variable's version at a time.
    """
    recording = asked.recording
    found: dict[int, Summary] = {}
    records = [] if recording is None else recording.records
    saved = [] if recording is None else recording.saved
    for leaf in (*asked.targets, *asked.sources):
        if isinstance(leaf.value, Node):
            _note(found, version_at(leaf.id, asked.seq), leaf.value._value)
    for record, residuals in zip(records, saved if len(saved) == len(records) else [None] * len(records), strict=True):
        for id, value in _kept(record, residuals):
            _note(found, version_at(id, record.output), value)
        if record.op.elementwise:
            inputs = [found[i].shape for i in (version_at(i, record.output) for i in record.inputs if i) if i in found]
            if record.shapes is not None or inputs:
                shape = inputs[0] if record.shapes is None else np.broadcast_shapes(*map(tuple, record.shapes))
                _note(found, record.output, Spec(shape, None))
    return found


def _note(found: dict[int, Summary], id: int, value: Any) -> None:
    """Keep the best that is known of a value: what it is like, or its shape and dtype, or its shape."""
    known = found.get(id)
    spec = isinstance(value, Spec)
    if known is None or (isnan(known.low) and not spec) or (not known.dtype and spec and value.dtype is not None):
        found[id] = _told(value)


def _kept(record: Record, saved: tuple[Any, ...] | None) -> Iterator[tuple[int, Any]]:
    """Yield the ids of an operation's result and inputs with what is known of each: an array, or its shape alone."""
    if saved is not None:
        values: Sequence[Any] = saved
        if len(saved) == 2 and isinstance(saved[1], list):  # the arguments of a variadic operation
            values = (saved[0], *saved[1])
        for id, value in zip((record.output, *record.inputs), values, strict=False):
            if id and isinstance(value, np.ndarray | np.generic | Spec | float):
                yield id, value
    if record.shapes is not None:
        for id, shape in zip(record.inputs, record.shapes, strict=False):
            if id:
                yield id, Spec(tuple(shape), None)


def _told(value: Any) -> Summary:
    if not isinstance(value, Spec):
        return summary(value)
    size = int(np.prod(value.shape, dtype=np.int64))
    return Summary(value.shape, "" if value.dtype is None else name_of(value.dtype), size, UNSEEN, UNSEEN)
