"""`gradients`: differentiate what ran, without a tape, from the thread's memory of its newest operations."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.arrays.record import STATE
from gradtape.errors import ShapeError, TapeStateError
from gradtape.ops import Rule
from gradtape.tape import query
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable
    from types import FrameType

    from gradtape.arrays.record import Record


def gradients(
    ys: Any, xs: Any, grad_ys: Any = None, stop_gradients: Any = None, unconnected_gradients: str | None = None
) -> list[Any]:
    """Differentiate without a tape: the sum of `ys` with respect to each of `xs`.

    The newest operations of a thread are remembered, with what their derivatives need, up to
    `config(ambient_records=..., ambient_bytes=...)`. Nothing has to be watched.

    Parameters
    ----------
    ys, xs : Tensor, Variable or a list of them
    grad_ys : array_like or list, optional
        The weight of each of `ys`; None stands for ones.
    stop_gradients : Tensor or list of Tensor, optional
        Values that count as constants.
    unconnected_gradients : {"none", "zero", "raise"}
        What stands for a gradient that does not exist.

    Returns
    -------
    list
        One gradient per source, always a list.

    Raises
    ------
    ShapeError
        If there is not one of `grad_ys` for each of `ys`.
    TapeStateError
        If an operation on the way is remembered, but what its derivative needs is not.

    Examples
    --------
    >>> import gradtape as gt
    >>> x = gt.constant(3.0)
    >>> y = x * x
    >>> gt.gradients(y, x)
    [Tensor(6.)]
    """
    return gradients_for("gradients", ys, xs, grad_ys, stop_gradients, unconnected_gradients, _getframe(1))


def gradients_for(
    kind: str, ys: Any, xs: Any, grad_ys: Any, stop_gradients: Any, unconnected: str | None, frame: FrameType
) -> list[Any]:
    """Do the work of `gradients` for a door that knows its caller's frame and the name it goes by."""
    targets, sources = _listed(ys), _listed(xs)
    weights = None if grad_ys is None else _listed(grad_ys)
    if weights is not None and len(weights) != len(targets):
        raise located(
            ShapeError,
            f"{kind}: length mismatch: {len(weights)} grad_ys for {len(targets)} ys",
            frame,
            "give one per target",
        )
    stopped = {leaf._id for _, leaf in flatten(stop_gradients) if isinstance(leaf, Node)}
    records, saved = remembered(stopped)
    wanted = {x._id for x in sources if isinstance(x, Node)}
    lost = lost_on_the_way(records, saved, wanted, {y._id for y in targets if isinstance(y, Node)}, stopped)
    if lost is not None:
        raise located(
            TapeStateError,
            f"{kind}: `{lost.op.name}` at line {lost.site.span.line} is on the way; what its derivative needs is gone",
            frame,
            "operations inside a tape are kept by that tape alone: ask it, or compute without a tape",
            "outside tapes the newest are kept: raise `gradtape.config(ambient_bytes=...)`",
        )
    # the caller's own structures go on, so that messages call a target `y` and not `y[0]`
    weight = weights if weights is None or isinstance(ys, list | tuple) else weights[0]
    return _listed(query.ask(kind, None, records, saved, ys, xs, weight, unconnected, frame, recorded=True))


def _listed(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else [value]


def remembered(stopped: set[int]) -> tuple[list[Record], list[tuple[Any, ...] | None]]:
    """Merge the thread's memory with its open tapes into records in order, and what their rules need.

    The operations that made a value in `stopped` come without it: no path goes through them.
    """
    records = {record.output: record for recording in STATE.recordings for record in recording.records}
    records |= {record.output: record for record in STATE.ambient.records}
    saved: dict[int, tuple[Any, ...]] = {output: kept for output, kept, _ in STATE.ambient.saved}
    for recording in STATE.recordings:
        saved |= {
            r.output: kept for r, kept in zip(recording.records, recording.saved, strict=True) if kept is not None
        }
    order = sorted(records)
    return [records[k] for k in order], [None if k in stopped else saved.get(k) for k in order]


def lost_on_the_way(
    records: list[Record], saved: Iterable[Any], sources: set[int], targets: set[int], stopped: set[int]
) -> Record | None:
    """Find an operation between a source and a target whose rule is missing what it needs."""
    after = set(sources)
    suspects = []
    for record, kept in zip(records, saved, strict=True):
        if record.output in stopped or not any(
            i in after and isinstance(record.op.status(k), Rule) for k, i in enumerate(record.inputs)
        ):
            continue
        after.add(record.output)
        if kept is None:
            suspects.append(record)
    if not suspects:
        return None
    before = set(targets)
    for record in reversed(records):
        if record.output in before and record.output not in stopped:
            before.update(i for k, i in enumerate(record.inputs) if isinstance(record.op.status(k), Rule))
    return next((record for record in suspects if record.output in before), None)
