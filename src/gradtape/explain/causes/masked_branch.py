"""GT402: `where` hides a bad value in the forward pass, and its branch that is not taken gives 0 * inf backwards."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from gradtape.explain import singular, wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.causes.overflow import told_forward
from gradtape.explain.causes.singular_point import headline
from gradtape.explain.numbers import FILLS, nothing_came, origin, step_of, target_is_finite
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from gradtape.diagnostics import Span
    from gradtape.explain.graph import Operation
    from gradtape.explain.pulls import Pull
    from gradtape.explain.report import Finding

PICKING = frozenset({"getitem", "masked_select", "boolean_mask"})
"""Operations that leave out what they do not pick."""

APART = frozenset(
    {"sqrt", "rsqrt", "log", "log2", "log10", "log1p", "reciprocal", "divide", "power", "float_power", "norm", "hypot"}
    | {"arccos", "arcsin", "arctanh", "arccosh", "arctan2", "exp", "exp2", "expm1", "square", "multiply", "add"}
    | {"subtract", "absolute", "abs", "where", "negative", "minimum", "maximum", "clip"}
)
"""Operations that keep their elements apart, so that one that is left out later is the one that went wrong."""

SATURATING = frozenset({"tanh", "sigmoid", "erf"})
"""Operations whose slope is zero where their argument is infinite: a product with that is what is lost."""

HIDING = frozenset({"where", "select", "masked_fill", "choose", "nan_to_num", "nansum", "nanmean", "cond"})
"""Operations that leave some of their values out, so that nothing comes back to those."""


def detect(context: Context, spot: Spot) -> Finding | None:
    pull = spot.pull
    if spot.trouble is Trouble.FORWARD:
        return _spoiled_and_hidden(context, spot)
    if spot.trouble is not Trouble.BACKWARD or pull is None:
        return None
    choice = _chosen_by(context, pull.operation) if nothing_came(pull) else _left_out_behind(context, pull)
    if choice is None:
        return _spoiled_and_hidden(context, spot)
    operation = _bad_first(context, pull.operation)
    pull = pull if operation is pull.operation else step_of(context, operation) or pull
    row = singular.at_step(pull, wording.called(operation)) if pull.operation is operation else None
    if row is None and not isfinite(pull.came_size):  # lost behind it already
        row = singular.at_run(operation.function, pull.inputs, pull.output)
    bad = row.says.format(f=wording.named_by(operation, row)) if row else _overflow(context, operation, pull)
    route = wording.route_through(context, operation, pull.position) or wording.route_through(context, operation)
    name = wording.name_of(choice)
    # over elements, of which no single one is the reason
    summed = pull.gave.size < pull.came.size or pull.operation is not operation
    where = "" if summed else wording.elements(pull, pull.gave.nans + pull.gave.infs, pull.gave.size)
    return context.finding(
        "masked-branch",
        operation.site.span,
        f"{bad}; {name} leaves the result out, but 0 * inf comes back",
        labels=_taken_by(context, choice, name),
        notes=tuple(n for n in (where, *wording.again(spot), *wording.way_note(context, route, operation)) if n),
        helps=(f"make the argument safe too: `{context.words.where}(condition, x, 1.0)` before the operation",),
        route=route,
        headline=headline(context),
    )


def _spoiled_and_hidden(context: Context, spot: Spot) -> Finding | None:
    """Tell what the forward pass made that is no number, where a choice behind it keeps that from the target."""
    operation = spot.operation
    if operation is None or not target_is_finite(context):
        return None
    first = origin(context, operation, context.not_finite)
    hiding = _left_out_forward(context, first) if context.not_finite.get(first.output) else None
    return told_forward(context, spot, operation, hiding) if hiding is not None else None


def _left_out_forward(context: Context, operation: Operation) -> Operation | None:
    """Return a choice that takes only finite elements of what an operation spoiled, behind it."""
    columns, bad, before = context.run.columns, context.not_finite, context.before_target
    queue, seen, found = [operation.output], {operation.output}, None
    while queue:
        for number, _ in columns.uses.get(queue.pop(), ()):
            output = columns.outputs[number]
            if output not in before or output in seen:
                continue
            seen.add(output)
            if bad.get(output):
                queue.append(output)
            elif columns.functions[number] in HIDING:
                found = columns[number]
    return found


def _taken_by(context: Context, choice: Operation, name: str) -> tuple[tuple[Span, str], ...]:
    """Label the choice; where another one stands around it that leaves something out too, it may be that."""
    outer = [
        p.operation.site.span
        for p in context.pulls
        if p.operation.function == choice.function
        and p.operation is not choice
        and p.operation.site.span.contains(choice.site.span)
        and p.position
        and p.gave.zeros > p.came.zeros
    ]
    if not outer:
        return ((choice.site.span, f"{name} does not take it here"),)
    return ((choice.site.span, f"either this {name} does not take it here"), (outer[0], f"or this {name} does not"))


def _bad_first(context: Context, operation: Operation) -> Operation:
    """Return the operation that made something infinite or NaN first, of those that led to the step that lost numbers.

    What was put in on purpose, as a mask of minus infinity, or lay in the data is nothing to blame.
    """
    bad = context.not_finite
    first = origin(context, operation, bad)
    return operation if first.function in FILLS | {"setitem"} or bad.among(first.inputs) else first


def _overflow(context: Context, operation: Operation, pull: Pull) -> str:
    name = wording.name_of(operation)
    infinite = pull.output is not None and not pull.output.finite
    if infinite and pull.operation is operation:
        return f"{name} is infinite here"
    lost = pull.operation is not operation or context.not_finite.get(operation.output)
    return f"{name} is {'infinite or NaN' if lost else 'not differentiable'} here"


def _chosen_by(context: Context, operation: Operation) -> Operation | None:
    """Return the operation behind this one that leaves its result out; none if a product with zeros comes before it."""
    columns = context.run.columns
    functions, outputs, broken = columns.functions, columns.outputs, columns.broken
    if not context.run.once("choosing", lambda: not (PICKING | HIDING).isdisjoint(functions)):
        return None
    queue, seen = [operation.output], {operation.output}
    apart = {operation.output} if operation.function in APART else set[int]()
    found = []
    while queue:
        value = queue.pop()
        users = [(n, k) for n, k in columns.uses.get(value, ()) if outputs[n] in context.before_target]
        users = [(n, k) for n, k in users if n not in broken or not broken[n][k]]
        # what one reader does not pick, another one may take
        picked = value in apart and all(_picks(context, n, k) for n, k in users)
        for number, position in users:
            output, function = outputs[number], functions[number]
            if picked or (function in HIDING and (value in apart or _hides_all(context, number, position))):
                found.append(number)
            elif output not in seen and not _is_mask(context, number, position):
                seen.add(output)
                if value in apart and function in APART:  # behind a sum, what is picked is another element
                    apart.add(output)
                queue.append(output)
    return columns[min(found)] if found else None


def _left_out_behind(context: Context, pull: Pull) -> Operation | None:
    """Return the operation that leaves out a step to which only what was lost behind it came.

    Zero would come there, if the step behind it had not made 0 * inf of what the same operation leaves out.
    """
    if isfinite(pull.came_size):
        return None
    choice = _chosen_by(context, pull.operation)
    if choice is None:
        return None
    behind, taken_by = _behind(context, pull.operation, choice.output)
    if not behind.isdisjoint(context.question.target_ids):
        return None  # something else reads it, too
    lost = [s.pull for s in context.spots if s.trouble is Trouble.BACKWARD and s.pull is not None]
    lost = [p for p in lost if p.operation.output in behind and nothing_came(p)]
    lost = [p for p in lost if _chosen_by(context, p.operation) == choice]
    hidden = {position for p in lost for position in _behind(context, p.operation, choice.output)[1]}
    return choice if lost and taken_by <= hidden else None


def _behind(context: Context, operation: Operation, end: int) -> tuple[set[int], set[int]]:
    """Return what is computed from what an operation gave, around another value, and where the maker of that got it."""
    columns, seen, positions = context.run.columns, {operation.output}, set[int]()
    queue = [operation.output]
    while queue:
        for number, position in columns.uses.get(queue.pop(), ()):
            output = columns.outputs[number]
            if output not in context.before_target or (number in columns.broken and columns.broken[number][position]):
                continue
            if output == end:
                positions.add(position)
            elif output not in seen:
                seen.add(output)
                queue.append(output)
    return seen, positions


def _hides_all(context: Context, number: int, position: int) -> bool:
    """Whether a choice left out one of its values whole, so far as is known."""
    step = context.steps.get((context.run.columns.outputs[number], position))
    return step is None or step.gave.zeros == step.gave.size


def _picks(context: Context, number: int, position: int) -> bool:
    """Whether an operation picks elements, and left some out."""
    columns = context.run.columns
    if columns.functions[number] not in PICKING:
        return False
    step = context.steps.get((columns.outputs[number], position))
    return step is not None and step.gave.zeros > step.came.zeros


def _is_mask(context: Context, number: int, position: int) -> bool:
    """Whether an operation gives zeros itself: a saturated one, or a product with zeros that do not move."""
    columns = context.run.columns
    if columns.functions[number] in SATURATING:
        step = context.steps.get((columns.outputs[number], position))
        return step is not None and step.gave.zeros > step.came.zeros
    if columns.functions[number] != "multiply":
        return False
    inputs = columns.inputs[number]
    if any(i in context.moving for k, i in enumerate(inputs) if k != position):
        return False
    step = context.steps.get((columns.outputs[number], position))
    if step is not None and step.came.zeros:  # the zeros came from behind
        return False
    others = [v for k, v in enumerate(step.inputs) if k != position] if step is not None else []
    others += [context.values.get(i) for k, i in enumerate(inputs) if k != position and i]
    return any(v is not None and v.zeros for v in others)


CAUSE = Cause("masked-branch", Stage.NUMBERS, detect)
