"""Edits where a mask hides a bad value: choose what the operation works on as well, and what it gives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.finite import domains, overflows
from gradtape.explain.edits.finite.numbers import (
    ARCS,
    NORMS,
    POWERS,
    QUOTIENTS,
    ROOTS,
    SINGULAR,
    away_from_singular,
    is_compared,
    minus_infinity,
    safe_in_expression,
)
from gradtape.explain.edits.pen import function_name
from gradtape.explain.numbers import constant_is_bad

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Span
    from gradtape.explain.cause import Context
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen
    from gradtape.explain.graph import Operation


class Mask(NamedTuple):
    """What a `where` asks, and which of its two branches is meant."""

    condition: str
    branch: int


class Masked(NamedTuple):
    """An operation that may be singular, what it works on, and the masks around it, the outermost first."""

    node: ast.expr
    inner: ast.expr
    masks: tuple[Mask, ...]


def masked_twice(case: Case) -> Suggestion | None:
    """Choose the input of an operation as its output is chosen, so that the branch not taken never sees a bad value."""
    pen = case.pen
    if minus_infinity(case) is not None:
        return overflows.without_overflow(case)
    cleaned = _cleaned(case)
    if cleaned:
        return builders.likely(*cleaned, *pen.imports)
    where = _where_around(case) or _pick_around(case)
    if where is None:
        itself = _safe_by_itself(case, pen) if pen.dialect == "jax" else domains.kept_inside(case)
        return builders.likely(*itself, *pen.imports) or away_from_singular(case)
    call, condition, branches = where
    inside: list[Masked] = []
    for k, branch in enumerate(branches):
        for place in _computed_in(case, branch, call):
            for node, inner, masks in _risky_in(case, place, (Mask(condition, k),)):
                within = any(_holds(other.inner, node, case.file) for other in inside)
                if not within and (_is_sick(case, node) or not _any_risky(inner, case.file)):
                    inside.append(Masked(node, inner, masks))
    inside = list(dict.fromkeys(inside))
    norms = [n for _, inner, _ in inside for part in parts(inner) if (n := _made_norm(case, part, call)) is not None]
    smooth = [c for n in dict.fromkeys(norms) for c in safe_in_expression(pen, n, case.file)]
    if smooth and pen.dialect == "jax":
        enough = all(isinstance(inner, ast.Name) for _, inner, _ in inside)  # what is small divides no longer
        enough = enough and not any(is_compared(n, case.file) for n in norms)
        return builders.likely(*smooth, *(() if enough else _masked(case, pen, inside)), *pen.imports)
    changes = _masked(case, pen, inside)
    if not changes:  # the mask is made of what it hides
        if pen.dialect != "jax":
            return away_from_singular(case)
        return builders.likely(*_safe_by_itself(case, pen), *pen.imports)
    # what is chosen goes on unchanged where each element of the result comes from the same element
    unchanged = all(_element_by_element(call, node, case.file) for node, _, _ in inside)
    return (builders.safe if unchanged else builders.likely)(*changes, *pen.imports)


def _masked(case: Case, pen: Pen, inside: list[Masked]) -> Changes:
    """Choose what each of these operations works on."""
    return tuple(
        c
        for node, inner, masks in inside
        for c in builders.replace(inner, case.file, _chosen(pen, node, inner, masks, case.file))
    )


def _safe_by_itself(case: Case, pen: Pen) -> Changes:
    """Let an operation choose what it works on by that itself, where the mask is made later or in another function.

    The mask hides what is not finite, and nothing else of this is changed.
    """
    if pen.dialect != "jax" or case.node is None:
        return ()
    arcs = [n for n in syntax.around(case.at) if isinstance(n, ast.expr) and simple_name(n) in ARCS]
    risky = arcs or [n for n in parts(case.node) if _risky_operand(n, case.file) is not None]
    if not risky or simple_name(risky[0]) not in {"", *QUOTIENTS, "sqrt", "log", *ARCS}:
        return ()
    operand = _risky_operand(risky[0], case.file)
    return builders.replace(operand, case.file, _by_itself(case, pen, risky[0], operand)) if operand is not None else ()


def _by_itself(case: Case, pen: Pen, node: ast.expr, operand: ast.expr) -> str:
    """Write the choice of an operand by its own value; of one in it first."""
    file, value = case.file, builders.written(operand, case.file)
    inner = next((n for n in parts(operand) if isinstance(n, ast.BinOp) and isinstance(n.op, ast.Div)), None)
    below = _risky_operand(inner, file) if inner is not None else None
    if inner is not None and below is not None:
        value = builders.with_part(operand, below, file, _by_itself(case, pen, inner, below))
    simple = isinstance(operand, ast.Name)
    name = value if simple else scopes.free_name(file, "safe" if inner is None else "inside")
    first = value if simple else f"({name} := {value})"
    if simple_name(node) in ARCS:
        return pen.call("where", f"{pen.call('abs', first)} < 1.0", name, "0.0")
    divides = isinstance(node, ast.BinOp) or simple_name(node) in QUOTIENTS
    return pen.call("where", f"{first} {'!=' if divides else '>'} 0", name, "1.0")


def _made_norm(case: Case, inner: ast.expr, call: ast.expr) -> ast.expr | None:
    """Return the norm or root that an operand was assigned: it is singular itself where it is zero."""
    scope = case.function
    made = assigned_before(scope, inner.id, call.lineno) if isinstance(inner, ast.Name) and scope is not None else None
    return made if made is not None and simple_name(made) in NORMS | {"sqrt"} else None


ELEMENTWISE = ROOTS | ARCS | {
    "abs", "absolute", "add", "arctan", "arctan2", "atan", "atan2", "cos", "cosh", "divide", "exp", "exp2", "expm1",
    "log1p", "maximum", "minimum", "multiply", "negative", "pow", "power", "sigmoid", "sign", "sin", "sinh", "softplus",
    "square", "subtract", "tan", "tanh", "true_divide", "where",
}  # fmt: skip
"""Functions that make each element of their result from the same element of their arguments."""


def _element_by_element(call: ast.expr, node: ast.expr, file: str) -> bool:
    """Whether a part of a `where` becomes its result by steps that keep elements apart."""
    path = builders.path_to(node, file)
    steps = [*path[path.index(call) + 1 :], node] if call in path else []
    return bool(steps) and all(
        isinstance(step, ast.UnaryOp)
        or (isinstance(step, ast.BinOp) and not isinstance(step.op, ast.MatMult))
        or (simple_name(step) in ELEMENTWISE and isinstance(step, ast.Call) and not step.keywords)
        for step in steps
        if isinstance(step, ast.expr)
    )


def _is_sick(case: Case, node: ast.expr) -> bool:
    """Whether an operation lost numbers itself, on the way or back; an arc also where what it gets is chosen.

    What is chosen for other functions is 1, where an arc ends.
    """
    if simple_name(node) in ARCS:
        inside = (n for n in parts(node) if n is not node and _risky_operand(n, case.file) is not None)
        if any(_is_sick(case, n) for n in inside):
            return True
    return syntax.span_of(node, case.file) in case.context.run.once("sick", lambda: _sick(case.context))


def _sick(context: Context) -> set[Span]:
    """Return where numbers got lost: what causes speak of, and what is not finite though all that it was made of is."""
    columns, values = context.run.columns, context.values
    lost = [
        n
        for n, output in enumerate(columns.outputs)
        if output in context.before_target
        and values.finite(output, again=False) is False
        and all(values.finite(i, again=False) is not False for i in columns.inputs[n] if i)
    ]
    told = (spot.operation.site.span for spot in context.spots if spot.operation is not None)
    return {*told, *(columns[n].site.span for n in lost)}


def _risky_in(case: Case, place: ast.expr, masks: tuple[Mask, ...]) -> Iterator[Masked]:
    """Yield the operations in an expression that may be singular, the outer before the inner, with their masks."""
    inner = _risky_operand(place, case.file)
    if inner is not None:
        yield Masked(place, inner, masks)
    if isinstance(place, ast.Call) and _is_where(place) and len(place.args) == 3:
        test = builders.written(place.args[0], case.file)
        for k, branch in enumerate(place.args[1:]):
            hides = _hides(case, place, k + 1)
            yield from _risky_in(case, branch, (*masks, Mask(test, k)) if hides else masks)
        return
    for child in ast.iter_child_nodes(place):
        if isinstance(child, ast.expr):
            yield from _risky_in(case, child, masks)


def _hides(case: Case, where: ast.expr, position: int) -> bool:
    """Whether a choice left out something of one of its branches, as far as that is known."""
    span = syntax.span_of(where, case.file)
    steps = [p for p in case.context.every_pull if p.operation.site.span == span and p.position == position]
    return not steps or any(step.gave.zeros > step.came.zeros for step in steps)


def _any_risky(node: ast.expr, file: str) -> bool:
    """Whether something inside is the better place: what it gets is safe then, and so is what comes after it."""
    return any(_risky_operand(n, file) is not None for n in parts(node))


def _holds(outer: ast.expr, inner: ast.expr, file: str) -> bool:
    return syntax.span_of(outer, file).contains(syntax.span_of(inner, file))


def _chosen(pen: Pen, node: ast.expr, inner: ast.expr, masks: tuple[Mask, ...], file: str) -> str:
    """Write the choice of what an operation works on, and in it that of what comes before.

    Where an arc has no value is known by the operand itself, however many masks stand behind it.
    """
    if simple_name(node) in ARCS and pen.dialect == "jax" and not any(isinstance(n, ast.Call) for n in parts(inner)):
        text = builders.operand(inner, file)
        return pen.call("where", f"{pen.call('abs', text)} < 1.0", text, "0.0")
    value = builders.written(inner, file)
    first = next((n for n in parts(inner) if _risky_operand(n, file) is not None), None)
    operand = _risky_operand(first, file) if first is not None else None
    if first is not None and operand is not None:
        value = builders.with_part(inner, operand, file, _chosen(pen, first, operand, masks, file))
        if first is inner and simple_name(inner) == "sqrt" and simple_name(node) not in ARCS:
            return value  # the root of one
    harmless = "0.0" if simple_name(node) in ARCS else "1.0"  # where the operation has a finite value and slope
    for condition, branch in reversed(masks):
        value = pen.call("where", condition, *((value, harmless) if branch == 0 else (harmless, value)))
    return value


def _where_around(case: Case) -> tuple[ast.expr, str, list[ast.expr]] | None:
    """Return the `where` that masks what was computed at a place: around it, or later in the function.

    Of several around it that keep elements apart the outermost: what stands in it is mended as one.
    """
    around = [n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.Call) and _is_where(n)]
    for outer in around[1:]:
        if len(outer.args) == 3 and _element_by_element(outer, around[0], case.file):
            around[0] = outer
    scope = case.function
    later = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s) if _is_where(n)]
    for call in [*around, *later]:
        if isinstance(call, ast.Call) and len(call.args) == 3:
            return call, builders.written(call.args[0], case.file), list(call.args[1:])
    return None


def _pick_around(case: Case) -> tuple[ast.expr, str, list[ast.expr]] | None:
    """Return the pick by truth values of what was computed at a place, with them and what it picks from."""
    scope, name = case.function, next(iter(syntax.assigned_names(case.at)), "")
    later = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    for pick in [*reversed(syntax.around(case.at)), *later]:
        if not isinstance(pick, ast.Subscript) or not isinstance(pick.ctx, ast.Load) or scope is None:
            continue
        inside = syntax.span_of(pick.value, case.file).contains(case.at)
        test: ast.expr | None = pick.slice
        if isinstance(test, ast.Name):
            test = assigned_before(scope, test.id, case.at.line)
        truth = isinstance(test, ast.Compare) or (isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Invert))
        if truth and (inside or (name and syntax.text_of(pick.value) == name)):
            return pick, builders.written(pick.slice, case.file), [pick.value]
    return None


FINITE = {"isnan", "isfinite", "is_nan", "is_finite"}


def _cleaned(case: Case) -> Changes:
    """Put numbers in the place of NaN in data, where the program marks them: a mask later cannot undo 0 * NaN."""
    operation, context, pen = case.operation, case.context, case.pen
    if operation is None or not _has_bad_data(context, operation):
        return ()
    for place in dict.fromkeys(site.span for site in (operation.site, *operation.callers)):
        scope = syntax.function_at(place) or syntax.parse_file(place.file)
        for statement in statements_of(scope) if scope is not None and place.file == case.file else ():
            asked = next((n for n in _calls_in(statement) if simple_name(n) in FINITE), None)
            data = builders.worked_on(asked, case.file) if asked is not None else None
            if asked is None or not isinstance(data, ast.Name) or statement.lineno > place.line:
                continue
            if isinstance(statement, ast.Assign) and statement.lineno < place.line:
                target = statement.targets[0] if statement.value is asked else None
                text = _without_nan(pen, asked, data.id, target if isinstance(target, ast.Name) else asked)
                return builders.insert_after(statement, case.file, f"{data.id} = {text}")
            if place == case.at and statement is case.statement and not hasattr(statement, "body"):
                text = _without_nan(pen, asked, data.id, asked)  # beside the mask, which needs the data as they are
                used = syntax.mentions(case.node, data.id) if case.node is not None else []
                used = [n for n in used if not _holds(asked, n, case.file)]
                return tuple(c for n in used for c in builders.replace(n, case.file, text))
    return ()


def _without_nan(pen: Pen, asked: ast.Call, data: str, test: ast.expr) -> str:
    """Write data with zeros in the place of what a call marks as no number.

    Parameters
    ----------
    pen : Pen
    asked : Call
        The call that marks it.
    data : str
        The name of the data.
    test : expr
        What gives those marks: the call, or a name for what it gave.
    """
    if function_name(asked.func, pen.file) is not None and isinstance(asked.func, ast.Attribute):
        return f"{syntax.text_of(asked.func.value)}.nan_to_num({data})"
    if pen.knows("nan_to_num"):
        return pen.call("nan_to_num", data)
    values = ("0.0", data) if simple_name(asked) in {"isnan", "is_nan"} else (data, "0.0")
    return pen.call("where", syntax.text_of(test), *values)


def _has_bad_data(context: Context, operation: Operation) -> bool:
    """Whether a value that does not depend on the source, and is not finite, went into an operation."""
    bad, seen = context.not_finite, set[int]()
    waiting = [i for i in operation.inputs if i]
    if constant_is_bad(context, operation):
        return True
    while waiting:
        value = waiting.pop()
        if value in seen or not bad.get(value):
            continue
        if value not in context.after_source:
            return True
        seen.add(value)
        made = context.run.producers.get(value)
        waiting += [i for i in made.inputs if i] if made is not None else []
    return False


def _calls_in(statement: ast.stmt) -> list[ast.Call]:
    return [n for n in ast.walk(statement) if isinstance(n, ast.Call)]


def _is_where(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and simple_name(node) in {"where", "select", "cond"}


FORMS = {"zeros_like", "ones_like", "full_like", "shape"}
"""Functions that read the form of a value alone."""


def _computed_in(case: Case, branch: ast.expr, choice: ast.expr) -> Iterator[ast.expr]:
    """Yield what a branch computes: its own text, the values of the names in it, and of those in them."""
    yield branch
    scope, waiting, seen = case.function, [branch], {branch}
    test = choice.args[0] if isinstance(choice, ast.Call) else getattr(choice, "slice", choice)
    while waiting:
        here = waiting.pop()
        forms = {id(part) for node in parts(here) if simple_name(node) in FORMS for part in parts(node)}
        for node in parts(here):
            if not isinstance(node, ast.Name) or scope is None or id(node) in forms:
                continue
            value = assigned_before(scope, node.id, choice.lineno)
            if value is None or value in seen or not _known_there(scope, test, value.lineno, choice.lineno):
                continue
            yield value
            seen.add(value)
            waiting.append(value)


def _known_there(scope: ast.AST, condition: ast.expr, place: int, end: int) -> bool:
    """Whether a condition has at an earlier line the value that it has at a later one."""
    names = syntax.names_in(condition, ast.Load)
    between = [s for s in statements_of(scope) if place <= s.lineno < end]
    return not any(names & syntax.names_in(s, ast.Store) for s in between)


def _risky_operand(node: ast.expr, file: str) -> ast.expr | None:
    """Return what an operation works on where it may be singular or overflow, None for any other operation."""
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        return None if isinstance(node.right, ast.Constant) or _is_pi(node.right) else node.right
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return None if _whole_power(node.right) else node.left
    if simple_name(node) not in SINGULAR or not isinstance(node, ast.Call):
        return None
    pair = builders.two_operands(node, file)
    if pair is not None and simple_name(node) in QUOTIENTS | {"arctan2", "atan2"}:
        return None if isinstance(pair[1], ast.Constant) else pair[1]
    if pair is not None and simple_name(node) in POWERS:
        base, exponent = pair
        return exponent if isinstance(base, ast.Constant) else None if _whole_power(exponent) else base
    inner = builders.worked_on(node, file)
    return None if isinstance(inner, ast.Constant) else inner


def _is_pi(node: ast.expr) -> bool:
    """Whether an expression is a number that a module has a name for."""
    return isinstance(node, ast.Attribute) and node.attr in {"pi", "e"} and isinstance(node.value, ast.Name)


def _whole_power(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float) and node.value in range(1, 13)
