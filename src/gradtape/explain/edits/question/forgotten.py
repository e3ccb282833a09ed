"""Edits where a layer computes without one of its parts: a weight that nobody reads, layers that skip each other."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import FORWARD, Case, simple_name, statements_of

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes


def chained(function: ast.FunctionDef, file: str) -> Changes:
    """Call each layer on what the one before it gave, where all get the same and only the last result is read."""
    found: list[Change] = []
    last: tuple[str, str] | None = None
    for statement in function.body:
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        value = statement.value if isinstance(statement, ast.Assign) else None
        given = value.args[0] if isinstance(value, ast.Call) and len(value.args) == 1 else None
        if not isinstance(target, ast.Name) or not isinstance(value, ast.Call) or not isinstance(given, ast.Name):
            last = None
            continue
        if last == (target.id, given.id) and isinstance(value.func, ast.Attribute):
            found += builders.replace(given, file, target.id)
        last = (target.id, given.id) if target.id != given.id else None
    return tuple(found) or _in_loop(function, file)


def _in_loop(function: ast.FunctionDef, file: str) -> Changes:
    """Do so where a loop over layers calls each on what the first one got: `for layer in layers: out = layer(x)`."""
    for loop in (s for s in statements_of(function) if isinstance(s, ast.For) and isinstance(s.target, ast.Name)):
        for statement in loop.body:
            value = statement.value if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
            target = statement.targets[0] if isinstance(statement, ast.Assign) else None
            if not isinstance(value, ast.Call) or not isinstance(target, ast.Name) or not value.args:
                continue
            given = value.args[0]
            called = syntax.text_of(value.func) == syntax.text_of(loop.target)
            if not called or not isinstance(given, ast.Name) or given.id == target.id:
                continue
            inside = [s for s in loop.body if s is not statement]
            if any({target.id, given.id} & syntax.names_in(s, ast.Store) for s in inside):
                continue
            if any(syntax.mentions(s, target.id) for s in inside) or syntax.mentions(value, target.id):
                continue
            first = builders.insert_before(loop, file, f"{target.id} = {given.id}")
            return (*first, *builders.replace(given, file, target.id))
    return ()


def attribute(case: Case) -> Changes:
    """Add `self.bias` to what a layer returns, if no method that computes reads it."""
    tree = syntax.parse_file(case.file)
    source = case.context.source.name.rpartition(".")[2]
    made = case.context.made_at(case.context.source)
    own = case.context.source.path.rpartition("/")[2]  # a weight that Keras makes later has the place of its layer
    bound = syntax.assigned_names(made) if made is not None else ()
    names = [n for n in (source, own, *(b.removeprefix("self.") for b in bound)) if n]
    for holder in (n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)) if tree is not None else ():
        methods = {n.name: n for n in holder.body if isinstance(n, ast.FunctionDef)}
        forward = next((methods[n] for n in FORWARD if n in methods), None)
        attributes = {f"self.{n}" for n in names}
        stored = {a for m in methods.values() for a in attributes & syntax.names_in(m, ast.Store)}
        read = {a for m in methods.values() for a in attributes & syntax.names_in(m, ast.Load)}
        if forward is not None and len(stored - read) == 1:
            name = (stored - read).pop()
            return _with_attribute(forward, name, _rows_of(holder, forward, name, case.file) or name, case.file)
    return ()


FACTORS = ("scale", "gain", "gamma", "temperature", "factor")
"""What is in the names of weights that something is multiplied by."""


LOOK_UPS = {"gather", "embedding_lookup"}
"""Functions that take rows of a table, which comes first, at places, which come second."""


def _rows_of(holder: ast.ClassDef, forward: ast.FunctionDef, name: str, file: str) -> str:
    """Write the rows of a table that others of as many rows are looked up for: `tf.gather(self.bias, user)`."""
    made = {
        syntax.text_of(s.targets[0]): _first_size(s.value)
        for s in ast.walk(holder)
        if isinstance(s, ast.Assign) and len(s.targets) == 1
    }
    for call in (n for n in ast.walk(forward) if isinstance(n, ast.Call) and simple_name(n) in LOOK_UPS):
        table = syntax.text_of(call.args[0]) if len(call.args) == 2 and not call.keywords else ""
        if made.get(name) and made.get(table) == made[name]:
            places = builders.written(call.args[1], file)
            return f"{builders.written(call.func, file)}({name}, {places})"
    return ""


def _first_size(value: ast.expr) -> str:
    """Return how the first size is spelled in what makes a weight: `n` of `tf.zeros([n, 3])`, of `shape=(n,)`."""
    shapes = (n for n in ast.walk(value) if isinstance(n, ast.List | ast.Tuple) and n.elts)
    return next((syntax.text_of(shape.elts[0]) for shape in shapes), "")


def _with_attribute(forward: ast.FunctionDef, name: str, term: str, file: str) -> Changes:
    """Bring a weight into what a layer returns, of several results into the first: as a factor if it is called so."""
    returned = [s for s in statements_of(forward) if isinstance(s, ast.Return) and s.value is not None]
    value = returned[-1].value if returned else None
    first = value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value
    if first is None:
        return ()
    if any(word in name.lower() for word in FACTORS):
        return builders.replace(first, file, f"{builders.operand(first, file)} * {term}")
    return builders.replace(first, file, f"{builders.term(first, file)} + {term}")
