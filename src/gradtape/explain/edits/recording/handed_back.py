"""Edits where a method writes into a variable that its caller reads: it hands back what it writes as well."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import statements_of

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def new_value(case: Case, call: ast.Call) -> Changes:
    """Return what is assigned last in a method, and read that where the one caller reads the variable afterwards."""
    statement, method, file = case.statement, case.function, case.file
    if not isinstance(method, ast.FunctionDef) or not isinstance(statement, ast.Expr) or statement.value is not call:
        return ()
    if method.body[-1] is not statement or any(isinstance(s, ast.Return) for s in statements_of(method)):
        return ()
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "assign" or len(call.args) != 1:
        return ()
    variable, calls = syntax.text_of(call.func.value), scopes.calls_of(file, method)
    caller = syntax.statement_at(syntax.span_of(calls[0], file)) if len(calls) == 1 else None
    around = syntax.function_at(syntax.span_of(calls[0], file)) if len(calls) == 1 else None
    if not isinstance(caller, ast.Expr) or caller.value is not calls[0] or around is None:
        return ()
    reads = [n for n in syntax.mentions(around, variable) if n.lineno > caller.lineno]
    name = scopes.free_name(file, f"new_{variable.rpartition('.')[2]}")
    if not reads or not variable.startswith("self."):
        return ()
    return (
        *builders.insert_before(statement, file, f"{name} = {builders.written(call.args[0], file)}"),
        *builders.replace(call.args[0], file, name),
        *builders.insert_after(statement, file, f"return {name}"),
        *builders.replace_statement(caller, file, f"{name} = {builders.written(calls[0], file)}"),
        *(change for node in reads for change in builders.replace(node, file, name)),
    )
