"""Whole Jacobians: the sweeps of `reverse` and `forward`, run once on a batch of seeds instead of once per element."""

from __future__ import annotations

import warnings
from math import prod
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape import _config
from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node, family_of, in_family, is_differentiable
from gradtape.arrays.failures import describe, located
from gradtape.arrays.frames import user_frame
from gradtape.arrays.record import STATE
from gradtape.arrays.tensor import wrap
from gradtape.errors import MixedExamplesWarning, NoGradientError, RuleError, ShapeError, SourceError
from gradtape.ops import Index
from gradtape.spaces.batched import Batched
from gradtape.tape import missing, query
from gradtape.tape.asked import Leaf, Swept, asked_from
from gradtape.tape.forward import Failed, plain, push
from gradtape.tape.namespaces import NAMESPACES
from gradtape.tape.reverse import needed_ids, sweep
from gradtape.tape.structure import rebuild

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import FrameType

    from gradtape.arrays.record import Recording, Written

BUDGET = 1 << 24
"""How many elements the widest array of a batched sweep may have; larger batches are cut into several sweeps."""


class Run(NamedTuple):
    """What ran, as a sweep needs it, and how to sweep.

    `width` is how many seeds go into one sweep: None as many as fit, 0 each alone and without batches.
    """

    recording: Recording
    records: Sequence[Written]
    recorded: bool
    width: int | None = None


def jacobian(kind: str, run: Run, target: Any, sources: Any, unconnected: str | None, frame: FrameType) -> Any:
    """Answer `tape.jacobian`: for each source, an array of the target's shape and then the source's."""
    unconnected = query.what_stands_for_none(unconnected)
    asking = query.Asking(kind, run.recording, frame)
    refuse_nested("target", target, asking)
    (leaf,) = query.check_targets(target, sources, asking)
    wanted = query.check_sources((leaf,), sources, asking)
    shape = leaf.value._value.shape if leaf.id else ()
    results = blocks(kind, run, leaf, wanted, frame)
    shapes = [(*shape, *s.value._value.shape) for s in wanted]
    return answered(kind, run, leaf, wanted, results, shapes, unconnected, frame, sources)


def blocks(kind: str, run: Run, target: Leaf, wanted: tuple[Leaf, ...], frame: FrameType) -> tuple[Any, ...]:
    """Return the Jacobian of one target by each source, None where there is no path."""
    if not target.id or not is_differentiable(target.value._value):
        return (None,) * len(wanted)
    value = target.value._value
    n, shape = value.size, value.shape
    found = rows(run, target, wanted, n, lambda first, count: unit(n, first, count, value.dtype, shape), (kind, frame))
    return tuple(
        None if f is None else query.in_the_form_of(s, reshaped(f, (*shape, *s.value._value.shape)), frame)
        for s, f in zip(wanted, found, strict=True)
    )


def answered(
    kind: str,
    run: Run,
    target: Leaf,
    wanted: tuple[Leaf, ...],
    results: tuple[Any, ...],
    shapes: Sequence[tuple[int, ...]],
    unconnected: str,
    frame: FrameType,
    sources: Any,
) -> Any:
    """Announce the results, put what was asked for in the place of missing ones, and give them the sources' form."""
    query.remember_results(() if run.recorded else (target,), results, frame)
    moves = bool(target.id) and is_differentiable(target.value._value)
    seeds = {target.id: np.ones_like(target.value._value)} if moves else {}
    swept = Swept(run.records, run.recording.saved, seeds)
    asked = asked_from(kind, run.recording, (target,), wanted, results, frame, swept=swept)
    missing.announce(asked)
    if any(r is None for r in results):
        if unconnected == "zero":
            results = tuple(
                zeros(s, shape) if r is None else r for r, s, shape in zip(results, wanted, shapes, strict=True)
            )
        else:
            results = missing.fill(asked, results, unconnected, frame)
    leaves = iter(results)
    return rebuild(sources, lambda: next(leaves))


def zeros(source: Leaf, shape: tuple[int, ...]) -> Any:
    """Return zeros of a shape, with the source's dtype and family."""
    made, family = wrap(np.zeros(shape, source.value._value.dtype)[()]), family_of((source.value,))
    return made if family is None else in_family(made, family)


def refuse_nested(name: str, value: Any, asking: query.Asking) -> None:
    """Insist on one tensor."""
    if isinstance(value, list | tuple | dict):
        raise located(
            SourceError,
            f"{asking.kind}: `{name}` is {describe(value)}; a Jacobian is of one tensor",
            asking.frame,
            "ask for each alone, or stack them: `np.concatenate`",
        )


