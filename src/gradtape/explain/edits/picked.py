"""Edits where a mask picks elements whose number nobody knows before: all are kept, and those left out are zero."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, simple_name, statements_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes

COUNTED = {"mean", "std", "var"}
"""Reductions that must know which elements count; a sum of zeros needs no telling."""

SUMS = {"sum", "nansum", "count_nonzero"}


def kept_whole(case: Case, pick: ast.Subscript) -> Changes:
    """Write `e = where(m, x, 0)` for `e = x[m]`, and `mean(e, where=m)` for what is made of it later."""
    statement, file, pen, scope = case.statement, case.file, case.pen, case.function
    named = isinstance(statement, ast.Assign) and len(statement.targets) == 1 and statement.value is pick
    target = statement.targets[0] if isinstance(statement, ast.Assign) and named else None
    if not isinstance(target, ast.Name) or scope is None or isinstance(pick.slice, ast.Tuple | ast.Slice):
        return ()
    mask = builders.written(pick.slice, file)
    text = pen.call("where", mask, builders.written(pick.value, file), "0.0")
    changes: list[Change] = [*builders.replace(pick, file, text)]
    names = {target.id}
    for later in (s for s in statements_of(scope) if s.lineno > pick.lineno and not hasattr(s, "body")):
        for read in (n for name in sorted(names) for n in syntax.mentions(later, name)):
            outer = _reduced(read, file)
            if outer is None and not _elementwise(later, read, file):
                return ()  # its length counts
            if outer is not None and simple_name(outer) in COUNTED:
                changes += builders.add_argument(outer, file, f"where={mask}")
        if isinstance(later, ast.Assign) and any(
            _reduced(n, file) is None for name in names for n in syntax.mentions(later, name)
        ):
            names |= {t.id for t in later.targets if isinstance(t, ast.Name)}
    return (*dict.fromkeys(changes), *pen.imports)


def _reduced(read: ast.expr, file: str) -> ast.Call | None:
    """Return the call of a sum or a mean around a name."""
    for outer in reversed(builders.path_to(read, file)):
        if isinstance(outer, ast.Call) and simple_name(outer) in COUNTED | SUMS:
            full = scopes.stands_for(outer.func, file) or ""
            told = any(k.arg == "where" for k in outer.keywords)
            return outer if full.startswith("jax.numpy.") and not told else None
        if isinstance(outer, ast.stmt):
            break
    return None


def _elementwise(statement: ast.stmt, read: ast.expr, file: str) -> bool:
    """Whether a statement makes of a name what has one element for each of its elements, and nothing more."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    return all(_keeps_elements(n, file) for n in _steps(statement, read, file))


def _steps(statement: ast.stmt, read: ast.expr, file: str) -> Iterator[ast.AST]:
    path = builders.path_to(read, file)
    yield from (n for n in path[path.index(statement) + 1 :] if isinstance(n, ast.expr))


def _keeps_elements(node: ast.AST, file: str) -> bool:
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.MatMult)
    if isinstance(node, ast.Call):
        full = scopes.stands_for(node.func, file) or ""
        return full.rpartition(".")[2] in {"abs", "square", "exp", "log1p", "tanh", "sin", "cos", "where", "clip"}
    return isinstance(node, ast.UnaryOp)
