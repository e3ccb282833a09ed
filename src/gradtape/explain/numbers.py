"""Where numbers get lost on the way from the target back to one source: the spots that causes of NUMBERS speak of."""

from __future__ import annotations

import ast
from collections import defaultdict
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import syntax
from gradtape.explain import flat, singular
from gradtape.explain.report import Status
from gradtape.explain.search import backward_cone

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics import Site
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Operation, Pull, Summary


class Trouble(StrEnum):
    """What happened at a spot."""

    DATA = "data"
    """A value was infinite or not a number before anything was computed from it."""
    FORWARD = "forward"
    """An operation made something infinite or NaN from numbers, and the target is that too."""
    BACKWARD = "backward"
    """Something finite came back to an operation, and what it gave is not."""
    ZERO = "zero"
    """Something came back to an operation, and it gave nothing but zeros."""
    CONSTANT = "constant"
    """The ways from the source to a value cancel each other, whatever the numbers are."""
    CANCELLED = "cancelled"
    """What came back on several ways adds up to zero at these numbers."""
    SMALL = "small"
    LARGE = "large"
    """The gradient is too small or too large to be of use; the spot is where most of it was made."""


class Spot(NamedTuple):
    """One place on the way, with what was seen there.

    Parameters
    ----------
    trouble : Trouble
    operation : Operation or None
        None only for DATA.
    pull : Pull or None
        The step of the backward pass, where there is one.
    value : int
        The id of the value, for DATA and CANCELLED.
    times : int
        How often it happened at the same expression.
    whole : bool
        For CANCELLED: whether all of the ways lead through one expression, the parts of one function.
    factor : float
        For SMALL and LARGE: by how much all of that changed the size.
    """

    trouble: Trouble
    operation: Operation | None
    pull: Pull | None = None
    value: int = 0
    times: int = 1
    whole: bool = False
    factor: float = 1.0


def spots(context: Context) -> tuple[Spot, ...]:
    """Return where numbers got lost, in the order of the run."""
    question = context.question
    if question.status is Status.NAN:
        return _in_order(_not_finite_anywhere(context))
    if question.status is Status.ZERO:
        return _in_order([*constants(context), *zeros(context)] or cancelled(context))
    if question.status is Status.OK and question.pulls:
        return tuple(sizes(context))
    return ()


def _not_finite_anywhere(context: Context) -> list[Spot]:
    """Return where the forward pass made something infinite or NaN that reached the target, else where the backward.

    Where it is not known what went into the operation that seems to be the first, the backward pass is the better
    witness.
    """
    made = [] if target_is_finite(context) else forward(context)
    if made and all(s.operation is None or certain(context, s.operation) for s in made):
        return made
    return backward(context) or made


def _in_order(found: Iterable[Spot]) -> tuple[Spot, ...]:
    """Sort spots, those of one expression together: a loop passes the same place many times."""
    groups: dict[object, Spot] = {}
    for spot in found:
        operation = spot.operation
        key = spot.value if operation is None else (spot.trouble, operation.site, operation.function)
        known = groups.get(key)
        groups[key] = spot if known is None else known._replace(times=known.times + 1)
    return tuple(sorted(groups.values(), key=lambda s: s.operation.seq if s.operation is not None else 0))


# -- what the forward pass made ---------------------------------------------------------------------------------------


def target_is_finite(context: Context) -> bool:
    """Whether nothing says that the target itself is infinite or not a number."""
    known = [context.values.get(i) for i in context.question.target_ids]
    return all(values is None or values.finite for values in known)


def not_finite(context: Context) -> dict[int, bool]:
    """Return for each value on the way to the target whether it has elements that are not finite.

    What a value is like that nobody looked at follows from what it was made of.
    """
    state: dict[int, bool] = {}

    def of(value: int) -> bool:
        if value not in state:
            known = context.values.get(value)
            state[value] = known is not None and not known.finite
        return state[value]

    for operation in context.run.operations:
        if operation.output in context.before_target:
            before = [of(i) for i in operation.inputs if i]
            known = context.values.get(operation.output)
            state[operation.output] = any(before) if known is None else not known.finite
    return state


EXPONENTIALS = frozenset({"exp", "exp2", "expm1", "sinh", "cosh", "power", "float_power", "exp10", "square"})
"""Operations that overflow, and whose derivative is infinite then too."""


