"""Arrays that were given away to a compiled function, with `donate_argnums`: which call took them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Passage, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Span

DONATES = {"donate_argnums", "donate_argnames"}


def given_away(used: Span) -> tuple[Passage, str] | None:
    """Return the last call before a place that gives away what is read there, and its name; None if none is seen."""
    tree = syntax.parse_file(used.file)
    statement = syntax.statement_at(used)
    if tree is None or statement is None:
        return None
    takers = set(_takers(tree))
    read = {n.id for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    scope = syntax.function_at(used)
    calls = [
        n for n in syntax.walk_scope(scope or tree) if isinstance(n, ast.Call) and syntax.text_of(n.func) in takers
    ]
    for call in sorted(calls, key=lambda c: -c.lineno):
        given = [a.id for a in call.args if isinstance(a, ast.Name) and a.id in read]
        if call.lineno <= used.line and given:
            return Passage(syntax.span_of(call, used.file)), given[0]
    return None


def _takers(tree: ast.Module) -> Iterator[str]:
    """Yield the names of compiled functions that may use the memory of their arguments."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and _donates(node.value):
            yield from (syntax.text_of(target) for target in node.targets)
        elif isinstance(node, ast.FunctionDef) and any(_donates(mark) for mark in node.decorator_list):
            yield node.name


def _donates(node: ast.expr) -> bool:
    return isinstance(node, ast.Call) and any(k.arg in DONATES for k in node.keywords)
