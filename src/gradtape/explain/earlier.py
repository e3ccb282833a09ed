"""What a program computed from a source before the function ran whose gradient it asked for, read from its text."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Span, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.explain.cause import Context


class Earlier(NamedTuple):
    """A value that was computed from a source too early: its name, the expression, where the source is read in it."""

    name: str
    at: Span
    statement: ast.Assign
    reads: tuple[Span, ...] = ()


def computed_before(context: Context) -> Earlier | None:
    """Return the value that the function reads, and that was computed from the source where the function is called."""
    call = context.question.call.span
    asked, file = syntax.expression_at(call), call.file
    function = next((f for f in syntax.functions_in(file) if f.name == context.question.target_name), None)
    parameter, *keys = [k for k in re.split(r"[\[\].']+", context.source.name) if k]
    if function is None or not isinstance(asked, ast.Call) or syntax.span_of(asked, file) != call:
        return None
    given = dict(zip(syntax.parameter_names(function), asked.args, strict=False))
    own = given.pop(parameter, None)
    scope = syntax.function_at(call) or syntax.parse_file(file)
    if not isinstance(own, ast.Name) or scope is None:
        return None
    read = syntax.names_in(function, ast.Load)
    names = {value.id for name, value in given.items() if isinstance(value, ast.Name) and name in read}
    for statement in _assignments(scope, call.line):
        target = statement.targets[0]
        if not isinstance(target, ast.Name) or target.id not in names | (read - given.keys()):
            continue
        if target.id == own.id or own.id not in syntax.names_in(statement.value, ast.Load):
            continue
        reads = tuple(_read_in(statement.value, keys[-1], file)) if keys else ()
        if reads or not keys:
            return Earlier(target.id, syntax.span_of(statement.value, file), statement, reads)
    return None


def _assignments(scope: ast.AST, line: int) -> list[ast.Assign]:
    """Return what a scope assigns before a line, the last first."""
    found = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.Assign) and n.lineno < line]
    return sorted((n for n in found if len(n.targets) == 1), key=lambda n: n.lineno, reverse=True)


MOST = 20
"""How many functions are looked into."""


def _read_in(value: ast.expr, key: str, file: str) -> Iterator[Span]:
    """Yield where an expression, or a function of the file that it calls, takes the part of that key."""
    classes = {n.name: n for n in ast.walk(syntax.parse_file(file) or value) if isinstance(n, ast.ClassDef)}
    waiting: list[ast.AST] = [value]
    seen = set[str]()
    while waiting and len(seen) < MOST:
        here = waiting.pop(0)
        for node in ast.walk(here):
            taken = node.slice if isinstance(node, ast.Subscript) else None
            same = isinstance(taken, ast.Constant) and str(taken.value) == key
            if (same or (isinstance(node, ast.Attribute) and node.attr == key)) and isinstance(
                getattr(node, "ctx", None), ast.Load
            ):
                yield syntax.span_of(node, file)
        for name in sorted(syntax.called_in(here) - seen):
            seen.add(name)
            made = classes.get(name)
            body = made.body if made is not None else syntax.functions_in(file)
            wanted = "__init__" if made is not None else name
            waiting += [f for f in body if isinstance(f, ast.FunctionDef) and f.name == wanted]
