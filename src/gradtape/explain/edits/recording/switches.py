"""Edits where a switch of the program keeps a branch from being taken: turn it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import FORWARD, assigned_before

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

FOLLOWED = 4
"""How many names a switch is followed through to where it is set."""


def turned(case: Case) -> Changes:
    """Set the switch that a branch asks for to the other value, where the program writes it down."""
    choice = case.statement if isinstance(case.statement, ast.If) else None
    inline = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.IfExp)), None)
    test = inline.test if inline is not None else choice.test if choice is not None else None
    tests = _decisive(test)
    found = {place: told for part, told in tests for place in _set_at(case, part, FOLLOWED)}
    switches = [n for n, told in found.items() if isinstance(n.value, bool) and told in {None, n.value}]
    return builders.replace(switches[0], case.file, str(not switches[0].value)) if len(switches) == 1 else ()


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


def _set_at(case: Case, node: ast.expr, depth: int) -> list[ast.Constant]:
    """Return the constants that a switch gets where it is set."""
    if isinstance(node, ast.Constant):
        return [node]
    if not depth:
        return []
    if isinstance(node, ast.Attribute | ast.Subscript):
        return [c for value in _held_as(case, node) for c in _set_at(case, value, depth - 1)]
    if not isinstance(node, ast.Name):
        return []
    function = syntax.function_at(syntax.span_of(node, case.file))
    if isinstance(function, ast.FunctionDef) and node.id in syntax.parameter_names(function):
        calls = calls_of(case.file, function) + _calls_with(case.file, function, node.id)
        given = [g for call in calls if (g := given_for(call, function, node.id)) is not None]
        values = given or _defaults(function, node.id)
    else:
        scope = function or syntax.parse_file(case.file)
        value = assigned_before(scope, node.id, node.lineno) if scope is not None else None
        values = [value] if value is not None else syntax.values_given_to(node.id, case.at)
    return [c for value in values for c in _set_at(case, value, depth - 1)]


def _calls_with(file: str, function: ast.FunctionDef, name: str) -> list[ast.Call]:
    """Return the calls that give an argument of that name to objects, where these are called by the method."""
    tree = syntax.parse_file(file) if function.name in FORWARD else None
    calls = [n for n in syntax.nodes_of(tree) if isinstance(n, ast.Call)] if tree is not None else []
    return [call for call in calls if any(k.arg == name for k in call.keywords)]


def _defaults(function: ast.FunctionDef, name: str) -> list[ast.expr]:
    """Return what a parameter is where no call gives it."""
    positional = [*function.args.posonlyargs, *function.args.args]
    pairs = [*zip(reversed(positional), reversed(function.args.defaults), strict=False)]
    pairs += [(a, d) for a, d in zip(function.args.kwonlyargs, function.args.kw_defaults, strict=True) if d is not None]
    return [default for parameter, default in pairs if parameter.arg == name]


def _held_as(case: Case, node: ast.Attribute | ast.Subscript) -> list[ast.expr]:
    """Return what an object holds under the name of an attribute, or a dict under a key."""
    tree = syntax.parse_file(case.file)
    if isinstance(node, ast.Subscript):
        key = node.slice.value if isinstance(node.slice, ast.Constant) else None
    else:
        key = node.attr
    if not isinstance(key, str) or tree is None:
        return []
    found = [*syntax.values_given_to(f"self.{key}", case.at)]
    for holder in ast.walk(tree):
        if isinstance(holder, ast.ClassDef):
            found += [
                n.value
                for n in holder.body
                if isinstance(n, ast.Assign | ast.AnnAssign)
                and n.value is not None
                and key in syntax.names_in(n, ast.Store)
            ]
        elif isinstance(holder, ast.Dict):
            pairs = zip(holder.keys, holder.values, strict=True)
            found += [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == key]
        elif isinstance(holder, ast.Call):
            found += [k.value for k in holder.keywords if k.arg == key and isinstance(node.value, ast.Name)]
    return list(dict.fromkeys(found))
