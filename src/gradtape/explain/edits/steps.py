"""Edits where an operation has no derivative, or none that is of use: keep its value and let the gradient pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.pen import Pen, function_name

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.search import BreakGroup, Route

CASTS = {"int", "long", "short", "byte", "bool", "astype"}
"""Methods that cast to a dtype without derivatives; `astype` takes it as an argument."""


def pass_through(context: Context, span: Span) -> tuple[Suggestion | None, str]:
    """Suggest the expression whose value stays and whose gradient is that of what it works on; also return its text."""
    node = syntax.expression_at(span)
    if node is None or syntax.span_of(node, span.file) != span:
        return None, ""
    pen = Pen(context, span.file)
    mended = _passing(pen, node, span.file)
    if mended is None:
        return None, ""
    return builders.likely(*builders.replace(node, span.file, mended), *pen.imports), mended


def around_cast(context: Context, group: BreakGroup, route: Route) -> Suggestion | None:
    """Let the gradient pass around a cast to whole numbers: around the cast back, where there is one."""
    span = group.links[0].operation.site.span
    node = syntax.expression_at(span)
    inner = builders.worked_on(node, span.file) if node is not None else None
    if node is None or inner is None or syntax.span_of(node, span.file) != span:
        return None
    file = span.file
    outer = (n for n in reversed(builders.path_to(node, file)) if isinstance(n, ast.Call) and _is_cast(n))
    whole: ast.expr = next(outer, None) or _cast_later(group, route, span) or node
    pen = Pen(context, file)
    text = builders.operand(inner, file)
    mended = pen.say(pen.phrases.passing, x=text, e=builders.written(whole, file))
    return builders.likely(*builders.replace(whole, file, mended), *pen.imports)


def _is_cast(node: ast.Call) -> bool:
    return syntax.text_of(node.func).rpartition(".")[2] in {
        "cast",
        "astype",
        "float",
        "double",
        "to",
        "float32",
        "float64",
    }


def _cast_later(group: BreakGroup, route: Route, span: Span) -> ast.Call | None:
    """Return the call that makes the whole numbers floating point again, if it stands in the same function."""
    last = group.links[-1].operation.seq
    for link in route:
        place = link.operation.site.span
        if link.operation.seq <= last or place.file != span.file:
            continue
        node = syntax.expression_at(place)
        if isinstance(node, ast.Call) and _is_cast(node) and syntax.function_at(place) is syntax.function_at(span):
            return node
    return None


def _passing(pen: Pen, node: ast.expr, file: str) -> str | None:
    if isinstance(node, ast.Call) and pen.phrases.passing_call and len(node.args) == 1 and not node.keywords:
        function, given = builders.written(node.func, file), builders.written(node.args[0], file)
        if not isinstance(node.args[0], ast.Starred) and not builders.is_method(node, file):
            return pen.say(pen.phrases.passing_call, f=function, x=given)
    whole = builders.written(node, file)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        smooth = f"{builders.operand(node.left, file)} / {builders.operand(node.right, file)}"
        return pen.say(pen.phrases.passing.replace("- {x}", "- ({x})"), x=smooth, e=whole)
    inner = builders.worked_on(node, file)
    if inner is None:
        return None
    text = builders.operand(inner, file)
    if not any(isinstance(part, ast.Call | ast.Await) for part in ast.walk(inner)):
        return pen.say(pen.phrases.passing, x=text, e=whole)
    name = syntax.free_name(file, "exact")  # a call should not run twice
    once = pen.phrases.passing.replace("{x}", "{once}", 1)
    return pen.say(
        once, once=f"({name} := {builders.written(inner, file)})", x=name, e=_with_part(node, inner, file, name)
    )


def _with_part(node: ast.expr, part: ast.expr, file: str, text: str) -> str:
    """Return the text of an expression with one part of it written otherwise."""
    whole, inner = syntax.span_of(node, file), syntax.span_of(part, file)
    before = Span(file, whole.line, whole.column, inner.line, inner.column).text
    after = Span(file, inner.end_line, inner.end_column, whole.end_line, whole.end_column).text
    return before + text + after


def name_of_function(node: ast.expr, file: str) -> str:
    """Return the last part of the name of what an expression calls, in NumPy's words where it is NumPy's."""
    if not isinstance(node, ast.Call):
        return ""
    return function_name(node.func, file) or syntax.text_of(node.func).rpartition(".")[2]
