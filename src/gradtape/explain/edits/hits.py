"""Edits where hits are counted: how likely each is, or how far two values are apart."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, parts, simple_name

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def expected(case: Case) -> Changes:
    """Take how likely a hit is, under the softmax, where it is seen whether the largest score is the label's."""
    file, pen, scope = case.file, case.pen, case.function
    if pen.dialect != "tensorflow" or case.node is None or scope is None:
        return ()
    names = set(syntax.assigned_names(case.at))
    for pair in (n for n in ast.walk(scope) if isinstance(n, ast.expr) and _is_equal(n)):
        sides = _sides(pair)
        found = [_largest(case, side) for side in sides]
        mine = any(
            call is not None and (call is case.node or side is case.node or syntax.text_of(side) in names)
            for side, call in zip(sides, found, strict=True)
        )
        chosen = found[0] if found[0] is not None else found[1] if found else None
        if not (mine or pair is case.node) or chosen is None or not chosen.args:
            continue
        other = found[1] if chosen is found[0] else None
        label = sides[1] if chosen is found[0] else sides[0]
        scores = builders.operand(chosen.args[0], file)
        if other is not None and other.args:
            rows = builders.operand(other.args[0], file)
        else:
            rows = pen.say("tf.one_hot({y}, {x}.shape[-1])", y=builders.written(_whole(label), file), x=scores)
        text = pen.call("sum", f"{pen.call('softmax', builders.written(chosen.args[0], file))} * {rows}", "axis=-1")
        return builders.replace(pair, file, text)
    return ()


def _whole(label: ast.expr) -> ast.expr:
    """Return a label as it was before it was cast to a position's dtype."""
    return label.args[0] if simple_name(label) == "cast" and isinstance(label, ast.Call) and label.args else label


def _sides(pair: ast.expr) -> list[ast.expr]:
    if isinstance(pair, ast.Compare):
        return [pair.left, pair.comparators[0]]
    return list(pair.args[:2]) if isinstance(pair, ast.Call) else []


def _largest(case: Case, side: ast.expr) -> ast.Call | None:
    """Return the argmax that one side of a comparison is, or that its name was given."""
    node: ast.expr | None = side
    if isinstance(side, ast.Name) and case.function is not None:
        node = assigned_before(case.function, side.id, side.lineno)
    calls = [n for n in parts(node) if isinstance(n, ast.Call)] if node is not None else []
    return next((n for n in calls[:2] if simple_name(n) == "argmax"), None)


def distance(case: Case) -> Changes:
    """Measure how far two values agree by their distance, where it is counted how often they are equal."""
    node, file = case.node, case.file
    near = [*parts(node), *reversed(syntax.around(case.at))] if node is not None else []
    call = next((n for n in near if _is_equal(n)), None)
    sides = _sides(call) if isinstance(call, ast.Call | ast.Compare) else []
    if not isinstance(call, ast.Call | ast.Compare) or len(sides) != 2:
        return ()
    first, second = (syntax.span_of(a, file) for a in sides)
    middle = Span(file, first.end_line, first.end_column, second.line, second.column)
    if middle.text.strip() not in {",", "=="} or (isinstance(call, ast.Call) and builders.is_method(call, file)):
        return ()
    size, whole = case.pen.call("abs").removesuffix("()"), syntax.span_of(call, file)
    if isinstance(call, ast.Compare):
        return (
            insertion(file, whole.line, whole.column, f"1.0 - {size}("),
            Change(middle, " - "),
            insertion(file, whole.end_line, whole.end_column, ")"),
        )
    changes = [*builders.rename_call(call, file, f"1.0 - {size}"), Change(middle, " - ")]
    outer = builders.parent_of(call, file)
    if isinstance(outer, ast.Call) and simple_name(outer) == "count_nonzero":
        changes += builders.rename_call(outer, file, case.pen.call("sum").removesuffix("()"))
    return tuple(changes)


def _is_equal(node: ast.AST) -> bool:
    """Whether two values are compared, and nothing else is."""
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq)
    return isinstance(node, ast.Call) and simple_name(node) in {"equal", "eq"}
