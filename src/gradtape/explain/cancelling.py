"""Where the ways from a source cancel whatever the numbers are: the gradient is zero, and rounding all that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.cause import Context
    from gradtape.explain.columns import Columns
    from gradtape.explain.graph import Run

SAME = frozenset({"identity", "copy", "positive", "reshape", "broadcast_to", "expand_dims", "squeeze", "ravel", "cast"})
"""Operations that give the same numbers in another form."""

SIGNS = {"add": (1, 1), "subtract": (1, -1), "negative": (-1,)} | dict.fromkeys(SAME, (1,))
"""Operations that only add and subtract: the signs of their inputs."""

JOINED = frozenset({function for function, signs in SIGNS.items() if len(signs) > 1})
"""Those of them at which a value can meet itself."""


def constants(context: Context) -> list[Spot]:
    """Return where the ways from the source cancel whatever the numbers are, as in `(mu + eps) - mu`.

    Followed are the operations that only add and subtract: how often, with its sign, the source is in a value.
    """
    sources, number = context.asked
    meeting: int = context.run.once(("meeting", sources), lambda: _meeting(context.run, sources))
    if not meeting >> number & 1:
        return []
    counts: dict[int, int | None] = dict.fromkeys(context.source.ids, 1)
    known, columns = counts.keys(), context.run.columns
    found = []
    for number, inputs in enumerate(columns.inputs):
        output = columns.outputs[number]
        if known.isdisjoint(inputs) or output in counts:
            continue
        count, there = _count(columns, number, counts)
        if count != 0:
            counts[output] = count
        elif there and output in context.before_target:
            found.append(Spot(Trouble.CONSTANT, columns[number]))
    return found


def _meeting(run: Run, sources: tuple[frozenset[int], ...]) -> int:
    """Return which sources meet themselves on ways that only add and subtract: a bit for each; one pass for all."""
    masks: dict[int, int] = {}
    for k, ids in enumerate(sources):
        for value in ids:
            masks[value] = masks.get(value, 0) | 1 << k
    met = 0
    known, columns = masks.keys(), run.columns
    if JOINED.isdisjoint(columns.functions):
        return 0
    for inputs, output, function in zip(columns.inputs, columns.outputs, columns.functions, strict=True):
        if known.isdisjoint(inputs) or function not in SIGNS:
            continue
        mask = 0
        for value in inputs:
            here = masks.get(value, 0)
            met |= mask & here
            mask |= here
        masks[output] = masks.get(output, 0) | mask
    return met


def _count(columns: Columns, number: int, counts: dict[int, int | None]) -> tuple[int | None, bool]:
    """Return how often the source is in a result, None if it is no matter of adding and subtracting; and if it came."""
    signs = SIGNS.get(columns.functions[number], ())
    breaks = columns.broken.get(number)
    count, there = 0, False
    for position, value in enumerate(columns.inputs[number]):
        if value in counts and not (breaks and breaks[position]):
            mine = counts[value]
            if mine is None or position >= len(signs):
                return None, True
            count += mine * signs[position]
            there = True
    return count, there


def flows_besides(context: Context, cancelling: Iterable[Spot]) -> bool:
    """Whether the target depends on the source on a way that meets none of the spots."""
    ends = {s.operation.output for s in cancelling if s.operation is not None}
    reached = set(context.source.ids)
    columns = context.run.columns
    for number, inputs in enumerate(columns.inputs):
        if reached.isdisjoint(inputs) or columns.outputs[number] in ends:
            continue
        if number not in columns.broken or not reached.isdisjoint(columns.open_inputs(number)):
            reached.add(columns.outputs[number])
    return not reached.isdisjoint(context.question.target_ids)
