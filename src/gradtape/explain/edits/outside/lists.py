"""Edits where tensors are written into a plain array one by one: keep them in a list, and stack that."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, simple_name
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

EMPTY = {"zeros", "empty", "ones"}
"""Functions of NumPy that make an array of a shape."""

ENTRIES = {"constant", "convert_to_tensor", "array", "asarray"}
"""Functions that make a tensor, or an array, of an array."""


def listed(case: Case) -> Changes:
    """Make the array a list of tensors, and stack the list where the array becomes a tensor."""
    statement, scope, file, pen = case.statement, case.function, case.file, case.pen
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Subscript) or not isinstance(target.value, ast.Name) or scope is None:
        return ()
    name = target.value.id
    if pen.dialect != "tensorflow" or not isinstance(target.slice, ast.Name | ast.Constant | ast.BinOp):
        return ()
    made = assigned_before(scope, name, target.lineno)
    if not isinstance(made, ast.Call) or not made.args or function_name(made.func, file) not in EMPTY:
        return ()
    rows = pen.say("tf.unstack(tf.zeros({n}))", n=builders.written(made.args[0], file))
    stack = pen.call("stack").removesuffix("()")
    entered = [
        n
        for n in syntax.walk_scope(scope)
        if isinstance(n, ast.Call) and n.args and simple_name(n) in ENTRIES and syntax.text_of(n.args[0]) == name
    ]
    return (
        *builders.replace(made, file, rows),
        *(c for n in entered for c in builders.replace(n, file, f"{stack}({name})")),
        *pen.imports,
    )
