"""Edits where a value became an array because parts of it are overwritten: note where, and choose the value elsewhere.

Tensors of TensorFlow take no writes, so that a conversion before `x[rows] = 0.0` cannot just be left out.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import statements_of
from gradtape.explain.edits.outside.conversions import worked_on
from gradtape.explain.search import forward_cone

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

Write = ast.Assign | ast.AugAssign

ASKS = {"shape", "size", "ndim", "dtype"}
"""What can be read of an array without its numbers."""


def writes_after(case: Case) -> list[Write]:
    """Return the later statements that write into elements of what the statement at the place gives a name."""
    start, scope = case.statement, case.function
    if start is None or scope is None:
        return []
    names = syntax.names_in(start, ast.Store)
    return [
        statement
        for statement in statements_of(scope)
        if isinstance(statement, ast.Assign | ast.AugAssign)
        and statement.lineno > start.lineno
        and any(name in names for place in _places(statement) for name in [syntax.text_of(place.value)])
    ]


def _places(statement: Write) -> list[ast.Subscript]:
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
    return [target for target in targets if isinstance(target, ast.Subscript)]


def chosen(case: Case, node: ast.expr, writes: list[Write]) -> Changes:
    """Return the changes that note what is overwritten and take the rest from the tensor; none where that is not all.

    Parameters
    ----------
    case : Case
    node : expr
        The conversion.
    writes : list of statements
        From `writes_after`.
    """
    start, file, pen = case.statement, case.file, case.pen
    target = start.targets[0] if isinstance(start, ast.Assign) and len(start.targets) == 1 else None
    given = worked_on(node, file)
    if start is None or not isinstance(target, ast.Name) or given is None or not _is_copy(start, node):
        return ()
    block = builders.block_of(start, file)
    following = block[block.index(start) + 1 :] if start in block else []
    around = [s for s in following if any(n in writes for n in ast.walk(s))]
    held = {n for s in around for n in ast.walk(s)}
    if not all(write in held for write in writes) or not all(isinstance(w, ast.Assign) for w in writes):
        return ()
    last = around[-1]
    if any(_reads(s, target.id) for s in following[: following.index(last) + 1]) or _carry(case, writes):
        return ()
    tensor, kept = scopes.free_name(file, "tensor"), scopes.free_name(file, "kept")
    named = syntax.text_of(given) == target.id
    noted = [
        c
        for write in writes
        for place in _places(write)
        for c in builders.insert_before(write, file, f"{kept}[{builders.written(place.slice, file)}] = False")
    ]
    return (
        *builders.insert_before(start, file, f"{tensor} = {builders.written(given, file)}"),
        *builders.replace(given, file, pen.say("tf.stop_gradient({x})", x=target.id if named else tensor)),
        *builders.insert_after(start, file, pen.say("{kept} = np.ones({x}.shape, bool)", kept=kept, x=target.id)),
        *noted,
        *builders.insert_after(last, file, f"{target.id} = {pen.call('where', kept, tensor, target.id)}"),
        *pen.imports,
    )


def _is_copy(start: ast.Assign | ast.stmt, node: ast.expr) -> bool:
    """Whether a statement names the array that a conversion makes, or a copy of it, and of no other dtype."""
    value = getattr(start, "value", None)
    if isinstance(value, ast.Call) and value is not node and syntax.text_of(value.func).endswith(".copy"):
        value = value.args[0] if value.args else getattr(value.func, "value", None)
    return value is node and isinstance(node, ast.Call) and len(node.args) < 2 and not node.keywords


def _reads(statement: ast.stmt, name: str) -> bool:
    """Whether the numbers of an array are read where it is written to, other than to find or to compare a place."""
    asked = {
        inner
        for n in ast.walk(statement)
        if isinstance(n, ast.Compare | ast.Subscript | ast.Attribute)
        and (not isinstance(n, ast.Subscript) or isinstance(n.ctx, ast.Store))
        and (not isinstance(n, ast.Attribute) or n.attr in ASKS)
        for inner in ast.walk(n)
    }
    return any(n not in asked for n in syntax.mentions(statement, name))


def _carry(case: Case, writes: list[Write]) -> bool:
    """Whether what is written depends on what is differentiated, in any of the sources: the array would lose it."""
    spans = [syntax.span_of(write, case.file) for write in writes]
    left = [e.value for e in case.context.run.left if any(span.contains(e.site.span) for span in spans)]
    asked = frozenset().union(*(end.ids for end in case.context.question.together), case.context.source.ids)
    return bool(left) and not forward_cone(case.context.run, asked).isdisjoint(left)
