"""How the causes of NUMBERS say what they saw: the operation's name, the elements, the user's own expressions."""

from __future__ import annotations

import ast
from math import isinf, isnan
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.search import NO_ROUTE, Route, shortest_route, way_to

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.flat import Flat
    from gradtape.explain.graph import Operation
    from gradtape.explain.pulls import Pull
    from gradtape.explain.report import Finding
    from gradtape.explain.singular import Singular
    from gradtape.explain.spots import Spot

LONGEST_WAY = 8
"""Operations of a route that are all shown."""

SHORT = 30
"""Characters of an expression that is quoted within a sentence."""


def number(value: float) -> str:
    """Write a number as people do."""
    return "inf" if value == float("inf") else "-inf" if isinf(value) else "NaN" if isnan(value) else f"{value:.4g}"


def called(operation: Operation) -> str | None:
    """Return the function that the program calls where an operation ran: `softmax` of `tf.nn.softmax(x)`."""
    node = syntax.expression_at(operation.site.span)
    return syntax.text_of(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else None


def name_of(operation: Operation) -> str:
    """Return an operation's name, with the function that it is a part of."""
    whole = called(operation)
    if whole is None or whole in {operation.name, operation.function} or not whole.isidentifier():
        return operation.name
    return whole if alike(operation.name, whole) else f"{operation.name} in {whole}"


def named_by(operation: Operation, row: Flat | Singular | None) -> str:
    """Return what a row of a table is said of: the function that the program calls, if the row is that one's."""
    whole = called(operation)
    return whole if row is not None and whole is not None and whole in row.functions else name_of(operation)


def alike(name: str, other: str) -> bool:
    """Whether two names are of one function: `acos` and `arccos`, `clip` and `clip_by_value`."""
    mine, written = (n.lower().strip("_").replace("arc", "a") for n in (name, other))
    return written in mine or mine in written


def filled(text: str, context: Context, operation: Operation, row: Flat | Singular) -> str:
    """Put the program's own words in the place of `{f}`, `{x}`, `{where}` in a help; `{o}` is `{x}` as an operand."""
    told: str = context.run.once_of(("filled", text), operation, lambda: _filled(text, context, operation, row))
    return told


def _filled(text: str, context: Context, operation: Operation, row: Flat | Singular) -> str:
    span = operation.site.span
    node = syntax.expression_at(span)
    words = context.words
    function = words.phrases.functions.get(operation.function, f"{words.module}.{operation.function}")
    argument = syntax.operand_at(span, 0, len(operation.inputs))
    if argument is node:
        argument = syntax.operand_at(span, 0, 1)
    if isinstance(node, ast.Call) and _is_of(row, operation, syntax.text_of(node.func).rpartition(".")[2]):
        function = function if syntax.is_method(node, span.file) else syntax.text_of(node.func)
    elif isinstance(node, ast.Call):
        argument = None
    shown = syntax.text_of(argument) if argument is not None else "x"
    if len(shown) > SHORT or "\n" in shown:
        shown = "x"
    loose = not isinstance(argument, ast.Name | ast.Call | ast.Attribute | ast.Subscript) and shown != "x"
    operand = f"({shown})" if loose else shown
    return text.format(f=function, x=shown, o=operand, where=words.where, module=words.module)


def _is_of(row: Flat | Singular, operation: Operation, called: str) -> bool:
    """Whether a row speaks of the function that a call names: of `tf.acos`, not of a `norm.logpdf` that takes a log."""
    if called == operation.function or called in row.functions:
        return True
    return called == operation.name.rpartition(".")[2] and not any(f in called for f in row.functions)


def elements(pull: Pull, count: int, total: int) -> str:
    """Say at how many elements something happened, and what the numbers are at the first."""
    element = pull.element
    where = ""
    if total > 1:
        where = f"{'all' if count == total else f'{count} of'} {total} elements"
        if element is not None:
            where += f", for example {list(element.index)}" if count > 1 else f", {list(element.index)}"
        where = f"at {where}: "
    told = numbers_at(pull)
    return f"{where}{told}" if told else where.rstrip(": ")


def numbers_at(pull: Pull) -> str:
    """Say what an operation's inputs and result are at the element that shows what happened; literals speak already."""
    element = pull.element
    if element is None:
        return ""
    named = [(_input(pull.operation, k), v) for k, v in enumerate(element.inputs) if v is not None]
    parts = [f"{name} is {number(v)}" for name, v in named if name]
    if element.output is not None:
        whole = called(pull.operation)
        part = whole is not None and not alike(pull.operation.function or pull.operation.name, whole)
        parts.append(f"the result{f' of {pull.operation.function}' if part else ''} is {number(element.output)}")
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 2 else parts)


