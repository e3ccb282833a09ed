"""Edits where the positions of an order pick rows: a soft permutation in their place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.scopes import calls_of
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name, statements_of
from gradtape.explain.edits.smooth.hits import scores_of

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def permuted_softly(case: Case) -> Changes:
    """Multiply rows by a soft permutation, near the one that sorts the scores, where their order picks the rows."""
    call, file, scope = case.node, case.file, case.function
    scores = scores_of(call, file) if isinstance(call, ast.Call) and simple_name(call) == "argsort" else None
    if case.pen.dialect != "torch" or not isinstance(call, ast.Call) or scores is None or scope is None:
        return ()
    matrix = _soft(case, call, scores)
    own = _picked(call, file)
    if own is not None and matrix:
        return builders.replace(own[0], file, f"{matrix} @ {builders.operand(own[1], file)}")
    places = _read_as(case, call)
    picks = [_picked(place, file) for place in places]
    if not matrix or not picks or None in picks:
        return ()
    changes: list[Change] = list(builders.replace(call, file, matrix))
    for place, pick in zip(places, picks, strict=True):
        if pick is not None:
            text = f"{builders.operand(place, file)} @ {builders.operand(pick[1], file)}"
            changes += builders.replace(pick[0], file, text)
    return tuple(changes)


def _soft(case: Case, call: ast.Call, scores: ast.expr) -> str:
    """Write the soft permutation; empty where the call is told an axis."""
    told = {k.arg: builders.written(k.value, case.file) for k in call.keywords}
    given = [a for a in call.args if a is not scores]
    if given or set(told) - {"descending", "stable"}:
        return ""
    text = first = builders.operand(scores, case.file)
    if any(isinstance(n, ast.Call) for n in parts(scores)):
        text = scopes.free_name(case.file, "scores")
        first = f"({text} := {builders.written(scores, case.file)})"
    down = f", descending={told['descending']}" if "descending" in told else ""
    apart = f"torch.sort({{first}}{down}).values[..., :, None] - {{x}}[..., None, :]"
    return case.pen.say(f"torch.softmax(-({apart}).abs() / 0.1, -1)", first=first, x=text)


def _read_as(case: Case, call: ast.Call) -> list[ast.expr]:
    """Return where the order is read: by its name, or as what the function gives back that computes it."""
    scope, file, statement = case.function, case.file, case.statement
    if isinstance(statement, ast.Return) and statement.value is call and isinstance(scope, ast.FunctionDef):
        returned = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.Return)]
        found: list[ast.expr] = []
        for use in calls_of(file, scope) if len(returned) == 1 else ():
            names = [n for n in syntax.assigned_names(syntax.span_of(use, file)) if n.isidentifier()]
            around = syntax.function_at(syntax.span_of(use, file)) or syntax.parse_file(file)
            found += [n for name in names for n in syntax.mentions(around, name)] if names and around else [use]
        return found
    if not isinstance(statement, ast.Assign) or statement.value is not call or scope is None:
        return []
    names = list(syntax.assigned_names(case.at))
    later = [s for s in statements_of(scope) if s.lineno > statement.lineno and not hasattr(s, "body")]
    return [n for s in later for name in names for n in syntax.mentions(s, name)]


def _picked(place: ast.expr, file: str) -> tuple[ast.expr, ast.expr] | None:
    """Return the expression that picks rows by a place, and what it picks them from."""
    outer = builders.parent_of(place, file)
    if isinstance(outer, ast.Subscript) and outer.slice is place and isinstance(outer.ctx, ast.Load):
        return outer, outer.value
    named = isinstance(outer, ast.Call) and simple_name(outer) == "index_select"
    if not isinstance(outer, ast.Call) or not named or not isinstance(outer.func, ast.Attribute):
        return None
    given = [*outer.args] if scopes.is_module(outer.func.value, file) else [outer.func.value, *outer.args]
    first = len(given) == 3 and isinstance(given[1], ast.Constant) and given[1].value == 0
    return (outer, given[0]) if first and given[2] is place else None
