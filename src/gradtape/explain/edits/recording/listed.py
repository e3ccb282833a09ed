"""Edits where a loop changes every variable of a list, which is read afterwards: a list of new values in its place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.recording import sliced

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

SIGNS = {"assign": "", "assign_add": "+", "assign_sub": "-"}


def new_values(case: Case, call: ast.Call) -> Changes:
    """Write `ps = [p - lr * g for p, g in zip(ps, gs)]` for a loop of `p.assign_sub(lr * g)`: inner steps."""
    statement, file, method = case.statement, case.file, call.func
    loop = builders.parent_of(statement, file) if isinstance(statement, ast.Expr) and statement.value is call else None
    if not isinstance(loop, ast.For) or loop.body != [statement] or loop.orelse or len(call.args) != 1:
        return ()
    if not isinstance(method, ast.Attribute) or not isinstance(method.value, ast.Name) or method.attr not in SIGNS:
        return ()
    named = _listed(loop, method.value)
    if named is None or not sliced.reads_after(case, loop.end_lineno or loop.lineno, named.id):
        return ()
    if not _is_own(named.id, case.function):
        return ()
    sign, target = SIGNS[method.attr], builders.written(loop.target, file).strip("()")
    value = f"{method.value.id} {sign} {builders.operand(call.args[0], file)}"
    value = value if sign else builders.written(call.args[0], file)
    made = f"{named.id} = [{value} for {target} in {builders.written(loop.iter, file)}]"
    return builders.replace_statement(loop, file, made)


def _is_own(name: str, scope: ast.AST | None) -> bool:
    """Whether a scope may give a name another value: a function that only reads it could not read it before that."""
    if not isinstance(scope, ast.FunctionDef):
        return True
    parameters = {a.arg for a in ast.walk(scope.args) if isinstance(a, ast.arg)}
    return name in parameters or any(name in syntax.names_in(s, ast.Store) for s in scope.body)


def _listed(loop: ast.For, variable: ast.Name) -> ast.Name | None:
    """Return the name of the list of which a loop takes a variable: `ps` of `for p, g in zip(ps, gs)`."""
    given, taken = loop.iter, loop.target
    if isinstance(given, ast.Call) and syntax.text_of(given.func) == "zip" and isinstance(taken, ast.Tuple):
        pairs = zip(taken.elts, given.args, strict=False)
        given = next((g for t, g in pairs if isinstance(t, ast.Name) and t.id == variable.id), given)
    elif not (isinstance(taken, ast.Name) and taken.id == variable.id):
        return None
    return given if isinstance(given, ast.Name) else None
