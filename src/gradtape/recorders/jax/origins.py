"""Where the program made what it passes as an argument, read from the source: for display only."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Passage, syntax

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.diagnostics import Span

MOST = 10
"""How many names and calls are followed."""


def made_at(call: Span, position: int, keys: Sequence[object]) -> Passage | None:
    """Return the expression that made an argument of a call, or an element of it.

    Parameters
    ----------
    call : Span
        The text of the whole call.
    position : int
        Which argument.
    keys : sequence
        The keys and indices that lead to the element.
    """
    node: ast.AST | None = syntax.expression_at(call)
    if not isinstance(node, ast.Call) or position >= len(node.args):
        return None
    if any(isinstance(a, ast.Starred) for a in node.args[: position + 1]):
        return None
    found, rest = node.args[position], list(keys)
    scope: ast.AST | None = syntax.function_at(call)
    for _ in range(MOST):
        found, rest = _into(found, rest)
        following = _behind(found, scope, call)
        if following is None:
            break
        found, scope = following
    return Passage(syntax.span_of(found, call.file))


def _into(node: ast.expr, keys: list[object]) -> tuple[ast.expr, list[object]]:
    """Follow keys into a literal as far as it is one."""
    while keys:
        key = keys[0]
        if isinstance(node, ast.Dict):
            match = [
                v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant) and k.value == key
            ]
        elif isinstance(node, ast.List | ast.Tuple) and isinstance(key, int) and key < len(node.elts):
            match = [node.elts[key]] if not any(isinstance(e, ast.Starred) for e in node.elts) else []
        else:
            match = []
        if not match:
            break
        node, keys = match[0], keys[1:]
    return node, keys


def _behind(node: ast.expr, scope: ast.AST | None, call: Span) -> tuple[ast.expr, ast.AST | None] | None:
    """Return what a name was assigned before the call, or what a function of the file returns."""
    tree = syntax.parse_file(call.file)
    if isinstance(node, ast.Name) and tree is not None:
        for around in (scope, tree) if scope is not None else (tree,):
            before = [
                s.value
                for s in syntax.walk_scope(around)
                if isinstance(s, ast.Assign)
                and s.lineno < (call.line if around is scope or scope is None else 1 << 30)
                and any(isinstance(t, ast.Name) and t.id == node.id for t in s.targets)
            ]
            if before:
                last = max(before, key=lambda value: value.lineno)
                return last, scope if around is scope else None
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and tree is not None:
        own = [f for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) and f.name == node.func.id]
        returned = (
            [r.value for r in syntax.walk_scope(own[0]) if isinstance(r, ast.Return) and r.value is not None]
            if len(own) == 1
            else []
        )
        if len(returned) == 1:
            return returned[0], own[0]
    return None
