"""Where the ways from a source cancel whatever the numbers are: the gradient is zero, and rounding all that is left."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Run

SAME = frozenset({"identity", "copy", "positive", "reshape", "broadcast_to", "expand_dims", "squeeze", "ravel", "cast"})
"""Operations that give the same numbers in another form."""

SIGNS = {"add": (1, 1), "subtract": (1, -1), "negative": (-1,)} | dict.fromkeys(SAME, (1,))
"""Operations that only add and subtract: the signs of their inputs."""

JOINED = frozenset({function for function, signs in SIGNS.items() if len(signs) > 1})
"""Those of them at which a value can meet itself."""


REDUCING = frozenset({"mean", "sum"})
"""Operations that make one number of all elements, where they are not told to keep some apart."""


class Share(NamedTuple):
    """How often, with its sign, the source is in a value: itself, or the mean of its elements."""

    times: int
    averaged: bool = False


def constants(context: Context) -> list[Spot]:
    """Return where the ways from the source cancel whatever the numbers are, as in `(mu + eps) - mu`.

    Followed are the operations that only add and subtract: how often, with its sign, the source is in a value.
    """
    sources, number = context.asked
    meeting: int = context.run.once(("meeting", sources), lambda: _meeting(context.run, sources))
    if not meeting >> number & 1:
        return []
    shares: dict[int, Share | None] = dict.fromkeys(context.source.ids, Share(1))
    known, columns = shares.keys(), context.run.columns
    found = []
    for number, inputs in enumerate(columns.inputs):
        output = columns.outputs[number]
        if known.isdisjoint(inputs) or output in shares:
            continue
        share, there = _share(context, number, shares)
        if share is None or share.times:
            shares[output] = share
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
        if known.isdisjoint(inputs) or (function not in SIGNS and function not in REDUCING):
            continue
        mask = 0
        for value in inputs:
            here = masks.get(value, 0)
            met |= mask & here
            mask |= here
        masks[output] = masks.get(output, 0) | mask
    return met


def _share(context: Context, number: int, shares: dict[int, Share | None]) -> tuple[Share | None, bool]:
    """Return the source's share in a result, None if it is no matter of adding and subtracting; and if it came."""
    columns = context.run.columns
    averages = _means_of_all(context, number)
    signs = (averages,) if averages else SIGNS.get(columns.functions[number], ())
    breaks = columns.broken.get(number)
    times, averaged = 0, set[bool]()
    for position, value in enumerate(columns.inputs[number]):
        if value in shares and not (breaks and breaks[position]):
            mine = shares[value]
            if mine is None or position >= len(signs):
                return None, True
            times += mine.times * signs[position]
            averaged.add(mine.averaged)
    if len(averaged) > 1:
        return None, True
    return Share(times, bool(averages) or True in averaged), bool(averaged)


def _means_of_all(context: Context, number: int) -> int:
    """Return how often an operation gives the mean of all elements: once, or as a sum; 0 if it gives something else.

    What is added to all rows is in that as its own mean.
    """
    columns = context.run.columns
    function = columns.functions[number]
    if function not in REDUCING:
        return 0
    params, result = columns[number].params, context.values.get(columns.outputs[number])
    of_all = params["axis"] is None if "axis" in params else result is not None and result.shape == ()
    summed = context.values.get(columns.inputs[number][0]) if function == "sum" and of_all else None
    return summed.size if summed is not None else int(of_all and function == "mean")


def added_alike(context: Context) -> bool:
    """Whether all that reads the source does the same with it: one layer's bias, in two outputs that are subtracted.

    The difference of two outputs of one network does not depend on the bias of its last layer, and is not meant to.
    """
    columns, ids = context.run.columns, set(context.source.ids)
    places: list[tuple[str, int]] = []
    waiting = list(ids)
    while waiting:
        readers = columns.readers(waiting)
        places += [
            (columns.functions[n], position)
            for n in readers
            if columns.functions[n] not in SAME
            for position, value in enumerate(columns.inputs[n])
            if value in ids
        ]
        waiting = [columns.outputs[n] for n in readers if columns.functions[n] in SAME]  # a variable that is read
        ids.update(waiting)
    return len(places) > 1 and len(set(places)) == 1


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
