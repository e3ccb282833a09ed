"""Edits of array references of JAX's that a function under a gradient writes to: it gets one of its own."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import statements_of

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def of_its_own(case: Case) -> Changes:
    """Let the function compute with a reference that it makes, and hand the numbers on to the one outside."""
    statement, scope, file, pen = case.statement, case.function, case.file, case.pen
    target = getattr(statement, "target", None) or next(iter(getattr(statement, "targets", ())), None)
    held = target.value if isinstance(target, ast.Subscript) else None
    if not isinstance(held, ast.Name | ast.Attribute) or not isinstance(scope, ast.FunctionDef):
        return ()
    name = syntax.text_of(held)
    elsewhere = [f for f in syntax.functions_in(file) if f is not scope and syntax.mentions(f, name)]
    if any(f not in ast.walk(scope) and scope not in ast.walk(f) for f in elsewhere):
        return ()  # who reads it there would have no gradient
    own = scopes.free_name(file, "own")
    uses = [n for n in ast.walk(scope) if isinstance(n, ast.Name | ast.Attribute) and syntax.text_of(n) == name]
    writes = [s for s in statements_of(scope) if _writes_to(s, name)]
    first = scope.body[0] if not _is_docstring(scope.body[0]) else scope.body[1]
    if not writes:
        return ()
    return (
        *builders.insert_before(first, file, pen.say("{o} = jax.new_ref({n}[...])", o=own, n=name)),
        *(c for n in uses for c in builders.replace(n, file, own)),
        *builders.insert_after(writes[-1], file, pen.say("{n}[...] = jax.lax.stop_gradient({o}[...])", n=name, o=own)),
        *pen.imports,
    )


def _is_docstring(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)


def _writes_to(statement: ast.stmt, name: str) -> bool:
    given = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    return any(isinstance(t, ast.Subscript) and syntax.text_of(t.value) == name for t in given)
