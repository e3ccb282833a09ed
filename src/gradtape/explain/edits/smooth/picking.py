"""Edits where a position picks an element: a place between two rows, two entries, two elements."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.smooth.kinds import BOUNDING, ROUNDED

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen


def is_index(case: Case, node: ast.expr) -> bool:
    """Whether the whole number that an expression gives picks elements: then nothing but a whole number will do."""
    path = builders.path_to(node, case.file)
    around = (n for n in path if isinstance(n, ast.Call | ast.Subscript))
    for outer in around:
        if isinstance(outer, ast.Subscript) and syntax.span_of(outer.slice, case.file).contains(case.at):
            return True
        if isinstance(outer, ast.Call) and simple_name(outer) in PICKING:
            return True
    names = set(syntax.assigned_names(case.at))
    scope = case.function
    return any(
        isinstance(n, ast.Subscript) and names & _placed_by(n.slice)
        for n in (ast.walk(scope) if scope is not None else ())
    )


def _placed_by(index: ast.AST) -> set[str]:
    """Return the names in an index, without those that are compared there: these make a mask."""
    if isinstance(index, ast.Compare):
        return set()
    own = {syntax.text_of(index)} if isinstance(index, ast.Name | ast.Attribute) else set[str]()
    return own.union(*(_placed_by(child) for child in ast.iter_child_nodes(index)))


def picked_later(case: Case) -> bool:
    """Whether the route enters an operation that picks elements by the positions that it gets."""
    blamed = case.operation
    later = (k for k in case.route if blamed is not None and k.operation.seq > blamed.seq)
    return any(picks(k.operation.name) and (k.position > 0 or "embedding" in k.operation.name) for k in later)


PICKING = {"item", "int", "gather", "gather_nd", "take", "one_hot", "embedding", "embedding_lookup", "index_select",
           "range", "take_along_axis", "lookup"}  # fmt: skip
"""What needs whole numbers."""


def between_rows(case: Case, node: ast.expr, inner: ast.expr) -> Changes:
    """Go in a straight line from one row of a table to the next, where a cast position picks a row."""
    if case.pen.dialect == "tensorflow":
        return _between_gathered(case, node, inner)
    if case.pen.dialect in {"jax", "gradtape"}:
        changes = _between_elements(case, node)
        if changes:
            return changes
    if case.pen.dialect == "torch":
        changes = _between_entries(case, node, inner)
        if changes:
            return changes
    file, pen, scope = case.file, case.pen, case.function
    names = set(syntax.assigned_names(case.at))
    picks = [n for n in (ast.walk(scope) if scope is not None else ()) if isinstance(n, ast.Subscript)]
    pick = next((n for n in picks if n.slice is node or syntax.text_of(n.slice) in names), None)
    if pick is None or not isinstance(pick.ctx, ast.Load) or not isinstance(pick.value, ast.Name | ast.Attribute):
        return ()
    if isinstance(pick.value, ast.Attribute) and pick.value.attr in {"at", "loc", "iloc"}:  # no rows, but a place
        return _between_places(pick, builders.operand(inner, file), file) if pen.dialect == "jax" else ()
    rounded = simple_name(inner) in ROUNDED and pen.dialect == "torch"
    moving = builders.worked_on(inner, file) if rounded else None
    rows, table, position = (
        builders.written(pick.slice, file),
        builders.written(pick.value, file),
        builders.operand(moving or inner, file),
    )
    index = rows if rows in names else f"({rows})"
    last = f"len({table}) - 1"
    after = f"({index} + 1).clamp(max={last})" if pen.dialect == "torch" else pen.call("minimum", f"{index} + 1", last)
    weight = f"({position} - {index}).reshape({index}.shape + (1,) * ({table}.ndim - 1))"
    text = f"{table}[{rows}] + {weight} * ({table}[{after}] - {table}[{rows}])"
    return (*builders.replace(pick, file, text), *pen.imports)


def _between_elements(case: Case, node: ast.expr) -> Changes:
    """Sample an array between its elements, where as many rounded positions as it has axes pick: `image[row, column]`.

    A trace knows how many axes there are; an array of NumPy's that our own tape does not have may have more.
    """
    file, pen, scope = case.file, case.pen, case.function
    names = set(syntax.assigned_names(case.at))
    for pick in syntax.walk_scope(scope) if scope is not None else ():
        places = pick.slice.elts if isinstance(pick, ast.Subscript) and isinstance(pick.slice, ast.Tuple) else []
        mine = any(node in parts(place) or names & syntax.names_in(place, ast.Load) for place in places)
        if not isinstance(pick, ast.Subscript) or not isinstance(pick.ctx, ast.Load) or len(places) < 2 or not mine:
            continue
        if isinstance(pick.value, ast.Attribute) and pick.value.attr == "at":
            continue
        found = [_before_rounding(case, place) for place in places]
        positions = [position for position in found if position is not None]
        if len(positions) < len(places) or (pen.dialect == "jax" and len(places) not in _axes(case, pick)):
            return ()
        listed = f"[{', '.join(positions)}]"
        text = pen.call("map_coordinates", builders.written(pick.value, file), listed, "order=1", 'mode="nearest"')
        return (*builders.replace(pick, file, text), *_no_longer_read(case, pick), *pen.imports)
    return ()


def _axes(case: Case, pick: ast.Subscript) -> set[int]:
    """Return how many axes the values have from which elements are picked, and by which."""
    span = syntax.span_of(pick, case.file)
    inputs = {i for k in case.route if k.operation.site.span == span for i in k.operation.inputs}
    return {len(known.shape) for i in inputs if i and (known := case.context.values.get(i)) is not None}


def _no_longer_read(case: Case, pick: ast.Subscript) -> Changes:
    """Take away the statements that make positions which nothing else reads."""
    scope = case.function
    found: list[Change] = []
    for place in (p for p in getattr(pick.slice, "elts", ()) if isinstance(p, ast.Name) and scope is not None):
        reads = syntax.mentions(scope, place.id) if scope is not None else []
        made = [s for s in statements_of(scope or pick) if place.id in syntax.names_in(s, ast.Store)]
        if len(reads) == 1 and len(made) == 1 and isinstance(made[0], ast.Assign):
            found += builders.remove(made[0], case.file)
    return tuple(dict.fromkeys(found))


def _between_entries(case: Case, node: ast.expr, inner: ast.expr) -> Changes:
    """Do the same where an embedding picks the row, or the row is one of zeros and a one."""
    file, pen, scope = case.file, case.pen, case.function
    names = set(syntax.assigned_names(case.at))
    calls = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    for call in (n for n in calls if isinstance(n, ast.Call)):
        place = next((a for a in call.args if a is node or syntax.text_of(a) in names), None)
        if place is None:
            continue
        rows, position = builders.operand(place, file), builders.operand(inner, file)
        if simple_name(call) == "one_hot" and len(call.args) == 2:
            count = builders.written(call.args[1], file)
            apart = pen.say("({p}.unsqueeze(-1) - torch.arange({n})).abs()", p=position, n=count)
            return (*builders.replace(call, file, pen.say("torch.relu(1.0 - {d})", d=apart)), *pen.imports)
        layer = builders.written(call.func, file)
        made = [simple_name(v) for v in syntax.values_given_to(syntax.text_of(call.func), case.at)]
        if made == ["Embedding"] and len(call.args) == 1:
            here, after = f"{layer}({rows})", f"{layer}(({rows} + 1).clamp(max={layer}.num_embeddings - 1))"
            weight = f"({position} - {rows}).unsqueeze(-1)"
            return (*builders.replace(call, file, f"{here} + {weight} * ({after} - {here})"), *pen.imports)
    return ()


WHOLE = {"astype", "int", "int32", "int64", "asarray", "array", *ROUNDED}
"""What makes a whole number of a position."""


def _before_rounding(case: Case, place: ast.expr) -> str | None:
    """Write what a position was before it became a whole number; None where it is not seen to have become one."""
    file, scope = case.file, case.function
    if isinstance(place, ast.Subscript) and isinstance(place.slice, ast.Constant):
        whole = _before_rounding(case, place.value)
        return f"{whole}[{builders.written(place.slice, file)}]" if whole is not None and whole.isidentifier() else None
    made: ast.expr | None = place
    if isinstance(place, ast.Name):
        made = assigned_before(scope, place.id, case.at.end_line + 1) if scope is not None else None
        made = made or _of_several(case.statement, place.id)
    while isinstance(made, ast.Call) and simple_name(made) in WHOLE:
        inner = builders.worked_on(made, file)
        if inner is None or not (isinstance(inner, ast.Call) and simple_name(inner) in WHOLE):
            return builders.written(inner, file) if inner is not None else None
        made = inner
    return None


def _of_several(statement: ast.stmt | None, name: str) -> ast.expr | None:
    """Return what a statement gives one name among several: `i, j = floor(y), floor(x)`."""
    if not isinstance(statement, ast.Assign):
        return None
    target, value = statement.targets[0], statement.value
    both = isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple)
    pairs = zip(getattr(target, "elts", ()), getattr(value, "elts", ()), strict=False) if both else ()
    return next((given for part, given in pairs if syntax.text_of(part) == name), None)


def _between_gathered(case: Case, node: ast.expr, inner: ast.expr) -> Changes:
    """Do it for TensorFlow: where `tf.gather`, a layer of embeddings or an index picks the row, or a row is one-hot."""
    file, pen, scope = case.file, case.pen, case.function
    names = set(syntax.assigned_names(case.at))
    for statement in statements_of(scope) if scope is not None else ():
        if statement.lineno < node.lineno or hasattr(statement, "body"):
            continue
        for pick in parts(statement):
            place = _place_of(pick)
            if place is not None and (place is node or syntax.text_of(place) in names):
                text = _between(pen, pick, place, inner, file)
                return (*builders.replace(pick, file, text), *pen.imports) if text else ()
        value = statement.value if isinstance(statement, ast.Assign) else None
        if isinstance(value, ast.Call) and simple_name(value) in BOUNDING and names & syntax.names_in(value, ast.Load):
            names |= syntax.names_in(statement, ast.Store)
        elif statement is not case.statement and syntax.names_in(inner, ast.Load) & syntax.names_in(
            statement, ast.Store
        ):
            return ()  # what the position was computed from is another value there
    return ()


def _place_of(pick: ast.expr) -> ast.expr | None:
    """Return the position by which an expression picks; None for what picks nothing, or along an unknown axis."""
    if isinstance(pick, ast.Subscript):
        return pick.slice if isinstance(pick.ctx, ast.Load) else None
    if not isinstance(pick, ast.Call):
        return None
    if simple_name(pick) == "gather_nd":
        return None
    if simple_name(pick) in {"gather", "take", "embedding_lookup", "one_hot"}:
        of_row = simple_name(pick) == "one_hot"
        return pick.args[0 if of_row else 1] if len(pick.args) > 1 and _axis_of(pick) is not None else None
    return pick.args[0] if len(pick.args) == 1 and not pick.keywords else None  # a layer, if it turns out to be one


def _axis_of(pick: ast.expr) -> int | None:
    """Return along which axis an expression picks; None where that is not known, or others in front are paired too."""
    named = pick.keywords if isinstance(pick, ast.Call) else []
    given = {k.arg: k.value for k in named if k.arg in {"axis", "batch_dims"}}
    numbers = {name: node.value for name, node in given.items() if isinstance(node, ast.Constant)}
    paired = numbers.get("batch_dims", 0)
    axis = numbers.get("axis", paired)
    if len(numbers) < len(given) or (isinstance(pick, ast.Call) and len(pick.args) > 2) or not isinstance(axis, int):
        return None
    return axis if axis >= 0 and paired in {0, axis} else None


def _between(pen: Pen, pick: ast.expr, place: ast.expr, inner: ast.expr, file: str) -> str:
    """Write what was picked as a straight line between two rows; empty where what is picked from has no rows."""
    first, at = _kept_as(inner, "place", file)
    if isinstance(pick, ast.Call) and simple_name(pick) == "one_hot":
        count = builders.written(pick.args[1], file)
        apart = pen.say("tf.abs({f}[..., None] - tf.range({n}, dtype={p}.dtype))", f=first, p=at, n=count)
        return pen.say("tf.nn.relu(1.0 - {d})", d=apart)
    table = _table_of(pick, file)
    if not table:
        return ""
    rows, row = _kept_as(place, "rows", file)
    axis = _axis_of(pick) or 0
    settings = "".join(f", {builders.written(k, file)}" for k in getattr(pick, "keywords", ()))
    after = pen.say("tf.minimum({i} + 1, {t}.shape[{k}] - 1)", i=row, t=table, k=str(axis))
    weight = pen.say("{f} - tf.cast({i}, {p}.dtype)", f=first, p=at, i=row)
    return pen.say(
        "tf.gather({t}, {r}{s}) + tf.reshape({w}, {i}.shape + [1] * (len({t}.shape) - {k})) "
        "* (tf.gather({t}, {a}{s}) - tf.gather({t}, {i}{s}))",
        t=table,
        r=rows,
        i=row,
        a=after,
        w=weight,
        k=str(axis + 1),
        s=settings,
    )


def _kept_as(node: ast.expr, name: str, file: str) -> tuple[str, str]:
    """Write an expression so that it can be read again by a name: as it is, or with a name given to it."""
    text = builders.written(node, file)
    if isinstance(node, ast.Name | ast.Attribute):
        return text, text
    new = scopes.free_name(file, name)
    return f"({new} := {text})", new


def _table_of(pick: ast.expr, file: str) -> str:
    """Return how the table is written from which an expression picks; empty if it is not a name for one."""
    if isinstance(pick, ast.Subscript):
        table: ast.expr = pick.value
    elif isinstance(pick, ast.Call) and len(pick.args) > 1:
        table = pick.args[0]
    else:
        layer = pick.func if isinstance(pick, ast.Call) else pick
        made = [simple_name(v) for v in syntax.values_given_to(syntax.text_of(layer), syntax.span_of(pick, file))]
        return f"{builders.written(layer, file)}.embeddings" if made == ["Embedding"] else ""
    return builders.written(table, file) if isinstance(table, ast.Name | ast.Attribute) else ""


def _between_places(pick: ast.Subscript, position: str, file: str) -> Changes:
    """Write to both neighbours of a position, each by its nearness: `a.at[i].set(v)` for JAX."""
    path = builders.path_to(pick, file)
    method = next((n for n in reversed(path) if isinstance(n, ast.Attribute) and n.value is pick), None)
    call = next((n for n in reversed(path) if isinstance(n, ast.Call) and n.func is method), None)
    if method is None or call is None or method.attr not in {"set", "add"} or len(call.args) != 1:
        return ()
    place, value = builders.written(pick.slice, file), builders.operand(call.args[0], file)
    nearness = f"({position} - {place})"
    near = f"{builders.written(method, file)}({value} * (1 - {nearness}))"
    return builders.replace(call, file, f"{near}.at[{place} + 1].{method.attr}({value} * {nearness})")


def picks(name: str) -> bool:
    """Whether an operation of that name picks elements by positions."""
    return any(word in name.lower() for word in ("gather", "embedding", "take", "lookup"))


def grouped_later(case: Case) -> bool:
    """Whether the route enters an operation that writes or sums where the positions say that it gets."""
    blamed = case.operation
    later = (k.operation.name for k in case.route if blamed is not None and k.operation.seq > blamed.seq)
    return any(word in name.lower() for name in later for word in ("scatter", "segment", "bincount"))


def cut_later(case: Case) -> bool:
    """Whether the route enters an operation that cuts a window out where the whole numbers say."""
    blamed = case.operation
    later = (k for k in case.route if blamed is not None and k.operation.seq > blamed.seq)
    return any(k.operation.name == "slice" and k.position > 0 for k in later)
