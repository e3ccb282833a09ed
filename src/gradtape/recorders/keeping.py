"""Where a program keeps a value: under which names it is held, and which statement of a function put it there."""

from __future__ import annotations

import ast
import gc
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.diagnostics import Span

STORING = {"append", "add", "extend", "insert", "update", "setdefault", "appendleft", "put", "push", "__setitem__"}
"""Methods that put a value into a container."""


def kept_at(value: Any, made: Iterable[Span], argument: str = "") -> Span | None:
    """Return the statement that kept a value, read from the functions that were running when it was made.

    Parameters
    ----------
    value : object
    made : iterable of Span
        Where it was made, the innermost place first.
    argument : str
        What the function calls it, if it is an argument of its.
    """
    places, names = list(made), set(holders(value))
    for known in (names, set[str]()):
        for place in places:
            statement = _keeping(place, known, argument)
            if statement is not None:
                return statement
    return _kept_by_another(places[0], argument, names) if places else None


def _kept_by_another(made: Span, argument: str, names: set[str]) -> Span | None:
    """Return the statement of a function that was handed the value, and keeps it under one of its names."""
    function = syntax.function_at(made)
    held = {*syntax.assigned_names(made), *([argument] if argument else ())}
    handed = {
        syntax.text_of(call.func).rpartition(".")[2]
        for call in (ast.walk(function) if function is not None else ())
        if isinstance(call, ast.Call) and any(held & syntax.names_in(a, ast.Load) for a in call.args)
    }
    for keeper in (f for f in syntax.functions_in(made.file) if f.name in handed and f is not function):
        given = set(syntax.parameter_names(keeper))
        for statement in _statements(keeper):
            if given & syntax.names_in(statement, ast.Load) and names and _stores(statement, set(), names):
                return syntax.span_of(statement, made.file)
    return None


def holders(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the names under which a value is held: attributes, keys, variables, and those of containers around it."""
    for holder in gc.get_referrers(value):
        if isinstance(holder, dict):
            yield from (str(key) for key, held in list(holder.items()) if held is value)
        elif isinstance(holder, list | tuple | set) and depth < 2 and len(holder) < 100_000:
            yield from holders(holder, depth + 1)
        elif hasattr(holder, "__dict__") and not isinstance(holder, type):
            yield from (str(key) for key, held in list(vars(holder).items()) if held is value)
        if isinstance(holder, dict) and depth < 2:  # a dict of the program's own has a name too
            yield from holders(holder, depth + 1)


def _keeping(made: Span, names: set[str], argument: str) -> Span | None:
    """Return the statement of a function that keeps what an expression gave, or an argument.

    If there are names, it must be kept under one of them.
    """
    function = syntax.function_at(made)
    if function is None or isinstance(function, ast.Lambda):
        return None
    outside = {n for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names}
    held = {*syntax.assigned_names(made), *([argument] if argument else ())}
    for statement in sorted(_statements(function), key=lambda s: s.lineno):
        whole = syntax.span_of(statement, made.file)
        reads = syntax.names_in(statement, ast.Load)
        if not (whole.contains(made) or reads & held):
            continue
        if _stores(statement, outside, names):
            return whole
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            held |= syntax.names_in(statement, ast.Store)
    return None


def _statements(function: ast.AST) -> Iterator[ast.stmt]:
    for node in syntax.walk_scope(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            yield node


def _stores(statement: ast.stmt, outside: set[str], names: set[str]) -> bool:
    """Whether a statement puts something where it outlives the function."""
    if isinstance(statement, ast.Expr):
        call = statement.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in STORING):
            return False
        return not names or bool(names & _words(call.func.value))
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # type: ignore[attr-defined]
    for target in (part for t in targets for part in (t.elts if isinstance(t, ast.Tuple | ast.List) else [t])):
        lasting = isinstance(target, ast.Attribute | ast.Subscript) or (
            isinstance(target, ast.Name) and target.id in outside
        )
        if lasting and (not names or names & _words(target)):
            return True
    return False


def _words(node: ast.AST) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value)
    return found
