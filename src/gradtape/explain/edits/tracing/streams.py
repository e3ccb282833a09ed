"""Edits of random streams: the key is drawn outside of what is traced, and handed on to where it is used."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name
from gradtape.explain.edits.outside import static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

TRACING = {"jit", "grad", "value_and_grad", "checkpoint", "remat"}
"""Transformations that hand keyword arguments on to the function that they are given."""


def handed_key(case: Case) -> Changes:
    """Give the functions that are traced the key as an argument, where one of them splits a key of the module's."""
    if not isinstance(case.function, ast.FunctionDef):
        return ()
    return _made_by_a_function(case, case.function) or _split_where_it_is_used(case, case.function)


def _made_by_a_function(case: Case, maker: ast.FunctionDef) -> Changes:
    """Call the function that gives the next key outside of what is traced."""
    file, value = case.file, getattr(case.statement, "value", None)
    if not isinstance(value, ast.Call) or ast.unparse(maker.args):
        return ()
    if not (scopes.stands_for(value.func, file) or "").startswith("jax.random."):
        return ()
    traced = {name: f for name, f in _traced(file).items() if f is not maker}
    users = {n: calls for n, f in traced.items() if (calls := list(_calls(f, maker.name)))}
    key = scopes.free_name(file, "rng")
    changes = list(_keywords(file, traced, set(users), key, lambda _: (f"{maker.name}()", ())))
    if not changes:
        return ()
    for name in sorted(users):
        several = len(users[name]) > 1
        for number, call in enumerate(users[name]):
            text = case.pen.say("jax.random.fold_in({k}, {n})", k=key, n=str(number)) if several else key
            changes += builders.replace(call, file, text)
    return tuple(changes)


def _split_where_it_is_used(case: Case, user: ast.FunctionDef) -> Changes:
    """Split a key of the module's where the traced functions are called: `global key` and `key, k = split(key)`."""
    file, statement, pen = case.file, case.statement, case.pen
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    value = statement.value if isinstance(statement, ast.Assign) else None
    names = [syntax.text_of(n) for n in target.elts] if isinstance(target, ast.Tuple) else []
    if len(names) < 2 or not isinstance(value, ast.Call) or not value.args or syntax.text_of(value.args[0]) != names[0]:
        return ()
    if scopes.stands_for(value.func, file) != "jax.random.split" or len(syntax.mentions(user, names[0])) > 2:
        return ()
    if names[0] not in _globals(user) or not all(name.isidentifier() for name in names):
        return ()

    def outside(call: ast.Call) -> tuple[str, Changes] | None:
        around, at = syntax.function_at(syntax.span_of(call, file)), syntax.statement_at(syntax.span_of(call, file))
        if at is None or hasattr(at, "body") or (around is not None and names[0] not in _globals(around)):
            return None
        split = pen.say("{k}, {r} = jax.random.split({k})", k=names[0], r=key)
        return key, builders.insert_before(at, file, split)

    key = scopes.free_name(file, "rng")
    changes = _keywords(file, _traced(file), {user.name}, key, outside)
    if not changes or statement is None:
        return ()
    own = ", ".join(names[1:])
    given = key if len(names) == 2 else pen.say("jax.random.split({k}, {n})", k=key, n=str(len(names) - 1))
    said = [n for n in ast.walk(user) if isinstance(n, ast.Global) and n.names == [names[0]]]
    unsaid = [change for n in said for change in builders.remove(n, file)]
    return (*changes, *unsaid, *builders.replace_statement(statement, file, f"{own} = {given}"), *pen.imports)


def _globals(function: ast.AST) -> set[str]:
    """Return the names of the module's that a function says it assigns."""
    return {name for n in ast.walk(function) if isinstance(n, ast.Global) for name in n.names}


def _keywords(
    file: str,
    traced: dict[str, ast.FunctionDef],
    users: set[str],
    key: str,
    outside: Callable[[ast.Call], tuple[str, Changes] | None],
) -> Changes:
    """Hand a key on to the traced functions that use one, by its name.

    `outside` tells what is given where no traced function calls, and what is written before; None if nothing can be.
    """
    around = {n: [(_holder(c, file), c) for c in static.calls_of(file, f)] for n, f in traced.items()}
    needing, waiting = set(users), list(users)
    while waiting:
        new = {holder for holder, _ in around.get(waiting.pop(), ()) if holder in traced} - needing
        needing |= new
        waiting += new
    if not needing or any(not around.get(name) for name in needing):
        return ()
    changes: list[Change] = []
    for name in sorted(needing):
        changes.append(_keyword_parameter(traced[name], file, key))
        for holder, call in around[name]:
            given = (key, ()) if holder in needing else outside(call)
            if given is None:
                return ()
            changes += [*builders.add_argument(call, file, f"{key}={given[0]}"), *given[1]]
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