def forward(context: Context) -> list[Spot]:
    """Return where something infinite or NaN was made from numbers, of all that reached the target.

    An overflow behind it comes first, also if only a finite part of it was used on: `log` gets 0 because it was divided
    by infinity, and mending the `log` alone would leave the overflow's derivative.
    """
    bad = not_finite(context)
    found: list[Spot] = []
    queue = [i for i in context.question.target_ids if bad.get(i)]
    seen = set(queue)
    while queue:
        value = queue.pop()
        operation = context.run.producers.get(value)
        before = [i for i in operation.inputs if bad.get(i)] if operation is not None else []
        if operation is None:
            found.append(Spot(Trouble.DATA, None, value=value))
        elif not before:
            first = _overflow_behind(context, operation, bad) or operation
            found.append(Spot(Trouble.FORWARD, first, step_of(context, first), first.output))
        queue += [i for i in dict.fromkeys(before) if i not in seen]
        seen.update(before)
    return found


def _overflow_behind(context: Context, operation: Operation, bad: dict[int, bool]) -> Operation | None:
    """Return the first operation on the ways from the source to this one that overflowed."""
    queue, seen = list(operation.inputs), set(operation.inputs)
    found = None
    while queue:
        maker = context.run.producers.get(queue.pop())
        if maker is None or maker.output not in context.after_source:
            continue
        overflows = bad.get(maker.output) and not any(bad.get(i) for i in maker.inputs)
        if overflows and maker.function in EXPONENTIALS and (found is None or maker.seq < found.seq):
            found = maker
        queue += [i for i in maker.inputs if i and i not in seen]
        seen.update(maker.inputs)
    return found


# -- what the backward pass made --------------------------------------------------------------------------------------


def backward(context: Context) -> list[Spot]:
    """Return where something infinite or NaN was given though what came was finite.

    If something came, and the operation already had infinities or NaN to work with, then where those were made.
    """
    bad = not_finite(context)
    found = []
    for pull in context.pulls:
        if makes_not_finite(pull):
            first = origin(context, pull.operation, bad)
            if first is not pull.operation and not nothing_came(pull):
                found.append(Spot(Trouble.FORWARD, first, step_of(context, first)))
            else:
                found.append(Spot(Trouble.BACKWARD, pull.operation, pull))
    return found


def origin(context: Context, operation: Operation, bad: dict[int, bool]) -> Operation:
    """Return the operation whose result was infinite or NaN first, of those that led to this one."""
    seen = {operation.output}
    while True:
        before = [i for i in operation.inputs if bad.get(i) and i in context.run.producers and i not in seen]
        if not before:
            return operation
        seen.update(before)
        operation = context.run.producers[before[0]]


def certain(context: Context, operation: Operation) -> bool:
    """Whether it is known that what went into an operation was finite."""
    return all(_surely_finite(context, i) for i in operation.inputs if i)


HARMLESS = frozenset({"add", "subtract", "negative", "multiply", "divide", "getitem", "transpose", "concatenate"})
"""Operations that make nothing infinite of numbers in the usual range, if `divide` has a literal to divide by."""

FAR = 20
"""How many operations back it is followed."""


def _surely_finite(context: Context, value: int, depth: int = FAR) -> bool:
    """Whether a value is known to be finite, or made by plain arithmetic from such values and literals."""
    known = context.values.get(value)
    if known is not None:
        return known.finite
    operation = context.run.producers.get(value)
    if operation is None or not depth or operation.function not in HARMLESS | SAME:
        return False
    if operation.function == "divide" and operation.inputs[1]:
        return False
    return all(
        _surely_finite(context, i, depth - 1) if i else is_literal(operation, k) for k, i in enumerate(operation.inputs)
    )


def is_literal(operation: Operation, position: int) -> bool:
    """Whether an operand that is no tensor is a number in the text of the program."""
    node = syntax.expression_at(operation.site.span)
    if isinstance(node, ast.BinOp):
        node = (node.left, node.right)[min(position, 1)]
    elif isinstance(node, ast.Call) and position < len(node.args):
        node = node.args[position]
    node = node.operand if isinstance(node, ast.UnaryOp) else node
    if not isinstance(node, ast.Constant) or not isinstance(node.value, int | float):
        return False
    return node.value != 0 or operation.function != "divide"


def step_of(context: Context, operation: Operation) -> Pull | None:
    """Return a step of the backward pass through an operation."""
    return next((p for p in context.question.pulls if p.operation is operation), None)


