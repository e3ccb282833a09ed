"""Edits where JAX arrays, which cannot change, are written to: each write makes a new array under the same name."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, statements_of
from gradtape.explain.edits.outside import conversions
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Suggestion
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

METHODS: dict[type[ast.operator], str] = {
    ast.Add: "add({v})",
    ast.Sub: "add(-{v})",
    ast.Mult: "multiply({v})",
    ast.Div: "divide({v})",
    ast.Pow: "power({v})",
}
"""How a part of an array is changed in a new one: `a.at[i].add(v)`."""


def by_new_arrays(case: Case) -> Suggestion | None:
    """Write `a = a.at[i].set(x)` for every `a[i] = x` of the function, and make `a` an array of JAX's at first."""
    statement, scope, file, pen = case.statement, case.function, case.file, case.pen
    if syntax.dropped_update(statement) is not None:
        return _taken(case)
    base = _written(statement)[0] if statement is not None else None
    if base is None or scope is None:
        return None
    name = syntax.text_of(base)
    writes = [s for s in statements_of(scope) if (b := _written(s)[0]) is not None and syntax.text_of(b) == name]
    made = list(_made(case, name))
    plain = [node for node in made if _is_numpys(node, file)]
    failure = case.context.question.failure
    immutable = failure is not None and "immutable" in failure.text
    wrapped = not plain and not immutable  # an array of NumPy's that came from elsewhere
    changes: list[Change] = [c for node in plain for c in _in_jax(pen, node, file)]
    for write in writes:
        changes += _anew(pen, write, file, wrapped=wrapped and write is writes[0])
    if plain or wrapped:
        changes += _computed_later(case, name, set(map(id, writes)))
    return builders.likely(*conversions.outer_only(changes), *pen.imports)


def _taken(case: Case) -> Suggestion | None:
    """Write `a = a.at[i].set(x)` for every `a.at[i].set(x)` of the function that nobody takes."""
    scope = case.function
    found: list[Change] = []
    for statement in statements_of(scope) if scope is not None else ():
        array = syntax.dropped_update(statement)
        if isinstance(array, ast.Name | ast.Attribute | ast.Subscript):
            start = syntax.span_of(statement, case.file)
            name = builders.written(array, case.file)
            found.append(insertion(case.file, start.line, start.column, f"{name} = "))
    return builders.likely(*found)


def _written(statement: ast.stmt) -> tuple[ast.expr | None, list[ast.expr]]:
    """Return the array that a statement writes to, and the indices that lead to the part."""
    target: ast.expr | None = None
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
    elif isinstance(statement, ast.AugAssign) and type(statement.op) in METHODS:
        target = statement.target
    indices: list[ast.expr] = []
    while isinstance(target, ast.Subscript):
        indices.insert(0, target.slice)
        target = target.value
    return (target, indices) if indices and isinstance(target, ast.Name | ast.Attribute) else (None, [])


def _anew(pen: Pen, write: ast.stmt, file: str, *, wrapped: bool) -> Changes:
    base, indices = _written(write)
    value = getattr(write, "value", None)
    if base is None or not isinstance(value, ast.expr):
        return ()
    name = builders.written(base, file)
    array = pen.say("jnp.asarray({x})", x=name) if wrapped else name
    index = ", ".join(builders.written(i, file) for i in indices)
    method = METHODS[type(write.op)] if isinstance(write, ast.AugAssign) else "set({v})"
    text = builders.operand(value, file) if "-{v}" in method else builders.written(value, file)
    return builders.replace_statement(write, file, f"{name} = {array}.at[{index}].{method.format(v=text)}")


def _made(case: Case, name: str) -> Iterator[ast.expr]:
    """Yield the values that the array is given as a whole: in the function, or of an attribute in the class."""
    holder = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.ClassDef)), None)
    scope = holder if holder is not None and "." in name else case.function
    for node in ast.walk(scope) if scope is not None else ():
        if isinstance(node, ast.Assign) and any(syntax.text_of(t) == name for t in node.targets):
            yield node.value


def _is_numpys(node: ast.expr, file: str) -> bool:
    return isinstance(node, ast.Call) and function_name(node.func, file) is not None


def _in_jax(pen: Pen, node: ast.expr, file: str) -> Changes:
    name = function_name(node.func, file) if isinstance(node, ast.Call) else None
    return builders.rename_call(node, file, pen.say(f"jnp.{name}")) if isinstance(node, ast.Call) and name else ()


def _computed_later(case: Case, name: str, writes: set[int]) -> Changes:
    """Return the changes of what the function computes from the array by functions of NumPy's."""
    scope = case.function
    plain, found = {name}, list[ast.stmt]()
    for statement in statements_of(scope) if scope is not None else ():
        if statement.lineno < case.at.line or hasattr(statement, "body") or id(statement) in writes:
            continue
        if plain & syntax.names_in(statement, ast.Load):
            found.append(statement)
            plain |= syntax.names_in(statement, ast.Store)
    return tuple(c for s in found for c in conversions.all_inside(case.pen, s, case.file))
