"""Edits where a layer computes without one of its parts: a weight that nobody reads, layers that skip each other."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.scopes import FORWARD
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, parts, simple_name, statements_of
from gradtape.explain.edits.question import weights

if TYPE_CHECKING:
    from collections.abc import Iterable

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


def left_out_of_loop(case: Case) -> Changes:
    """Let a loop come to all layers of a list: `self.blocks` for `self.blocks[:-1]`, where nothing else reads that."""
    made = case.context.made_at(case.context.source)
    names = syntax.assigned_names(made) if made is not None and made.file == case.file else ()
    holder = next((n for n in reversed(syntax.around(made)) if isinstance(n, ast.ClassDef)), None) if made else None
    if len(names) != 1 or not names[0].startswith("self.") or holder is None:
        return ()
    methods = [n for n in holder.body if isinstance(n, ast.FunctionDef) and n.name not in MAKING]
    read = [n for method in methods for n in syntax.mentions(method, names[0])]
    loops = [
        n
        for method in methods
        for n in ast.walk(method)
        if isinstance(n, ast.For | ast.comprehension) and syntax.mentions(n.iter, names[0])
    ]
    if len(loops) != 1:
        return ()
    index, (loop,) = syntax.text_of(loops[0].target), loops
    cut = next((n for n in parts(loop.iter) if _is_cut(n, names[0])), None)
    inside = syntax.mentions(loop.iter, names[0])
    places = [builders.parent_of(n, case.file) for n in read if n not in inside]
    if cut is None or not all(isinstance(p, ast.Subscript) and syntax.text_of(p.slice) == index for p in places):
        return ()
    whole = cut.value if isinstance(cut, ast.Subscript) else cut.left if isinstance(cut, ast.BinOp) else cut
    return builders.replace(cut, case.file, builders.written(whole, case.file))


def _is_cut(node: ast.expr, name: str) -> bool:
    """Whether an expression leaves elements of a list out: a part of it, or a number less than it has."""
    if isinstance(node, ast.Subscript):
        return isinstance(node.slice, ast.Slice) and node.slice.step is None and syntax.text_of(node.value) == name
    less = isinstance(node, ast.BinOp) and isinstance(node.op, ast.Sub)
    return less and isinstance(node, ast.BinOp) and syntax.text_of(node.left) == f"len({name})"


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
        computing = [m for m in methods.values() if m.name not in MAKING]
        read = {a for m in computing for a in attributes if _is_read(m, a)}
        if forward is None or len(stored - read) != 1:
            continue
        name = (stored - read).pop()
        given = _given_to(name, methods.values())
        if not all(_is_weight(value) for value in given):
            layer = weights.layer_called(case, forward, name)
            return layer or _like_another(forward, name, list(methods.values()), case.file)
        rows = _rows_of(holder, forward, name, case.file)
        if rows:
            return _with_attribute(forward, name, rows, case.file)
        others = [m for m in computing if m is not forward]
        placed = weights.brought_in(case, [forward, *others], name)
        return _with_attribute(forward, name, name, case.file) if placed is None else placed
    return ()


def _is_read(method: ast.FunctionDef, attribute: str) -> bool:
    """Whether a method reads an attribute, other than to give it a name that it does not read."""
    pairs = [p for s in statements_of(method) if isinstance(s, ast.Assign) for p in syntax.assigned_pairs(s)]
    unread = [value for name, value in pairs if isinstance(name, ast.Name) and not syntax.mentions(method, name.id)]
    return any(node not in unread for node in syntax.mentions(method, attribute))


MAKING = {"__init__", "build"}
"""Methods that make weights, and compute nothing with them."""

WEIGHTS = {"Variable", "Parameter"}
"""Classes of weights; an object of another class is a layer."""


def _given_to(name: str, methods: Iterable[ast.FunctionDef]) -> list[ast.expr]:
    """Return what methods give an attribute."""
    return [
        value
        for method in methods
        for statement in statements_of(method)
        if isinstance(statement, ast.Assign)
        for target, value in syntax.assigned_pairs(statement)
        if syntax.text_of(target) == name
    ]


def _is_weight(value: ast.expr) -> bool:
    """Whether a value is a weight, and no layer or list that has it inside."""
    name = simple_name(value)
    return not isinstance(value, ast.List | ast.Tuple | ast.Dict | ast.ListComp) and (
        not name[:1].isupper() or name in WEIGHTS
    )


def _unread_names(function: ast.FunctionDef) -> list[str]:
    """Return the names that a function gets values for and does not read."""
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return sorted({*stored, *syntax.parameter_names(function)} - syntax.names_in(function, ast.Load) - {"training"})


def _like_another(forward: ast.FunctionDef, name: str, methods: list[ast.FunctionDef], file: str) -> Changes:
    """Add a term with a layer that no method calls, as another one has that gives as much: of what a third is given.

    `self.item_bias(i)`, where the sum has `self.user_bias(u)` and a table of as many items as it has is given `i`.
    """
    made = {
        syntax.text_of(t): v
        for m in methods
        for s in statements_of(m)
        if isinstance(s, ast.Assign)
        for t, v in syntax.assigned_pairs(s)
        if isinstance(v, ast.Call) and len(v.args) == 2
    }
    own, returned = made.get(name), weights.returned(forward)
    called = {syntax.text_of(n.func): n for s in statements_of(forward) for n in parts(s) if isinstance(n, ast.Call)}
    if own is None or returned is None:
        return ()
    alike = [n for n, v in made.items() if n in called and ast.dump(v.func) == ast.dump(own.func)]
    gives = [n for n in alike if ast.dump(made[n].args[1]) == ast.dump(own.args[1])]
    takes = [n for n in alike if ast.dump(made[n].args[0]) == ast.dump(own.args[0])]
    unread = _unread_names(forward)
    index = called[takes[0]].args[0] if len(takes) == 1 and len(called[takes[0]].args) == 1 else None
    if len(gives) != 1 or (index is None and len(unread) != 1):
        return ()
    call = called[gives[0]]
    term: ast.expr = call
    for outer in reversed(builders.path_to(call, file)):
        if not isinstance(outer, ast.expr) or isinstance(outer, ast.BinOp):
            break
        term = outer if index is not None else term
    given = builders.written(index, file) if index is not None else unread[0]
    text = builders.with_part(term, call, file, f"{name}({given})")
    return weights.added(returned if index is not None else term, text, file)


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
    if any(word in name.lower() for word in weights.FACTORS):
        return weights.multiplied(first, term, file)
    return weights.added(first, term, file)


def edges_weighed(case: Case, functions: Iterable[ast.FunctionDef]) -> Changes:
    """Multiply rows that are looked up by a column of `a.indices` by `a.values`, where nothing reads these."""
    if not case.context.source.name.endswith(".values"):
        return ()
    functions = list(functions)
    read = {t for f in functions for t in syntax.names_in(f, ast.Load) if t.endswith((".indices", ".values"))}
    owners = {t.removesuffix(".indices") for t in read if t.endswith(".indices")}
    owner = owners.pop() if len(owners) == 1 else ""
    if not owner or f"{owner}.values" in read:
        return ()
    found = []
    for function in functions:
        pairs = [p for s in statements_of(function) if isinstance(s, ast.Assign) for p in syntax.assigned_pairs(s)]
        columns = {syntax.text_of(t) for t, v in pairs if syntax.mentions(v, f"{owner}.indices")}
        for call in (n for n in ast.walk(function) if isinstance(n, ast.Call) and simple_name(n) in LOOK_UPS):
            given = call.args[1] if len(call.args) == 2 and not call.keywords else None
            if given is not None and (syntax.text_of(given) in columns or syntax.mentions(given, f"{owner}.indices")):
                found.append(call)
    axes = weights.axes_of(case, found[0]) if len(found) == 1 else 0
    more = f"[:, {', '.join(['None'] * (axes - 1))}]" if axes > 1 else ""
    return weights.multiplied(found[0], f"{owner}.values{more}", case.file) if axes else ()
