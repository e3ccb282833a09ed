"""Where a program writes down what reaches an expression: a switch, a dtype, followed to where it is set."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.scopes import FORWARD, calls_of, given_for
from gradtape.explain.edits.case import assigned_before

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.explain.edits.case import Case

FOLLOWED = 4
"""How many names a setting is followed through to where it is written."""


def set_at(case: Case, node: ast.expr, wanted: Callable[[ast.expr], bool], depth: int = FOLLOWED) -> list[ast.expr]:
    """Return the wanted expressions that may be what another one stands for, as the program writes them."""
    if wanted(node):
        return [node]
    if not depth:
        return []
    if isinstance(node, ast.Attribute | ast.Subscript):
        return [c for value in _held_as(case, node) for c in set_at(case, value, wanted, depth - 1)]
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
    return [c for value in values for c in set_at(case, value, wanted, depth - 1)]


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
