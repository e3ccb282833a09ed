"""Edits where a traced value outlives its function: keep its number, as soon as there is one."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts
from gradtape.explain.edits.recording import caches
from gradtape.explain.edits.tracing import loops, streams

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def kept_as_number(case: Case) -> Suggestion | None:
    """Hand the value to `jax.debug.callback`, which keeps its number when it is computed."""
    statement, file = case.statement, case.file
    cached = caches.not_cached(case)
    if cached:
        return builders.likely(*cached)
    jax = scopes.imported_as(file, "jax", case.at)
    if statement is None or jax is None:
        return None
    key = streams.handed_key(case)
    if key:
        return builders.likely(*key)
    stacked = loops.stacked_by_scan(case)
    if stacked:
        return builders.sketch(*stacked)
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        call = statement.value
        if _read_in_the_function(case, call):
            return None  # a number that is kept carries no gradient
        if len(call.args) != 1 or call.keywords or isinstance(call.args[0], ast.Starred):
            return None
        keep, value = builders.written(call.func, file), builders.written(call.args[0], file)
        return builders.likely(*builders.replace_statement(statement, file, f"{jax}.debug.callback({keep}, {value})"))
    several = _several_kept(case, statement, jax)
    if several:
        return builders.likely(*several)
    stored = _stored(statement, file)
    if stored is None:
        return None
    target, value = stored
    if isinstance(target, ast.Name) and target.id not in _declared(case.function):
        return None  # a name of the function's own: it is kept elsewhere
    if _read_by_what_is_asked(case, target):
        return None  # a number that is kept carries no gradient
    keep = _keeper(target, file)
    later = _read_later(case, target)
    guarded = _kept_for_next_time(case, statement, target)
    if guarded is not None:
        return guarded
    if not later:
        text = f"{jax}.debug.callback({keep}, {value})"
        return builders.likely(*builders.replace_statement(statement, file, text))
    name = scopes.free_name(file, "traced")
    return builders.likely(
        *builders.replace_statement(statement, file, f"{name} = {value}"),
        *builders.insert_after(statement, file, f"{jax}.debug.callback({keep}, {name})"),
        *(c for n in later for c in builders.replace(n, file, name)),
    )


def _several_kept(case: Case, statement: ast.stmt, jax: str) -> Changes:
    """Keep the numbers of several results, each where the statement would have stored it: `self.a, self.b = f(x)`."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    places = target.elts if isinstance(target, ast.Tuple) else []
    if not places or not all(isinstance(p, ast.Attribute) for p in places) or target is None:
        return ()
    file, lines = case.file, list[str]()
    changes: list[Change] = []
    names = [scopes.free_name(file, p.attr) for p in places if isinstance(p, ast.Attribute)]
    for place, name in zip(places, names, strict=True):
        lines.append(f"{jax}.debug.callback({_keeper(place, file)}, {name})")
        changes += [c for n in _read_later(case, place) for c in builders.replace(n, file, name)]
    return (
        *builders.replace(target, file, ", ".join(names)),
        *builders.insert_after(statement, file, *lines),
        *changes,
    )


def _declared(function: ast.AST | None) -> set[str]:
    """Return the names that a function assigns outside of itself."""
    inside = ast.walk(function) if function is not None else ()
    return {name for n in inside if isinstance(n, ast.Global | ast.Nonlocal) for name in n.names}


def _read_in_the_function(case: Case, call: ast.Call) -> bool:
    """Whether the list that a function inside fills is read by the function whose gradient was asked for."""
    asked = next((f for f in syntax.functions_in(case.file) if f.name == case.context.question.target_name), None)
    held = call.func.value if isinstance(call.func, ast.Attribute) else None
    if asked is None or asked is case.function or not isinstance(held, ast.Name):
        return False
    own = {n for s in asked.body for n in syntax.names_in(s, ast.Store)}
    return held.id in own and len(syntax.mentions(asked, held.id)) > 1


def _read_by_what_is_asked(case: Case, target: ast.expr) -> bool:
    """Whether what another function stores is read by the one whose gradient was asked for: `net.penalty`."""
    asked = next((f for f in syntax.functions_in(case.file) if f.name == case.context.question.target_name), None)
    if asked is None or asked is case.function:
        return False
    stored = target.attr if isinstance(target, ast.Attribute) else syntax.text_of(target)
    read = (n for n in ast.walk(asked) if isinstance(n, ast.Attribute | ast.Name | ast.Subscript))
    return any(
        isinstance(n.ctx, ast.Load) and (n.attr if isinstance(n, ast.Attribute) else syntax.text_of(n)) == stored
        for n in read
    )


def _kept_for_next_time(case: Case, statement: ast.stmt, target: ast.expr) -> Suggestion | None:
    """Compute anew what a function keeps for its next call: `if "k" not in cache: cache["k"] = f(x)`."""
    file, test = case.file, builders.parent_of(statement, case.file)
    later = _read_later(case, target)
    holder = target.value if isinstance(target, ast.Subscript | ast.Attribute) else target
    if not isinstance(test, ast.If) or test.orelse or not later or not isinstance(statement, ast.Assign):
        return None
    asked = {syntax.text_of(n) for n in parts(test.test)}
    if not {syntax.text_of(holder), syntax.text_of(target)} & asked or statement not in test.body:
        return None
    name, indent = scopes.free_name(file, "fresh"), builders.indent_of(test, file)
    value = builders.written(statement.value, file)
    texts = [f"{name} = {value}" if s is statement else builders.written(s, file) for s in test.body]
    return builders.likely(
        *builders.replace_statement(test, file, f"\n{indent}".join(texts)),
        *(c for n in later for c in builders.replace(n, file, name)),
    )


def _stored(statement: ast.stmt, file: str) -> tuple[ast.expr, str] | None:
    """Return what a statement writes to, and the text of the value that it has then."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target = statement.targets[0]
        simple = isinstance(target, ast.Attribute | ast.Subscript | ast.Name)
        return (target, builders.written(statement.value, file)) if simple else None
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub | ast.Mult):
        sign = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*"}[type(statement.op)]
        target = statement.target
        return target, f"{builders.written(target, file)} {sign} {builders.operand(statement.value, file)}"
    return None


def _keeper(target: ast.expr, file: str) -> str:
    """Write a function that keeps its argument where a statement would have stored it."""
    if isinstance(target, ast.Attribute):
        return f'lambda number: setattr({builders.written(target.value, file)}, "{target.attr}", number)'
    if isinstance(target, ast.Subscript):
        key = builders.written(target.slice, file)
        return f"lambda number: {builders.operand(target.value, file)}.__setitem__({key}, number)"
    return f'lambda number: globals().__setitem__("{syntax.text_of(target)}", number)'


def _read_later(case: Case, target: ast.expr) -> list[ast.expr]:
    """Return where the function reads again what the statement stored, after it."""
    function, statement = case.function, case.statement
    if function is None or statement is None:
        return []
    end = statement.end_lineno or statement.lineno
    return [n for n in syntax.mentions(function, syntax.text_of(target)) if n.lineno > end]