def unit(n: int, first: int, count: int, dtype: Any, shape: tuple[int, ...]) -> Any:
    """Return the seeds `first` to `first + count` of `n`: each is 1 at one element and 0 elsewhere."""
    seeds = np.zeros((count, n), dtype)
    seeds[np.arange(count), np.arange(first, first + count)] = 1.0
    return seeds.reshape(count, *shape)


def reshaped(array: Any, shape: tuple[int, ...]) -> Any:
    """Reshape an array, recorded if it is a tensor."""
    return doors.SPACE.reshape(array, shape=shape) if isinstance(array, Node) else array.reshape(shape)[()]


def rows(
    run: Run, target: Leaf, wanted: tuple[Leaf, ...], n: int, seeds: Any, asking: tuple[str, FrameType]
) -> list[Any]:
    """Return for each source the cotangents of `n` seeds, stacked, or None; `seeds(first, count)` makes the seeds.

    An empty target has no seeds. It is swept with one of zeros, to find out which sources it is connected to.
    """
    recording = run.recording
    ids = {s.id for s in wanted if is_differentiable(s.value._value) and query.answers_for(recording, s)}
    needed = recording.known | ids if recording.roots <= ids else needed_ids(run.records, recording.saved, ids)
    width = width_of(run, needed) if n else 1
    parts = []
    try:
        for first in range(0, max(n, 1), max(width, 1)):
            count = min(max(width, 1), n - first)
            seed = seeds(first, count) if n else np.zeros((1, *target.value._value.shape), target.value._value.dtype)
            parts.append(swept(run, target, seed, ids, needed))
    except (NoGradientError, RuleError) as error:
        query.failed(error, query.Asking(asking[0], recording, asking[1]), (target,), wanted)
    joined = {i: join([p[i] for p in parts]) for i in parts[0]}
    if not n:
        joined = {i: cut(j) for i, j in joined.items()}
    return [joined.get(s.id) if s.id in ids or s.id == target.id else None for s in wanted]


def swept(run: Run, target: Leaf, seed: Any, ids: set[int], needed: set[int]) -> dict[int, Any]:
    """Sweep backwards from a batch of seeds; each source's cotangents come stacked."""
    recording, batched = run.recording, run.width != 0
    xp = NAMESPACES[run.recorded, batched]
    base = doors.SPACE.constant(seed) if run.recorded else seed
    start = Batched(base, xp) if batched else doors.SPACE.getitem(base, Index(0)) if run.recorded else base[0]

    def attempt(*, strong: bool) -> dict[int, Any]:
        return sweep(
            run.records,
            recording.saved,
            {target.id: start},
            ids,
            needed,
            recorded=run.recorded,
            strong=strong,
            batched=batched,
        )

    found = attempt(strong=False)
    finite = all(np.isfinite(plain(f)).all() for f in found.values())
    if not finite and _config.settings.strong_zeros and np.isfinite(target.value._value).all():
        found = attempt(strong=True)
    found = {target.id: start} | found  # a target is its own source, also where the tape never saw it
    return {i: stacked(f, len(seed)) for i, f in found.items()}


def stacked(found: Any, count: int) -> Any:
    """Return a batch's array; what is the same for all members, or was swept alone, gets the axis now."""
    if isinstance(found, Batched) and found.batched:
        return found.array
    array = found.array if isinstance(found, Batched) else found
    shape = (count, *array.shape)
    return doors.SPACE.broadcast_to(array, shape=shape) if isinstance(array, Node) else np.broadcast_to(array, shape)


def join(parts: list[Any]) -> Any:
    """Join what several sweeps gave."""
    if len(parts) == 1:
        return parts[0]
    return doors.SPACE.concatenate(parts, axis=0) if isinstance(parts[0], Node) else np.concatenate(parts)


def cut(array: Any) -> Any:
    """Drop the only row."""
    return doors.SPACE.getitem(array, Index(slice(0, 0))) if isinstance(array, Node) else array[:0]


