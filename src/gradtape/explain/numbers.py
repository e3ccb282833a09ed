"""Where numbers get lost on the way from the target back to one source: the spots that causes of NUMBERS speak of."""

from __future__ import annotations

import ast
from collections import Counter, defaultdict
from functools import partial
from math import isfinite
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain import flat, singular
from gradtape.explain.cancelling import SAME, constants
from gradtape.explain.report import Status
from gradtape.explain.search import backward_cone
from gradtape.explain.sizes import most_of, sizes, underflows
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Operation
    from gradtape.explain.known import NotFinite
    from gradtape.explain.pulls import Pull


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
    witness. Beside what reached the target, an operation that had nothing but numbers to work with may spoil others.
    """
    made = [] if target_is_finite(context) else forward(context)
    if made and all(s.operation is None or certain(context, s.operation) for s in made):
        besides = _singular_besides(context, made)
        return [*made, *_beside(context), *_spoiled_by_themselves(context, made), *besides]
    lost = backward(context)
    return [*lost, *_singular_besides(context, lost)] or made


def _beside(context: Context) -> list[Spot]:
    """Return where the backward pass makes something infinite or NaN by itself, whatever the forward pass made.

    All that such a step has to work with is finite: the root of zero, of a term beside the one that overflowed.
    """
    return [
        Spot(Trouble.BACKWARD, pull.operation, pull)
        for pull in context.own(context.every_pull.spoiling)
        if isfinite(pull.came_size) and pull.inputs and all(v is None or v.finite for v in (*pull.inputs, pull.output))
    ]


ALWAYS_SINGULAR = frozenset({"sqrt", "cbrt", "norm", "vector_norm", "arccos", "arcsin", "arccosh", "arctanh", "std"})
"""Operations whose derivative is infinite where the table says so, whatever else they are given."""


SUBGRADIENT = {"norm", "vector_norm", "std"}
"""Those to which PyTorch gives the slope zero there: nothing is lost once what comes back is finite."""


def _singular_besides(context: Context, lost: list[Spot]) -> list[Spot]:
    """Return the steps at a singular point to which nothing but what was lost behind them came.

    Nothing is computed from what was lost, and whatever will come once that is mended is multiplied with infinity.
    """
    every = context.every_pull
    always = ALWAYS_SINGULAR - (SUBGRADIENT if context.question.dialect == "torch" else set())
    hidden = (k for k in every.spoiling if not isfinite(every.came[k]))
    steep = [k for k in hidden if singular.plain(every.functions[k]) in always]
    found = [
        pull
        for pull in context.own(steep)
        if pull.inputs
        and all(v is None or v.finite for v in (*pull.inputs, pull.output))
        and singular.at_run(pull.operation.function, pull.inputs, pull.output) is not None
    ]
    if not found:
        return []
    touched = _computed_from(context, {s.operation.output for s in lost if s.operation is not None})
    return [Spot(Trouble.BACKWARD, p.operation, p) for p in found if p.operation.output not in touched]


def _spoiled_by_themselves(context: Context, made: list[Spot]) -> list[Spot]:
    """Return the steps back that had nothing but numbers to work with, and no part in what was lost on the way forward.

    Others may have been spoiled before them; these have an element of their own.
    """
    touched = _computed_from(context, {s.operation.output for s in made if s.operation is not None})
    alone = (s for s in backward(context) if s.trouble is Trouble.BACKWARD and s.operation is not None)
    return [s for s in alone if s.operation and s.operation.output not in touched and certain(context, s.operation)]


def _computed_from(context: Context, values: set[int]) -> set[int]:
    """Return these values, and all that was computed from them."""
    columns = context.run.columns
    for inputs, output in zip(columns.inputs, columns.outputs, strict=True):
        if not values.isdisjoint(inputs):
            values.add(output)
    return values


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
    return not any(context.values.finite(i) is False for i in context.question.target_ids)


EXPONENTIALS = frozenset({"exp", "exp2", "expm1", "sinh", "cosh", "power", "float_power", "exp10", "square"})
"""Operations that overflow, and whose derivative is infinite then too."""


FILLS = frozenset({"where", "masked_fill", "full", "constant", "select", "log", "tril", "triu", "pad"})
"""Operations that put something infinite in on purpose; what makes NaN of it is told beside them."""


def forward(context: Context) -> list[Spot]:
    """Return where something infinite or NaN was made from numbers, of all that reached the target.

    An overflow behind it comes first, also if only a finite part of it was used on: `log` gets 0 because it was divided
    by infinity, and mending the `log` alone would leave the overflow's derivative.
    """
    bad = context.not_finite
    key = "made", context.question.target_ids, id(context.question.pulls)
    found = []
    for operation, value in context.run.once(key, lambda: _first_not_finite(context)):
        if operation is None:
            found.append(Spot(Trouble.DATA, None, value=value))
        else:
            first = _overflow_behind(context, operation, bad) or operation
            found.append(Spot(Trouble.FORWARD, first, step_of(context, first), first.output))
    return found


def _first_not_finite(context: Context) -> list[tuple[Operation | None, int]]:
    """Return the values behind the target that are not finite though what they were made of is, and what made them."""
    bad = context.not_finite
    found: list[tuple[Operation | None, int]] = []
    queue = [i for i in context.question.target_ids if bad.get(i)]
    seen = set(queue)
    columns = context.run.columns
    maker, inputs = columns.maker, columns.inputs
    while queue:
        value = queue.pop()
        number = maker.get(value)
        before = bad.among(inputs[number]) if number is not None else []
        if not before:
            found.append((None if number is None else columns[number], value))
        for i in before:
            if i not in seen:
                seen.add(i)
                queue.append(i)
    return found


def _overflow_behind(context: Context, operation: Operation, bad: NotFinite) -> Operation | None:
    """Return the first operation on the ways from the source to this one that overflowed."""
    columns = context.run.columns
    own = columns.number_of(operation)
    if own is not None and EXPONENTIALS.isdisjoint(columns.functions[:own]):
        return None
    queue, seen = list(operation.inputs), {0, *operation.inputs}
    found = None
    while queue:
        value = queue.pop()
        number = columns.maker.get(value)
        if number is None or value not in context.after_source:
            continue
        inputs = columns.inputs[number]
        earlier = columns.functions[number] in EXPONENTIALS and (found is None or number < found)
        if earlier and bad.get(value) and not any(bad.get(i) for i in inputs):
            found = number
        queue += [i for i in inputs if i not in seen]
        seen.update(inputs)
    return None if found is None else columns[found]


# -- what the backward pass made --------------------------------------------------------------------------------------


def backward(context: Context) -> list[Spot]:
    """Return where something infinite or NaN was given though what came was finite.

    If something came, and the operation already had infinities or NaN to work with, then where those were made.
    """
    bad = context.not_finite
    found = []
    for pull in context.own(context.every_pull.spoiling):
        if makes_not_finite(pull):
            find = partial(origin, context, pull.operation, bad)
            first: Operation = context.run.once_of(("origin", id(bad)), pull.operation, find)
            if first is not pull.operation and not nothing_came(pull):
                found.append(Spot(Trouble.FORWARD, first, step_of(context, first)))
            else:
                found.append(Spot(Trouble.BACKWARD, pull.operation, pull))
    return found


def origin(context: Context, operation: Operation, bad: NotFinite) -> Operation:
    """Return the operation whose result was infinite or NaN first, of those that led to this one."""
    columns = context.run.columns
    maker, inputs = columns.maker, operation.inputs
    first: int | None = None
    while before := [i for i in bad.among(inputs) if i in maker and (first is None or maker[i] < first)]:
        first = maker[before[0]]
        inputs = columns.inputs[first]
    return operation if first is None else columns[first]


def certain(context: Context, operation: Operation) -> bool:
    """Whether it is known that what went into an operation was finite."""
    return all(_surely_finite(context, i) for i in operation.inputs if i)


PLAIN_SUMS = frozenset({"add", "subtract", "multiply"})
"""Operations that make no NaN of what is finite."""


def constant_is_bad(context: Context, operation: Operation) -> bool:
    """Whether a plain value that went into an operation was no number, as missing data are: all else was finite."""
    if operation.function not in PLAIN_SUMS or 0 not in operation.inputs:
        return False
    return context.values.has_nan(operation.output) and certain(context, operation)


HARMLESS = frozenset({"add", "subtract", "negative", "multiply", "divide", "getitem", "transpose", "concatenate"})
"""Operations that make nothing infinite of numbers in the usual range, if `divide` has a literal to divide by."""

FAR = 20
"""How many operations back it is followed."""


def _surely_finite(context: Context, value: int, depth: int = FAR) -> bool:
    """Whether a value is known to be finite, or made by plain arithmetic from such values and literals."""
    finite = context.values.finite(value)
    if finite is not None:
        return finite
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
    pulls = context.question.pulls
    steps: dict[int, Pull] = context.run.once_of(
        "first steps", pulls, lambda: {id(pull.operation): pull for pull in reversed(pulls)}
    )
    return steps.get(id(operation))


def nothing_came(pull: Pull) -> bool:
    """Whether zero came back to the element that was lost, so that only a product with infinity can have lost it."""
    element = pull.element
    summed = pull.gave.size < pull.came.size  # over elements, so that one of them alone shows nothing
    if element is None or element.came is None or summed:
        return pull.came.zeros > 0 and pull.gave.nans > 0 and not pull.gave.infs
    return element.came == 0


def makes_not_finite(pull: Pull) -> bool:
    """Whether a step that gave something infinite or NaN made it, at least in one element where the table says why."""
    if isfinite(pull.came_size):
        return True
    element = pull.element
    came = element.came if element is not None else None
    return came is not None and abs(came) < float("inf") and singular.at_step(pull) is not None


def zeros(context: Context) -> list[Spot]:
    """Return where something came and nothing but zeros was given.

    A stationary point may stand before a region that is flat anyway, as in `relu(w) ** 2`; then that is told.
    """
    found = []
    small: list[Spot] = []
    for pull in context.own(context.every_pull.zeroing):
        if not pull.gave.all_zero:
            continue
        if underflows(pull.came.dtype, pull.came.largest):
            small = small or most_of(context, Trouble.SMALL)
            continue
        row = flat_at(context, pull)
        bad = context.not_finite
        if row is None and any(bad.get(i) for i in (pull.operation.output, *pull.operation.inputs)):
            first = origin(context, pull.operation, bad)  # what is divided by infinity is zero
            found.append(Spot(Trouble.FORWARD, first, step_of(context, first)))
            continue
        overflowed = _divided_by_infinity(context, pull) if row is None or row.harmless else []
        if overflowed:
            found += overflowed
            continue
        behind = _multiplied_away(context, pull) or (
            _all_flat_before(context, pull) if row is None or row.harmless else []
        )
        found += [Spot(Trouble.ZERO, p.operation, p) for p in behind or [pull]]
    lost = any(s.pull is not None and flat_at(context, s.pull) is flat.UNDERFLOW for s in found)  # and so all behind it
    return found if lost else [*found, *small]


def _multiplied_away(context: Context, pull: Pull) -> list[Pull]:
    """Return the products that read what is put together here, if zeros among their factors leave this part nothing."""
    if pull.operation.function not in JOINING:
        return []
    read = {operation.output: operation for operation in readers_of(context, pull.operation)}
    if not all(operation.function in flat.RUNNING_PRODUCTS for operation in read.values()):
        return []
    return [p for p in context.every_pull if p.operation.output in read and flat.has_zeros(p)]


def readers_of(context: Context, operation: Operation) -> list[Operation]:
    """Return the operations that take what one gave, in whatever form."""
    columns, found, values = context.run.columns, [], [operation.output]
    while values:
        read = [columns[n] for n in columns.readers(values)]
        found += [reader for reader in read if reader.function not in SAME]
        values = [reader.output for reader in read if reader.function in SAME]
    return found


def _divided_by_infinity(context: Context, pull: Pull) -> list[Spot]:
    """Return what overflowed behind the zeros that a step works with: a number over infinity is zero."""
    columns = context.run.columns
    if not context.run.once("divides", lambda: "divide" in columns.functions):
        return []
    bad, values = context.not_finite, context.values
    queue, seen = list(pull.operation.inputs), set[int]()
    while queue:
        value = queue.pop()
        number = columns.maker.get(value)
        if value in seen or number is None or value not in context.after_source:
            continue
        seen.add(value)
        inputs, known = columns.inputs[number], values.get(value)
        if columns.functions[number] == "divide" and bad.among(inputs[1:]):
            first = origin(context, columns[number], bad)
            if first.function not in FILLS:
                return [Spot(Trouble.FORWARD, first, step_of(context, first))]
        if known is not None and known.all_zero:
            queue += inputs
    return []


def flat_at(context: Context, pull: Pull) -> flat.Flat | None:
    """Return why the derivative is zero at a step, None if no row knows."""
    row: flat.Flat | None = context.run.once_of("flat", pull, partial(flat.at_step, pull))
    if row is None or not row.by_others:
        return row
    if underflow(context, pull) is not None:
        return flat.UNDERFLOW
    others = [i for k, i in enumerate(pull.operation.inputs) if k != pull.position]
    return None if any(i in context.moving for i in others) else row


def underflow(context: Context, pull: Pull) -> Operation | None:
    """Return what made a factor of a product zero out of numbers that are not: they were too small for their dtype."""
    others = [i for k, i in enumerate(pull.operation.inputs) if k != pull.position]
    return next((made for i in others if (made := _underflowed(context, i)) is not None), None)


def _underflowed(context: Context, value: int) -> Operation | None:
    """Follow a value that is zero back to the product of numbers that are not zero."""
    known: dict[int, Operation | None] = context.run.once("underflows", dict)
    path: list[int] = []
    found: Operation | None = None
    while value and value not in known:
        seen, made = context.values.get(value), context.run.producers.get(value)
        if seen is None or not seen.all_zero or made is None:
            break
        path.append(value)
        known[value] = None
        inputs = [context.values.get(i) for i in made.inputs]
        if made.function in flat.SHRINKING and all(v is not None and not v.zeros and v.finite for v in inputs):
            found = made
            break
        value = next((i for i, v in zip(made.inputs, inputs, strict=True) if v is not None and v.all_zero), 0)
    found = found or known.get(value)
    known.update(dict.fromkeys(path, found))
    return found


def _all_flat_before(context: Context, pull: Pull) -> list[Pull]:
    """Return the flat steps before one that nothing passes, if no way from the source leads around them."""
    closed = {(p.operation.output, p.position): p for p in _closed(context) if p.operation.seq < pull.operation.seq}
    if not closed:
        return []
    value = pull.operation.inputs[pull.position]
    key = "passed", context.question.target_ids, context.source.ids, id(context.question.pulls)
    open_: set[int] = context.run.once(key, lambda: _passed(context))
    if value in open_:
        return []
    before = backward_cone(context.run, [value])
    return [
        p
        for (output, _), p in sorted(closed.items(), key=lambda item: (item[1].operation.seq, item[1].position))
        if output in before and p.operation.inputs[p.position] in open_
    ]


def _passed(context: Context) -> set[int]:
    """Return what the source reaches on ways without breaks that meet no flat step."""
    ends = {(p.operation.output, p.position) for p in _closed(context)}
    reached = set(context.source.ids)
    columns = context.run.columns
    for number, inputs in enumerate(columns.inputs):
        if reached.isdisjoint(inputs):
            continue
        output, breaks = columns.outputs[number], columns.broken.get(number)
        if any(
            value in reached and not (breaks and breaks[k]) and (output, k) not in ends
            for k, value in enumerate(inputs)
        ):
            reached.add(output)
    return reached


def _closed(context: Context) -> list[Pull]:
    """Return the flat steps among those that nothing comes to; they are looked for once."""
    key = "closed", context.question.target_ids, context.source.ids, id(context.question.pulls)
    every = context.every_pull
    functions = every.functions
    idle = [k for k in every.idle if functions[k] in flat.SPOKEN_OF]
    idle = [k for k in idle if functions[k] not in flat.PRODUCTS or every.has_zero_factor(k)]
    found: list[Pull] = context.run.once(key, lambda: [p for p in context.own(idle) if _is_closed(context, p)])
    return found


def _is_closed(context: Context, pull: Pull) -> bool:
    """Whether nothing would pass a step that nothing comes to."""
    if not pull.came.all_zero:
        return False
    row = flat_at(context, pull)
    return row is not None and not row.harmless


def cancelled(context: Context) -> list[Spot]:
    """Return the values at which what came back on several ways adds up to zero."""
    pulls = context.pulls
    giving = [k for k, gave in enumerate(pulls.gave) if gave]
    times = Counter(pulls.values[k] for k in giving)
    several = {value for value, count in times.items() if count > 1}
    ways: dict[int, list[int]] = defaultdict(list)
    for k in giving:
        if pulls.values[k] in several:
            ways[pulls.values[k]].append(k)
    total = {output: k for k, output in enumerate(pulls.outputs) if output in several}
    gradient = context.question.gradient
    found = []
    for value, steps in ways.items():
        sum_of = gradient if value in context.source.ids else pulls[total[value]].came if value in total else None
        if sum_of is not None and sum_of.all_zero:
            giving_here = [pulls[k] for k in steps]
            first = min(giving_here, key=lambda p: p.operation.seq)
            one = len({p.operation.site for p in giving_here}) == 1
            found.append(Spot(Trouble.CANCELLED, first.operation, first, value, whole=one))
    return found


JOINING = frozenset(
    {"concatenate", "stack", "hstack", "vstack", "dstack", "column_stack", "block", "append", "setitem"}
)
"""Operations that put their inputs side by side: what comes back for one of them may be zero without their doing."""
