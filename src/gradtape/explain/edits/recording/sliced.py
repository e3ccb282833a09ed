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


def written_to_new(case: Case, call: ast.Call) -> Changes:
    """Write into a new tensor beside the variable, and read that one afterwards."""
    statement, scope, pen, file = case.statement, case.function, case.pen, case.file
    part = call.func.value if isinstance(call.func, ast.Attribute) else None
    if not isinstance(part, ast.Subscript) or not isinstance(part.value, ast.Name) or scope is None:
        return ()
    alone = isinstance(statement, ast.Expr) and statement.value is call and len(call.args) == 1 and not call.keywords
    place = _place(part.slice, case)
    written = [n for n in ast.walk(scope) if isinstance(n, ast.Call) and _writes(n, part.value.id)]
    if not alone or statement is None or not place or len(written) != 1:
        return ()
    name, new = part.value.id, scopes.free_name(file, "written")
    loops = [n for n in syntax.around(case.at) if isinstance(n, ast.For | ast.While) and n in list(ast.walk(scope))]
    last = max((n.end_lineno or n.lineno for n in loops[:1]), default=statement.lineno)
    inner = [n for s in loops[:1] for n in syntax.mentions(s, name)]
    reads = reads_after(case, last, name)
    if not reads or (loops and len(inner) != 1):
        return ()
    value = builders.written(call.args[0], file)
    made = pen.say(f"tf.tensor_scatter_nd_update({{t}}, [[{place}]], [{{v}}])", t=new if loops else name, v=value)
    before = builders.insert_before(loops[0], file, pen.say(f"{new} = tf.convert_to_tensor({name})")) if loops else ()
    changes = builders.insert_before(statement, file, f"{new} = {made}")
    read = [c for n in reads for c in builders.replace(n, file, new)]
    return (*before, *changes, *read, *pen.imports)


def _writes(call: ast.Call, name: str) -> bool:
    """Whether a call changes a variable or a part of it."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr in WRITES else None
    owner = owner.value if isinstance(owner, ast.Subscript) else owner
    return isinstance(owner, ast.Name) and owner.id == name


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
