"""Edits where a data set of TensorFlow's gives tensors that start new paths: it gives positions instead."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import tape_block
from gradtape.explain.edits.case import parts, simple_name

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

SLICES = "from_tensor_slices"
CHOOSING = {"shuffle", "batch", "repeat", "take", "skip", "prefetch", "cache", "shard"}
"""Methods of data sets that only choose and group their elements."""


class Loop(NamedTuple):
    """A loop over a data set, and what its elements are called in it."""

    statement: ast.For
    target: ast.expr


def outside(case: Case) -> Changes:
    """Take rows of tensors in the loop over a data set, or apply there what the data set was to apply."""
    if case.pen.dialect != "tensorflow" or case.statement is None:
        return ()
    holder = case.statement.iter if isinstance(case.statement, ast.For) else case.statement
    calls = [n for n in (parts(holder) if isinstance(holder, ast.expr) else _inside(holder)) if isinstance(n, ast.Call)]
    sliced = next((n for n in calls if simple_name(n) == SLICES and len(n.args) == 1), None)
    loop = _loop(case, holder)
    if sliced is None or loop is None:
        return ()
    chain = [n for n in calls if n is not sliced and any(part is sliced for part in ast.walk(n.func))]
    mapped = [n for n in chain if simple_name(n) == "map" and n.args]
    if any(simple_name(n) not in CHOOSING for n in chain if n not in mapped) or len(mapped) > 1:
        return ()
    return _applied(case, loop, mapped[0]) if mapped else _rows(case, loop, sliced)


def _inside(statement: ast.stmt) -> list[ast.expr]:
    return [n for child in ast.iter_child_nodes(statement) if isinstance(child, ast.expr) for n in parts(child)]


def _loop(case: Case, holder: ast.AST) -> Loop | None:
    """Return the one loop over the data set, in the function where that is made."""
    scope, statement = case.function, case.statement
    if isinstance(statement, ast.For):
        return Loop(statement, statement.target) if holder is statement.iter else None
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Name) or scope is None:
        return None
    reads = syntax.mentions(scope, target.id)
    loops = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.For) and n.iter in reads]
    return Loop(loops[0], loops[0].target) if len(loops) == len(reads) == 1 else None


def _rows(case: Case, loop: Loop, sliced: ast.Call) -> Changes:
    """Let the data set give positions, and take the rows of the tensors where the tape records."""
    file, pen, given = case.file, case.pen, sliced.args[0]
    tensors = given.elts if isinstance(given, ast.Tuple | ast.List) else [given]
    names = loop.target.elts if isinstance(loop.target, ast.Tuple) else [loop.target]
    if len(tensors) != len(names) or not all(isinstance(t, ast.Name | ast.Attribute) for t in tensors):
        return ()
    rows = scopes.free_name(file, "rows")
    taken = [pen.say("tf.gather({t}, {r})", t=builders.written(t, file), r=rows) for t in tensors]
    count = f"{builders.written(tensors[0], file)}.shape[0]"
    left = ", ".join(builders.written(n, file) for n in names)
    return (
        *builders.replace(sliced, file, pen.say("tf.data.Dataset.range({n})", n=count)),
        *builders.replace(loop.target, file, rows),
        *_first_in(case, loop, f"{left} = {', '.join(taken)}"),
        *pen.imports,
    )


def _applied(case: Case, loop: Loop, mapped: ast.Call) -> Changes:
    """Apply a function to what the data set gives in the loop, row by row where that did so."""
    file, pen = case.file, case.pen
    function, inner = mapped.args[0], getattr(mapped.func, "value", None)
    if inner is None or len(mapped.args) != 1:
        return ()
    later = [simple_name(n) for n in builders.path_to(mapped, file) if isinstance(n, ast.expr)]
    target = builders.written(loop.target, file)
    text = f"{builders.operand(function, file)}({target.strip('()')})"
    if "batch" in later:
        if not isinstance(loop.target, ast.Name):
            return ()
        text = pen.say("tf.map_fn({f}, {x})", f=builders.written(function, file), x=target)
    return (*builders.keep_part(mapped, inner, file), *_first_in(case, loop, f"{target} = {text}"), *pen.imports)


def _first_in(case: Case, loop: Loop, text: str) -> Changes:
    """Put a statement first into the block of the tape, or into the loop where the block is around that."""
    entered = case.context.entered_at
    block = tape_block(entered) if entered is not None and entered.file == case.file else None
    inside = block is not None and any(n is block for n in ast.walk(loop.statement))
    found: list[Change] = []
    if block is not None and inside:
        found += builders.insert_before(block.body[0], case.file, text)
    else:
        found += builders.insert_before(loop.statement.body[0], case.file, text)
    return tuple(found)
