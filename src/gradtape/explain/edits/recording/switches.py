"""Edits where a switch of the program keeps a branch from being taken: turn it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders, settings

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def turned(case: Case) -> Changes:
    """Set the switch that a branch asks for to the other value, where the program writes it down."""
    choice = case.statement if isinstance(case.statement, ast.If) else None
    inline = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.IfExp)), None)
    test = inline.test if inline is not None else choice.test if choice is not None else None
    tests = _decisive(test)
    found = {place: told for part, told in tests for place in settings.set_at(case, part, _is_switch)}
    switches = [n for n, told in found.items() if isinstance(n, ast.Constant) and told in {None, n.value}]
    return builders.replace(switches[0], case.file, str(not switches[0].value)) if len(switches) == 1 else ()


def _is_switch(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, bool)


def _decisive(test: ast.expr | None) -> list[tuple[ast.expr, bool | None]]:
    """Return the parts of a test, each with the answer by which it alone decides; None where it is the whole test.

    One of several that hold anyway keeps nothing from being taken.
    """
    part, _ = _without_not(test)
    if not isinstance(part, ast.BoolOp):
        return [(part, None)] if part is not None else []
    alone = isinstance(part.op, ast.Or)
    inside = (_without_not(value) for value in part.values)
    return [(value, alone if plain else not alone) for value, plain in inside if value is not None]


def _without_not(test: ast.expr | None) -> tuple[ast.expr | None, bool]:
    positive = True
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, positive = test.operand, not positive
    return test, positive
