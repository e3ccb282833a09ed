"""Edits where hits are counted: how likely each is, or how far two values are apart."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.smooth import soft

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def expected(case: Case) -> Changes:
    """Take the chance of the right class, under the softmax, where it is seen whether the largest score is its own."""
    scope, file = case.function or syntax.parse_file(case.file), case.file
    if case.node is None or scope is None:
        return ()
    names = set(syntax.assigned_names(case.at))
    inside = dict.fromkeys(n for s in statements_of(scope) if not hasattr(s, "body") for n in parts(s))
    for pair in (n for n in inside if n.lineno >= case.at.line):
        sides = _sides(pair, file)
        found = [_largest(case, side) for side in sides]
        mine = [
            call is not None and (any(call is n for n in parts(case.node)) or syntax.text_of(side) in names)
            for side, call in zip(sides, found, strict=True)
        ]
        which = mine.index(True) if any(mine) else 0 if pair is case.node and any(found) else None
        if which is None:
            continue
        which = which if found[which] is not None else 1 - which
        call = found[which]
        if call is not None and any(call is n for n in parts(sides[1 - which])):
            continue  # one name on both sides
        return _chance(case, pair, sides[which], call, sides[1 - which])
    return ()


def _chance(case: Case, pair: ast.expr, chosen: ast.expr, call: ast.Call | None, label: ast.expr) -> Changes:
    """Put the chance of a label in the place of the comparison with the position of the largest score."""
    file, pen = case.file, case.pen
    scores = scores_of(call, file) if call is not None else None
    if call is None or scores is None:
        return ()
    axis = axis_of(call, scores, file)
    first: Changes = ()
    text = builders.operand(scores, file)
    if chosen is not call and any(isinstance(n, ast.Call) for n in parts(scores)):  # they would be computed twice
        text, first = named_before(scores, "scores", file)
        if not text:
            return ()
    if pen.dialect == "torch":
        right = f"{builders.operand(label, file)}.long().unsqueeze({axis})"
        chance = f"{pen.call('softmax', text, axis)}.gather({axis}, {right}).squeeze({axis})"
    else:
        rows = _rows(case, label, text)
        chance = pen.call("sum", f"{pen.call('softmax', text)} * {rows}", "axis=-1")
    differs = isinstance(pair, ast.Compare) and isinstance(pair.ops[0], ast.NotEq)
    differs = differs or simple_name(pair) in {"ne", "not_equal"}
    return (*first, *builders.replace(pair, file, f"1.0 - {chance}" if differs else chance), *pen.imports)


ONES = {
    "gradtape": "np.eye({x}.shape[-1])[{y}]",
    "jax": "jax.nn.one_hot({y}, {x}.shape[-1])",
    "tensorflow": "tf.one_hot({y}, {x}.shape[-1])",
}
"""Rows that have a one at the place of a label."""


def named_before(node: ast.expr, wanted: str, file: str) -> tuple[str, Changes]:
    """Give an expression a name in a statement before its own; the name, and the changes."""
    statement = syntax.statement_at(syntax.span_of(node, file))
    if statement is None or hasattr(statement, "body"):
        return "", ()
    name = scopes.free_name(file, wanted)
    made = builders.insert_before(statement, file, f"{name} = {builders.written(node, file)}")
    return (name, (*made, *builders.replace(node, file, name))) if made else ("", ())


def _rows(case: Case, label: ast.expr, scores: str) -> str:
    """Write the rows of zeros and a one that labels stand for: those of which they are the position, or new ones."""
    other = _largest(case, label)
    rows = scores_of(other, case.file) if other is not None else None
    if rows is not None:
        return builders.operand(rows, case.file)
    return case.pen.say(ONES[case.pen.dialect], y=builders.written(_whole(label), case.file), x=scores)


def scores_of(call: ast.Call, file: str) -> ast.expr | None:
    """Return the scores of which the largest is sought."""
    if builders.is_method(call, file) and isinstance(call.func, ast.Attribute):
        return call.func.value
    if (scopes.stands_for(call.func, file) or "") == "jax.random.categorical":  # its first argument is a key
        return builders.argument(call, 1, "logits")
    return call.args[0] if call.args else None


def axis_of(call: ast.Call, scores: ast.expr, file: str) -> str:
    """Return the axis along which the largest is sought, the last where a call says nothing."""
    given = [a for a in call.args if a is not scores]
    named = next((k.value for k in call.keywords if k.arg in {"axis", "dim"}), given[0] if given else None)
    return builders.written(named, file) if named is not None else "-1"


def _whole(label: ast.expr) -> ast.expr:
    """Return a label as it was before it was cast to a position's dtype."""
    return label.args[0] if simple_name(label) == "cast" and isinstance(label, ast.Call) and label.args else label


