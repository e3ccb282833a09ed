"""GT403: the forward pass made something infinite or NaN: an overflowing exp, inf - inf, a softmax over -inf alone."""

from __future__ import annotations

from bisect import bisect_right
from typing import TYPE_CHECKING

from gradtape.explain import wording
from gradtape.explain.cancelling import SAME
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.causes.singular_point import headline, too_large
from gradtape.explain.numbers import EXPONENTIALS, FILLS, certain, constant_is_bad, origin
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from gradtape.explain.graph import Operation, Summary
    from gradtape.explain.pulls import Pull
    from gradtape.explain.report import Finding

KEEPING = SAME | {"negative", "absolute"}
"""Operations that make no NaN of what is infinite."""

DATA_HELP = "look at the data before they are used: `np.isfinite(x).all()`"

FAR = 1000
"""How many operations behind the one that overflowed are searched for the one that makes NaN of it."""


def detect(context: Context, spot: Spot) -> Finding | None:
    if spot.trouble is Trouble.DATA:
        return _data(context, spot)
    if spot.operation is None or spot.trouble not in {Trouble.FORWARD, Trouble.BACKWARD}:
        return None
    return told_forward(context, spot, spot.operation)


def told_forward(
    context: Context, spot: Spot, operation: Operation, hidden_by: Operation | None = None
) -> Finding | None:
    """Tell what the forward pass made; what is hidden is left out by an operation behind it, for the target."""
    pull = spot.pull
    if spot.trouble is Trouble.BACKWARD and pull is not None:
        if pull.inside is not None:
            return _inside(context, spot, pull, pull.inside)
        if too_large(pull) and (pull.output is None or pull.output.finite):
            return None
        operation = origin(context, operation, context.not_finite)
    route = wording.route_through(context, operation)
    made = context.values.get(operation.output) or (pull.output if pull is not None else None)
    name = wording.name_of(operation)
    spoiled = _spoiled(context, operation)
    sure, data = certain(context, operation), constant_is_bad(context, operation)
    makes = f"{name} makes {_what(made)} of finite numbers" if sure else f"{_what(made)} shows here first"
    labels = [(spoiled.site.span, f"{wording.name_of(spoiled)} makes NaN of it")] if spoiled is not None else []
    if hidden_by is not None:
        labels.append((hidden_by.site.span, f"{wording.name_of(hidden_by)} leaves it out, but NaN comes back"))
    return context.finding(
        "overflow" if hidden_by is None else "masked-branch",
        operation.site.span,
        f"NaN comes in here, in data: all that {name} is given besides is finite" if data else makes,
        labels=tuple(labels),
        notes=(*_facts(context, operation, made), *wording.again(spot), *wording.way_note(context, route, operation)),
        helps=(DATA_HELP,) if data else _helps(operation, spoiled),
        proven=sure,
        doubt="what went into it is not known",
        route=route,
        headline=headline(context),
    )


def _data(context: Context, spot: Spot) -> Finding | None:
    """Say that a value was bad before anything was computed: a source after a bad step, or the data."""
    mine = spot.value in context.source.ids
    name = context.source.name if mine else context.run.names.get(spot.value, "")
    known = context.values.get(spot.value)
    readers = context.run.columns.readers([spot.value])
    user = context.run.operations[readers[0]] if readers else None
    written = [e for e in context.run.events if mine and e.kind == "assign" and e.value in context.source.ids]
    made = written[-1].site.span if written else context.made_at(context.source) if mine else None
    at = made or (user.site.span if user is not None else None)
    if known is None or at is None:
        return None
    shown = f"`{name}`" if name else "a value that is used here"
    count = known.nans + known.infs
    return context.finding(
        "overflow",
        at,
        f"{shown} holds {_what(known)} before anything is computed",
        labels=((user.site.span, "it is used here"),) if user is not None else (),
        notes=(f"{count} of {known.size} elements" if known.size > 1 else "it is a single number",),
        helps=(
            "look where it was last written: an update with a gradient that was not finite spoils it for good"
            if mine
            else DATA_HELP,
        ),
        headline=headline(context),
    )


def _inside(context: Context, spot: Spot, pull: Pull, inner: Operation) -> Finding:
    """Say where the user's own derivative lost the numbers."""
    route = wording.route_through(context, pull.operation, pull.position)
    return context.finding(
        "overflow",
        inner.site.span,
        f"{wording.name_of(inner)} makes something infinite or NaN here, in the backward pass",
        labels=((pull.operation.site.span, "this is the operation whose derivative it is"),),
        notes=(*wording.again(spot), *wording.way_note(context, route, pull.operation)),
        helps=("write the derivative so that its parts stay finite",),
        route=route,
        headline=headline(context),
    )


def _spoiled(context: Context, operation: Operation) -> Operation | None:
    """Return the operation that made NaN of the infinity that another had put in."""
    first = context.values.get(operation.output)
    if first is None or first.nans:
        return None
    reached, values, columns = {operation.output}, context.values, context.run.columns
    inputs, outputs, before = columns.inputs, columns.outputs, context.before_target
    for number in range(bisect_right(columns.seqs, operation.seq), len(columns)):
        output = outputs[number]
        if reached.isdisjoint(inputs[number]) or output not in before:
            continue
        if columns.functions[number] not in KEEPING and values.has_nan(output):
            return columns[number]
        reached.add(output)
        if len(reached) > FAR:
            break
    return None


def _what(made: Summary | None) -> str:
    if made is None or (made.nans and made.infs):
        return "something infinite or NaN"
    return "NaN" if made.nans else "inf" if made.infs else "something infinite or NaN"


def _facts(context: Context, operation: Operation, made: Summary | None) -> tuple[str, ...]:
    facts = []
    if made is not None and made.size > 1:
        facts.append(f"{made.nans + made.infs} of {made.size} elements of the result are not finite")
    known = [(k, context.values.get(i)) for k, i in enumerate(operation.inputs) if i]
    ranges = [(k, v) for k, v in known if v is not None and v.size and v.low == v.low]
    for _, v in ranges[:2]:
        told = wording.number(v.low) if v.low == v.high else f"{wording.number(v.low)} to {wording.number(v.high)}"
        facts.append(f"its argument is {told}" if len(known) == 1 else f"an argument is {told}")
    return tuple(facts)


def _helps(operation: Operation, spoiled: Operation | None) -> tuple[str, ...]:
    if operation.function in FILLS:
        if spoiled is not None and spoiled.function in {"softmax", "log_softmax", "logsumexp", "divide"}:
            return ("fill with a large negative number, -1e9, so that a row with nothing else stays finite",)
        return ("put a finite number in", "or leave these elements out before the operation that spoils them")
    if operation.function in EXPONENTIALS:
        return ("keep its argument bounded, or use a function that does not overflow: sigmoid, softplus, logsumexp",)
    return ("keep its arguments in a range in which the result exists",)


CAUSE = Cause("overflow", Stage.NUMBERS, detect)