def width_of(run: Run, needed: set[int]) -> int:
    """Return how many seeds go into one sweep, so that its widest array keeps within the budget."""
    if run.width is not None:
        return run.width
    widest = 1
    for record, kept in zip(run.records, run.recording.saved, strict=True):
        if kept is not None and record[2] in needed:
            for value in kept:
                values = value if isinstance(value, list) else (value,)
                widest = max(widest, *(getattr(v, "size", 1) for v in values))
    return max(1, BUDGET // widest)


def columns(run: Run, targets: Sequence[Leaf], source: Leaf) -> list[Any]:
    """Return the Jacobians of targets by one source in forward mode, None where there is no path.

    Raises
    ------
    NoGradientError
        If a rule on the way cannot be transposed.
    """
    recording, value = run.recording, source.value._value
    n, xp = value.size, NAMESPACES[run.recorded, True]
    width = width_of(run, recording.known) if n else 1
    parts: list[list[Any]] = []
    for first in range(0, max(n, 1), max(width, 1)):
        count = min(max(width, 1), n - first) if n else 1
        seeds = unit(n, first, count, value.dtype, value.shape) if n else np.zeros((1, *value.shape), value.dtype)
        base = doors.SPACE.constant(seeds) if run.recorded else seeds
        tangents: dict[int, Any] = {source.id: Batched(base, xp)}
        push(run.records, recording.saved, tangents, recorded=run.recorded, batched=True)
        parts.append([tangents.get(t.id) if t.id else None for t in targets])
        for found in parts[-1]:
            if type(found) is Failed:
                raise found.error
        parts[-1] = [None if f is None else stacked(f, count) for f in parts[-1]]
    return [
        None if pieces[0] is None else turned(join(pieces) if n else cut(pieces[0]), value.shape)
        for pieces in map(list, zip(*parts, strict=True))
    ]


def turned(stack: Any, shape: tuple[int, ...]) -> Any:
    """Make a stack of tangents, one per element of the source, end with the source's shape."""
    last = doors.SPACE.moveaxis(stack, 0, -1) if isinstance(stack, Node) else np.moveaxis(stack, 0, -1)
    return reshaped(last, (*stack.shape[1:], *shape))


def batch_jacobian(kind: str, run: Run, target: Any, source: Any, unconnected: str | None, frame: FrameType) -> Any:
    """Answer `tape.batch_jacobian`: the Jacobian of each example by itself.

    One more seed, with other weights for each example, tells whether examples interact.
    """
    unconnected = query.what_stands_for_none(unconnected)
    asking = query.Asking(kind, run.recording, frame)
    refuse_nested("target", target, asking)
    refuse_nested("source", source, asking)
    (leaf,) = query.check_targets(target, source, asking)
    (wanted,) = query.check_sources((leaf,), source, asking, "source")
    t, s = np.shape(plain(leaf.value)), tuple(wanted.value._value.shape)
    for name, shape in (("target", t), ("source", s)):
        if len(shape) < 2:
            raise located(
                ShapeError,
                f"{kind}: `{name}` has shape {shape} and must have rank at least 2",
                frame,
                "the first axis is that of the examples",
            )
    if t[0] != s[0]:
        raise located(
            ShapeError,
            f"{kind}: need the first dimension of the target's shape {t} and the source's {s} to match",
            frame,
            "the first axis is that of the examples",
        )
    result, n, full = None, prod(t[1:]), (t[0], *t[1:], *s[1:])
    if leaf.id and is_differentiable(leaf.value._value):
        dtype, spread = leaf.value._value.dtype, np.linspace(1.0, 2.0, t[0])

        def seeds(first: int, count: int) -> Any:
            made = np.zeros((count, t[0], n), dtype)
            for k in range(count):
                if first + k < n:
                    made[k, :, first + k] = 1.0
                else:
                    made[k] = spread[:, None]
            return made.reshape(count, *t)

        (found,) = rows(run, leaf, (wanted,), n + 1 if n else 0, seeds, (kind, frame))
        if found is not None:
            if n:
                warn_of_mixing(plain(found), spread, kind, frame)
            space = doors.SPACE if isinstance(found, Node) else NAMESPACES[False, False]
            kept = space.getitem(found, Index(slice(0, n)))
            result = query.in_the_form_of(wanted, reshaped(space.moveaxis(kept, 0, 1), full), frame)
    return answered(kind, run, leaf, (wanted,), (result,), [full], unconnected, frame, source)


def warn_of_mixing(found: Any, spread: Any, kind: str, frame: FrameType) -> None:
    """Warn where the weighted seed gave something else than the weighted sum: then examples depend on each other."""
    ours = found[:-1].sum(0) * spread.reshape(-1, *(1,) * (found.ndim - 2))
    error, size = np.abs(ours - found[-1]).max(initial=0.0), np.abs(found).max(initial=0.0) * len(found)
    if not (np.isfinite(size) and error > 1e3 * np.finfo(found.dtype).eps * size):
        return
    place = user_frame(frame)
    warnings.warn_explicit(
        f"{kind}: the examples interact (the target of one depends on the source of another), and the sums over "
        "examples that come out are no Jacobians; `tape.jacobian` has all the parts",
        MixedExamplesWarning,
        place.f_code.co_filename,
        place.f_lineno,
        place.f_globals.get("__name__", "__main__"),
        place.f_globals.setdefault("__warningregistry__", {}),
    )


def run_of(recording: Recording, width: int | None = None) -> Run:
    """Return how to sweep a recording here and now: recorded if a tape is open."""
    records = query.without_early_reads(recording.written, recording.late) if recording.late else recording.written
    return Run(recording, records, bool(STATE.recordings), width)