def _sides(pair: ast.AST, file: str) -> list[ast.expr]:
    """Return both sides of a comparison for equality."""
    if isinstance(pair, ast.Compare) and len(pair.ops) == 1 and isinstance(pair.ops[0], ast.Eq | ast.NotEq):
        return [pair.left, pair.comparators[0]]
    if isinstance(pair, ast.Call) and simple_name(pair) in {"equal", "eq", "ne", "not_equal"}:
        return list(builders.two_operands(pair, file) or ())
    return []


def _largest(case: Case, side: ast.expr) -> ast.Call | None:
    """Return the call that finds the largest score, which one side of a comparison is, or that its name was given."""
    node: ast.expr | None = side
    if isinstance(side, ast.Name) and case.function is not None:
        here = case.statement is not None and side.id in syntax.names_in(case.statement, ast.Store)
        node = case.node if here else assigned_before(case.function, side.id, side.lineno)
    calls = [n for n in parts(node) if isinstance(n, ast.Call)] if node is not None else []
    return next((n for n in calls[:2] if seeks_largest(case, n)), None)


def seeks_largest(case: Case, call: ast.Call) -> bool:
    """Whether a call tells where the largest is; PyTorch's `max` does along an axis, beside the value."""
    along = case.pen.dialect == "torch" and simple_name(call) == "max" and (scores := scores_of(call, case.file))
    return simple_name(call) == "argmax" or bool(along and (call.keywords or [a for a in call.args if a is not scores]))


def distance(case: Case) -> Changes:
    """Measure how far two values agree by their distance, where it is counted how often they are equal."""
    node, file = case.node, case.file
    if node is not None and soft.smooth(case.pen, node, file) is not None:
        return ()  # what it is compared with later has been chosen by a threshold, which comes first
    near = [*parts(node), *reversed(syntax.around(case.at))] if node is not None else []
    call = next((n for n in near if _is_equal(n)), None)
    sides = _sides(call, file) if isinstance(call, ast.Call | ast.Compare) else []
    if not isinstance(call, ast.Call | ast.Compare) or len(sides) != 2 or any(_largest(case, s) for s in sides):
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
    for outer in (builders.parent_of(read, file) for read in [call, *_reads_of(call, file)]):
        if isinstance(outer, ast.Call) and simple_name(outer) == "count_nonzero":
            changes += builders.rename_call(outer, file, case.pen.call("sum").removesuffix("()"))
    return tuple(changes)


def _reads_of(value: ast.expr, file: str) -> list[ast.expr]:
    """Return where the name is read that a statement gives a value, where that is all that it does."""
    span = syntax.span_of(value, file)
    statement, scope = syntax.statement_at(span), syntax.function_at(span) or syntax.parse_file(file)
    if not isinstance(statement, ast.Assign) or statement.value is not value or scope is None:
        return []
    return [n for name in syntax.assigned_names(span) for n in syntax.mentions(scope, name)]


def _is_equal(node: ast.AST) -> bool:
    """Whether two values are compared, and nothing else is."""
    if isinstance(node, ast.Compare):
        return len(node.ops) == 1 and isinstance(node.ops[0], ast.Eq)
    return isinstance(node, ast.Call) and simple_name(node) in {"equal", "eq"}
