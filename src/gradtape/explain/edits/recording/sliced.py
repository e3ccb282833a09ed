"""Edits where a part of a variable is assigned, `v[i].assign(x)`: it is written into a new tensor, which is read."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, statements_of
from gradtape.explain.edits.recording.places import asks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.edits.builders import Changes

WRITES = frozenset({"assign", "assign_add", "assign_sub"})
"""Methods that change a variable; a part of one has only the first."""


ELEMENT = "tf.tensor_scatter_nd_update({t}, [[{place}]], [{v}])"
"""A tensor with another element, or row."""

STRETCH = (
    "tf.reshape(tf.range(tf.size({t})), tf.shape({t}))[{place}]",
    (
        "tf.tensor_scatter_nd_update(tf.reshape({t}, [-1]), tf.reshape({places}, [-1, 1]), "
        "tf.reshape(tf.broadcast_to({v}, tf.shape({places})), [-1]))"
    ),
    "tf.reshape({new}, tf.shape({t}))",
)
"""The places of a slice among all elements, a tensor with others there, and that in the form that it had."""


def written_to_new(case: Case, call: ast.Call) -> Changes:
    """Write into a new tensor beside the variable, and read that one afterwards."""
    statement, scope, pen, file = case.statement, case.function, case.pen, case.file
    part = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(part, ast.Subscript) or not isinstance(part.value, ast.Name | ast.Attribute) or scope is None:
        return ()
    name, new = syntax.text_of(part.value), scopes.free_name(file, "written")
    alone = isinstance(statement, ast.Expr) and statement.value is call and len(call.args) == 1 and not call.keywords
    written = [n for n in ast.walk(scope) if isinstance(n, ast.Call) and _writes(n, name)]
    if not alone or statement is None:
        return ()
    loops = [n for n in syntax.around(case.at) if isinstance(n, ast.For | ast.While) and n in list(ast.walk(scope))]
    others = [n for n in written if n is not call]
    if others and (loops or not all(_fills(n) and n.lineno < statement.lineno for n in others)):
        return ()
    last = max((n.end_lineno or n.lineno for n in loops[:1]), default=statement.lineno)
    inner = [n for s in loops[:1] for n in syntax.mentions(s, name)]
    reads = reads_after(case, last, name)
    if not reads or (loops and len(inner) != 1):
        return ()
    place, value = _place(part.slice, case), builders.written(call.args[0], file)
    if place:
        lines = [f"{new} = {pen.say(ELEMENT, t=new if loops else name, place=place, v=value)}"]
    else:
        places, given = scopes.free_name(file, "places"), {"t": new if loops else name, "v": value}
        key = builders.written(part.slice, file)
        made = [pen.say(text, **given, place=key, places=places, new=new) for text in STRETCH]
        lines = [f"{left} = {right}" for left, right in zip((places, new, new), made, strict=True)]
        if loops:
            lines[2] = f"{new} = {pen.say(STRETCH[2], t=name, new=new)}"
    before = builders.insert_before(loops[0], file, pen.say(f"{new} = tf.convert_to_tensor({name})")) if loops else ()
    changes = builders.insert_before(statement, file, *lines)
    read = [c for n in reads for c in builders.replace(n, file, new)]
    return (*before, *changes, *read, *pen.imports)


def _writes(call: ast.Call, name: str) -> bool:
    """Whether a call changes a variable or a part of it."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES else None
    owner = owner.value if isinstance(owner, ast.Subscript) else owner
    return owner is not None and syntax.text_of(owner) == name


def _fills(call: ast.Call) -> bool:
    """Whether a variable gets a value as a whole: from that the new tensor is made."""
    return isinstance(call.func, ast.Attribute) and not isinstance(call.func.value, ast.Subscript)


def _place(key: ast.expr, case: Case) -> str:
    """Return the numbers of one element or row, where each is surely a whole number; empty otherwise."""
    parts: Sequence[ast.expr] = key.elts if isinstance(key, ast.Tuple) else (key,)
    counted = {
        n.target.id
        for n in syntax.around(case.at)
        if isinstance(n, ast.For) and isinstance(n.target, ast.Name) and _counts(n.iter)
    }
    sure = all(
        (isinstance(p, ast.Constant) and type(p.value) is int) or (isinstance(p, ast.Name) and p.id in counted)
        for p in parts
    )
    return ", ".join(builders.written(p, case.file) for p in parts) if sure else ""


def _counts(iterated: ast.expr) -> bool:
    return isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Name) and iterated.func.id == "range"


def reads_after(case: Case, last: int, name: str) -> list[ast.expr]:
    """Return where the function reads a variable after a line, and not one of its attributes."""
    inside = statements_of(case.function) if case.function is not None else ()
    later = [s for s in inside if s.lineno > last and not hasattr(s, "body") and not asks(s)]
    reads = [n for s in later for n in syntax.mentions(s, name)]
    return [n for n in reads if not isinstance(builders.parent_of(n, case.file), ast.Attribute)]