def _input(operation: Operation, position: int) -> str:
    """Return what an input is called, empty for a literal, and for further arguments of a call that cannot be read."""
    span, count = operation.site.span, len(operation.inputs)
    node = syntax.expression_at(span)
    whole = called(operation)
    if whole is not None and not alike(operation.function or operation.name, whole):
        return f"the argument of {operation.function}" if count == 1 else ""  # a part of what is called
    readable = whole is None or whole in {operation.function, operation.name}
    operand = syntax.operand_at(span, position, count) if readable else None
    text = quoted(operand, "")
    if text:
        return text
    if readable and operand is None and _has_operand(node, position):
        return ""
    if position == 0:
        return "the argument" if count == 1 or isinstance(node, ast.Call) else "the first operand"
    return "the second operand" if position == 1 and not isinstance(node, ast.Call) else ""


def _has_operand(node: ast.expr | None, position: int) -> bool:
    """Whether an expression has an operand at a position, which must be a literal if it has no name."""
    return isinstance(node, ast.BinOp) or (isinstance(node, ast.Call) and position < len(node.args))


def quoted(node: ast.expr | None, otherwise: str) -> str:
    """Return a short expression as it is quoted within a sentence, and other words for a long one."""
    text = syntax.text_of(node) if node is not None else ""
    return f"`{text}`" if text and len(text) <= SHORT and "\n" not in text else otherwise


def product(pull: Pull) -> str:
    """Say what came back to the element and what it gave on, where that is not finite."""
    element = pull.element
    if element is None or element.came is None:
        return ""
    if element.came == 0 and isnan(element.gave):
        return "what comes back there is 0, and 0 * inf is not a number"
    return f"what comes back there is {number(element.came)}, and {number(element.gave)} is passed on"


def route_through(context: Context, operation: Operation, position: int | None = None) -> Route:
    """Return a route from the source to the target through an operation, empty if there is none."""
    run, ids, targets = context.run, context.source.ids, context.question.target_ids
    number = run.columns.number_of(operation)
    for k in range(len(operation.inputs)) if position is None else (position,):
        value = operation.inputs[k]
        before = context.ways.leading_to(ids, value) or way_to(run, ids, value)
        if before is None and value in context.after_source:
            before = shortest_route(run, ids, {value})
        if before is not None:
            behind = shortest_route(run, {operation.output}, targets)
            if behind is None or number is None:
                return NO_ROUTE
            return before + Route(run.columns, [number], [k]) + behind
    return NO_ROUTE


def way_note(context: Context, route: Route, operation: Operation) -> tuple[str, ...]:
    """Say on which route an operation lies; of a long one the ends and the operation are shown."""
    told = route.told
    if not told:
        return ()
    columns = route.columns
    mine = columns.number_of(operation)
    at = told.index(mine) if mine in told else 0
    shown_ones = {*range(2), *range(at - 1, at + 2), *range(len(told) - 2, len(told))}
    kept = sorted(k for k in shown_ones if 0 <= k < len(told))
    kept = list(range(len(told))) if len(told) <= LONGEST_WAY else kept
    parts: list[str] = []
    for before, k in zip([-1, *kept], kept, strict=False):
        if k - before > 1:
            parts.append(f"{k - before - 1} more")
        shown_one = columns[told[k]]
        parts.append(f"{shown_one.name} ({shown_one.site.span.line})")
    shown = " -> ".join([context.source.name, *parts, context.question.target_name])
    only = context.ways.one_way(context.source.ids) and not context.may_have_left
    return (f"the only route is {shown}" if only else f"a route through it is {shown}",)


def about_size(context: Context, slug: str, pull: Pull, told: tuple[str, str, str], helps: tuple[str, ...]) -> Finding:
    """Say of a gradient that it is too small or too large, and which step made most of that.

    `told` is what has become of it, what the step does to it, and how much is left.
    """
    became, change, left = told
    operation = pull.operation
    route = route_through(context, operation, pull.position)
    return context.finding(
        slug,
        operation.site.span,
        f"{name_of(operation)} {change}",
        notes=(left, *way_note(context, route, operation)),
        helps=helps,
        route=route,
        headline=f"the gradient from `{context.question.target_name}` to `{context.source.name}` {became}",
    )


def in_steps(spot: Spot) -> str:
    """Say in how many steps something was done, nothing if in one."""
    return f", in {spot.times} steps" if spot.times > 1 else ""


def asks_without_gradients(rule: ast.AST | None) -> bool:
    """Whether a derivative of PyTorch's asks for gradients itself and does not turn them on, which are off there."""
    called = syntax.called_in(rule) if isinstance(rule, ast.FunctionDef) and rule.name == "backward" else set()
    named = {syntax.text_of(d).rpartition(".")[2] for d in getattr(rule, "decorator_list", ())}
    return "grad" in called and "enable_grad" not in called | named


def again(spot: Spot) -> tuple[str, ...]:
    """Say how often it happened at the same expression."""
    return (f"it happens here {spot.times} times in this run",) if spot.times > 1 else ()