def nothing_came(pull: Pull) -> bool:
    """Whether zero came back to the element that was lost, so that only a product with infinity can have lost it."""
    element = pull.element
    if element is None or element.came is None:
        return pull.came.zeros > 0 and pull.gave.nans > 0 and not pull.gave.infs
    return element.came == 0


def makes_not_finite(pull: Pull) -> bool:
    """Whether a step made something infinite or NaN, all of it or at least in one element where the table says why."""
    if pull.gave.finite:
        return False
    if pull.came.finite:
        return True
    element = pull.element
    came = element.came if element is not None else None
    return came is not None and abs(came) < float("inf") and singular.at_step(pull) is not None


def zeros(context: Context) -> list[Spot]:
    """Return where something came and nothing but zeros was given.

    A stationary point may stand before a region that is flat anyway, as in `relu(w) ** 2`; then that is told.
    """
    found = []
    for pull in context.pulls:
        if pull.gave.all_zero and pull.came.size and not pull.came.all_zero:
            if underflows(pull.came):
                found += _most_of(context, Trouble.SMALL)
                continue
            row = flat_at(context, pull)
            behind = _all_flat_before(context, pull) if row is None or row.harmless else []
            found += [Spot(Trouble.ZERO, p.operation, p) for p in behind or [pull]]
    return found


SMALLEST = {"bfloat16": 1e-36, "float16": 1e-6, "float32": 1e-36, "complex64": 1e-36}
"""Where the numbers of a dtype come to their end, a little above; that of double precision for all others is 1e-300."""


def underflows(cotangent: Summary) -> bool:
    """Whether what comes back is so small that the next factor below 1 may leave nothing of it."""
    return 0 < cotangent.largest < SMALLEST.get(cotangent.dtype, 1e-300)


def flat_at(context: Context, pull: Pull) -> flat.Flat | None:
    """Return why the derivative is zero at a step, None if no row knows."""
    row = flat.at_step(pull)
    if row is None or not row.by_others:
        return row
    others = [i for k, i in enumerate(pull.operation.inputs) if k != pull.position]
    return None if any(i in context.moving for i in others) else row


def _all_flat_before(context: Context, pull: Pull) -> list[Pull]:
    """Return the flat steps before one that nothing passes, if no way from the source leads around them."""
    dead = [p for p in context.pulls if p.came.all_zero and p.operation.seq < pull.operation.seq]
    rows = [(p, flat_at(context, p)) for p in dead]
    closed = {(p.operation.output, p.position): p for p, row in rows if row is not None and not row.harmless}
    if not closed:
        return []
    reached = set(context.source.ids)
    met: list[Pull] = []
    before = backward_cone(context.run, [pull.operation.inputs[pull.position]])
    for operation in context.run.operations:
        if operation.output not in before:
            continue
        for position, value in enumerate(operation.inputs):
            if value in reached and not operation.breaks[position]:
                if (operation.output, position) in closed:
                    met.append(closed[operation.output, position])
                else:
                    reached.add(operation.output)
    return met if pull.operation.inputs[pull.position] not in reached else []


def cancelled(context: Context) -> list[Spot]:
    """Return the values at which what came back on several ways adds up to zero."""
    ways: dict[int, list[Pull]] = defaultdict(list)
    total: dict[int, Summary] = {}
    for pull in context.pulls:
        total[pull.operation.output] = pull.came
        if not pull.gave.all_zero:
            ways[pull.operation.inputs[pull.position]].append(pull)
    gradient = context.question.gradient
    found = []
    for value, pulls in ways.items():
        sum_of = gradient if value in context.source.ids else total.get(value)
        if len(pulls) > 1 and sum_of is not None and sum_of.all_zero:
            first = min(pulls, key=lambda p: p.operation.seq)
            one = len({p.operation.site for p in pulls}) == 1
            found.append(Spot(Trouble.CANCELLED, first.operation, first, value, whole=one))
    return found


JOINING = frozenset(
    {"concatenate", "stack", "hstack", "vstack", "dstack", "column_stack", "block", "append", "setitem"}
)
"""Operations that put their inputs side by side: what comes back for one of them may be zero without their doing."""

