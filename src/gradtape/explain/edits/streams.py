"""Edits of random streams: the key is drawn outside of what is traced, and handed on to where it is used."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain.edits import builders, static
from gradtape.explain.edits.case import parts, simple_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

TRACING = {"jit", "grad", "value_and_grad", "checkpoint", "remat"}
"""Transformations that hand keyword arguments on to the function that they are given."""


def handed_key(case: Case) -> Changes:
    """Give the functions that are traced the key as an argument, where one of them splits a key of the module's."""
    file, maker, value = case.file, case.function, getattr(case.statement, "value", None)
    if not isinstance(maker, ast.FunctionDef) or not isinstance(value, ast.Call) or ast.unparse(maker.args):
        return ()
    if not (scopes.stands_for(value.func, file) or "").startswith("jax.random."):
        return ()
    traced = {name: f for name, f in _traced(file).items() if f is not maker}
    users = {n: list(_calls(f, maker.name)) for n, f in traced.items()}
    needing = {name for name, calls in users.items() if calls}
    around = {n: [(_holder(c, file), c) for c in static.calls_of(file, f)] for n, f in traced.items()}
    waiting = list(needing)
    while waiting:
        new = {holder for holder, _ in around[waiting.pop()] if holder in traced} - needing
        needing |= new
        waiting += new
    if not needing or any(not around[name] for name in needing):
        return ()
    key = scopes.free_name(file, "rng")
    changes: list[Change] = []
    for name in sorted(needing):
        changes.append(_keyword_parameter(traced[name], file, key))
        several = len(users[name]) > 1
        for number, call in enumerate(users[name]):
            text = case.pen.say("jax.random.fold_in({k}, {n})", k=key, n=str(number)) if several else key
            changes += builders.replace(call, file, text)
        for holder, call in around[name]:
            given = key if holder in needing else f"{maker.name}()"
            changes += builders.add_argument(call, file, f"{key}={given}")
    return tuple(changes)


def _traced(file: str) -> dict[str, ast.FunctionDef]:
    """Return the functions of a file that run under a transformation of JAX's, with those that they call."""
    own = {f.name: f for f in syntax.functions_in(file)}
    tree, found = syntax.parse_file(file), dict[str, ast.FunctionDef]()
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)] if tree is not None else []
    given = {
        n.id for c in calls if simple_name(c) in TRACING for a in c.args for n in parts(a) if isinstance(n, ast.Name)
    }
    decorated = {
        f.name
        for f in own.values()
        if any(syntax.text_of(n).rpartition(".")[2] in TRACING for d in f.decorator_list for n in parts(d))
    }
    waiting = [name for name in own if name in given | decorated]
    while waiting:
        name = waiting.pop()
        if name in own and name not in found:
            found[name] = own[name]
            waiting += syntax.called_in(own[name])
    return found


def _calls(function: ast.FunctionDef, name: str) -> Iterator[ast.Call]:
    """Yield the calls of another function in one."""
    for node in ast.walk(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name:
            yield node


def _holder(call: ast.Call, file: str) -> str:
    return getattr(syntax.function_at(syntax.span_of(call, file)), "name", "")


def _keyword_parameter(function: ast.FunctionDef, file: str, name: str) -> Change:
    """Add a parameter that is given by its name only, behind all others."""
    arguments = function.args
    everything = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    ends = [syntax.span_of(n, file) for n in (*everything, *arguments.defaults, *filter(None, arguments.kw_defaults))]
    star = "" if arguments.kwonlyargs or arguments.vararg is not None else "*, "
    if not ends:
        start = syntax.span_of(function, file)
        return insertion(file, start.line, start.column + len(f"def {function.name}("), f"{star}{name}")
    last = max(ends, key=lambda span: (span.end_line, span.end_column))
    return insertion(file, last.end_line, last.end_column, f", {star}{name}")
