"""Branches and loops around a place, and the sides that a program may skip."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics.syntax.names import assigned_names, names_in, walk_scope
from gradtape.diagnostics.syntax.tree import around, parse_file, span_of, statement_at, text_of

if TYPE_CHECKING:
    from gradtape.diagnostics.spans import Span


def decision_at(span: Span) -> str:
    """Return what asks an expression for its truth or number: `` `if` ``, `` `max` ``; "Python" if it is not seen."""
    for node in reversed(around(span)):
        if isinstance(node, ast.If | ast.IfExp) and span_of(node.test, span.file).contains(span):
            return "`if`"
        if isinstance(node, ast.While) and span_of(node.test, span.file).contains(span):
            return "`while`"
        if isinstance(node, ast.For) and span_of(node.iter, span.file).contains(span):
            return "`for`"
        if isinstance(node, ast.Assert):
            return "`assert`"
        if isinstance(node, ast.BoolOp):
            return "`and`" if isinstance(node.op, ast.And) else "`or`"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return "`not`"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return f"`{node.func.id}`"
    return "Python"


def filled_once(span: Span) -> ast.If | None:
    """Return the branch that lets a statement run only while what it stores is not there: `if self.h is None:`."""
    names = set(assigned_names(span))
    branch = next((node for node in reversed(around(span)) if isinstance(node, ast.If)), None)
    if branch is None or branch.orelse or span_of(branch.test, span.file).contains(span):
        return None
    return branch if names & names_in(branch.test, ast.Load) else None


def share_a_loop(a: Span, b: Span) -> bool:
    """Whether two places stand in the same `for` or `while`: each round of it passes both."""
    loops = [span_of(node, a.file) for node in around(a) if isinstance(node, ast.For | ast.While)]
    return any(loop.contains(b) for loop in loops)


def with_header(span: Span) -> Span:
    """Return the context expression of a `with` statement that a span covers whole; any other span as it is.

    The instruction that enters a context manager has the whole statement as its place.
    """
    statement = statement_at(span)
    if not isinstance(statement, ast.With | ast.AsyncWith) or span_of(statement, span.file).line != span.line:
        return span
    items = [item.context_expr for item in statement.items]
    chosen = next((item for item in items if "Tape" in text_of(item)), items[0])
    return span_of(chosen, span.file)


class Fork(NamedTuple):
    """A conditional or a loop, and the code that runs on each of its sides."""

    node: ast.If | ast.IfExp | ast.While | ast.For
    sides: tuple[tuple[ast.AST, ...], ...]

    def test(self, file: str) -> Span:
        """Return the place of what decides: the condition, or what a loop runs over."""
        return span_of(self.node.iter if isinstance(self.node, ast.For) else self.node.test, file)


LEAVES = ast.Return | ast.Raise | ast.Continue | ast.Break


def forks_in(file: str, around: ast.AST | None) -> list[Fork]:
    """Return the conditionals and loops of a function (or of a module's top), nested functions left out.

    What follows an `if` that ends by leaving (`if plain: return loss`) is its other side.
    """
    root = around if around is not None else parse_file(file)
    inside = [root, *walk_scope(root)] if root is not None else []
    following: dict[int, tuple[ast.AST, ...]] = {}
    for node in inside:
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                following |= {id(statement): tuple(block[k + 1 :]) for k, statement in enumerate(block)}
    found = []
    for node in inside:
        if isinstance(node, ast.IfExp):
            found.append(Fork(node, ((node.body,), (node.orelse,))))
        elif isinstance(node, ast.If | ast.While | ast.For):
            other: tuple[ast.AST, ...] = tuple(node.orelse)
            if isinstance(node, ast.If) and not other and isinstance(node.body[-1], LEAVES):
                other = following.get(id(node), ())
            found.append(Fork(node, (tuple(node.body), other)))
    return sorted(found, key=lambda fork: (fork.node.lineno, fork.node.col_offset))