SIGNS = {"add": (1, 1), "subtract": (1, -1), "negative": (-1,)}
SAME = frozenset({"identity", "copy", "positive", "reshape", "broadcast_to", "expand_dims", "squeeze", "ravel", "cast"})
"""Operations that give the same numbers in another form."""


def constants(context: Context) -> list[Spot]:
    """Return where the ways from the source cancel whatever the numbers are, as in `(mu + eps) - mu`.

    Followed are the operations that only add and subtract: how often, with its sign, the source is in a value.
    """
    counts: dict[int, int | None] = dict.fromkeys(context.source.ids, 1)
    found = []
    for operation in context.run.operations:
        if operation.output in counts or not any(i in counts for i in operation.inputs):
            continue
        signs = (1,) if operation.function in SAME else SIGNS.get(operation.function, ())
        count: int | None = 0
        for position, value in enumerate(operation.inputs):
            mine = counts.get(value, 0) if not operation.breaks[position] else 0
            if mine is None or (mine and position >= len(signs)):
                count = None
                break
            count = None if count is None else count + (mine * signs[position] if mine else 0)
        if count == 0 and _really_there(operation, counts):
            if operation.output in context.before_target:
                found.append(Spot(Trouble.CONSTANT, operation))
        else:
            counts[operation.output] = count
    return found


def _really_there(operation: Operation, counts: dict[int, int | None]) -> bool:
    return any(counts.get(v) and not operation.breaks[k] for k, v in enumerate(operation.inputs))


def flows_besides(context: Context, cancelling: Iterable[Spot]) -> bool:
    """Whether the target depends on the source on a way that meets none of the spots."""
    ends = {s.operation.output for s in cancelling if s.operation is not None}
    reached = set(context.source.ids)
    for operation in context.run.operations:
        if operation.output not in ends and any(
            i in reached and not operation.breaks[k] for k, i in enumerate(operation.inputs)
        ):
            reached.add(operation.output)
    return not reached.isdisjoint(context.question.target_ids)


# -- sizes ------------------------------------------------------------------------------------------------------------

EPSILON = {"bfloat16": 7.8e-3, "float16": 9.8e-4, "float32": 1.2e-7, "complex64": 1.2e-7}
"""The relative distance of neighbouring numbers by dtype; that of double precision for all others."""

ADAM = 1e-8
"""What Adam and its like add to the size of a gradient before they divide by it."""


def sizes(context: Context) -> list[Spot]:
    """Return where a gradient became too small or too large to be of use.

    The measure has no unit: by how much of itself the target changes when the source changes by as much as itself. If
    that is below rounding even after a division by `ADAM`, no optimizer can move the source; if it is above the
    inverse, no step is small enough.
    """
    gradient = context.question.gradient
    if gradient is None or not gradient.largest > 0:
        return []
    target = max((_size(context.values.get(i)) for i in context.question.target_ids), default=0.0) or 1.0
    source = max((_size(context.values.get(i)) for i in context.source.ids), default=0.0)
    limit = EPSILON.get(context.source.dtype, 2.2e-16) * ADAM
    if gradient.largest * max(source, 1.0) / target < limit:
        return _most_of(context, Trouble.SMALL)
    if gradient.largest * (source or 1.0) / target > 1.0 / limit:
        return _most_of(context, Trouble.LARGE)
    return []


def _size(values: Summary | None) -> float:
    return values.largest if values is not None and values.largest == values.largest else 0.0


def _most_of(context: Context, trouble: Trouble) -> list[Spot]:
    """Return the expression at which the sizes changed most, over all steps there."""
    factors: dict[tuple[Site, str], float] = defaultdict(lambda: 1.0)
    at: dict[tuple[Site, str], list[Pull]] = defaultdict(list)
    for pull in context.pulls:
        if pull.came.largest > 0 and pull.gave.largest > 0:
            key = (pull.operation.site, pull.operation.function)
            product = factors[key] * (pull.gave.largest / pull.came.largest)
            factors[key] = min(max(product, 1e-300), 1e300)  # many steps leave the range of numbers
            at[key].append(pull)
    if not factors:
        return []
    key = min(factors, key=factors.__getitem__) if trouble is Trouble.SMALL else max(factors, key=factors.__getitem__)
    extreme = min if trouble is Trouble.SMALL else max
    pull = extreme(at[key], key=lambda p: p.gave.largest / p.came.largest)
    return [Spot(trouble, pull.operation, pull, times=len(at[key]), factor=factors[key])]
