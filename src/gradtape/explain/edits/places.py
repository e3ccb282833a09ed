"""Edits that change where something runs: into the tape's block, out of a block without gradients."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.sources import tape_block, tape_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gradtape.explain.cause import Context
    from gradtape.explain.edits.builders import Changes


def into_tape(context: Context, places: Iterable[Span]) -> Suggestion | None:
    """Move what ran outside the tape into its block: what ran before to its start, what ran after to its end."""
    entered = context.entered_at
    block = tape_block(entered) if entered is not None else None
    if entered is None or block is None:
        return None
    file = entered.file
    inside = [p for p in places if p.file == file]
    where = syntax.span_of(block, file)
    statements = _statements(p for p in inside if (p.line, p.column) < (where.line, where.column))
    if statements:
        return builders.likely(*_before(block, statements, entered, file))
    return builders.likely(*_after(block, [p for p in inside if p.line > where.end_line], file))


def _statements(places: Iterable[Span]) -> list[ast.stmt]:
    found = [syntax.statement_at(place) for place in places]
    return list(dict.fromkeys(s for s in found if s is not None and not hasattr(s, "body")))


def _before(block: ast.With | ast.AsyncWith, statements: list[ast.stmt], entered: Span, file: str) -> Changes:
    """Move statements that stand before the block, and what depends on them on the way, to its start."""
    around = builders.block_of(statements[0], file)
    if any(s not in around for s in statements):
        return ()
    holder = next((s for s in around if s is block or _holds(s, block, file)), None)
    if holder is None:
        return ()
    between = around[around.index(statements[0]) : around.index(holder)]
    moved = _with_dependents(between, statements)
    kept = [s for s in between if s not in moved]
    bound = {name for s in moved for name in syntax.names_in(s, ast.Store)}
    read = {name for s in moved for name in syntax.names_in(s, ast.Load)}
    if any(_roots(syntax.names_in(s, ast.Store)) & _roots(read) for s in kept[1:]):
        return ()
    if any(isinstance(s, ast.FunctionDef | ast.ClassDef) for s in moved) or any(
        syntax.names_in(s, ast.Load) & bound for s in kept
    ):
        return ()
    watches = _leading_watches(block, tape_name(block, entered))
    if watches:
        return builders.move_after(moved, watches[-1], file)
    return builders.move_before(moved, block.body[0], file)


def _holds(statement: ast.stmt, block: ast.stmt, file: str) -> bool:
    return syntax.span_of(statement, file).contains(syntax.span_of(block, file))


def _roots(names: Iterable[str]) -> set[str]:
    return {name.partition(".")[0] for name in names}


def _with_dependents(between: Sequence[ast.stmt], chosen: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the chosen statements and those after them that read what they make."""
    moved: list[ast.stmt] = []
    made: set[str] = set()
    for statement in between:
        reads = syntax.names_in(statement, ast.Load)
        if statement in chosen or (made & reads and not isinstance(statement, ast.FunctionDef | ast.ClassDef)):
            moved.append(statement)
            made |= syntax.names_in(statement, ast.Store)
    return moved


def _leading_watches(block: ast.With | ast.AsyncWith, tape: str | None) -> list[ast.stmt]:
    found: list[ast.stmt] = []
    for statement in block.body:
        if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
            break
        if syntax.text_of(statement.value.func) != f"{tape}.watch":
            break
        found.append(statement)
    return found


def _after(block: ast.With | ast.AsyncWith, places: Sequence[Span], file: str) -> Changes:
    """Move what stands after the block to its end: statements as they are, a part of an expression under a name."""
    around = builders.block_of(block, file)
    rest = around[around.index(block) + 1 :] if block in around else []
    statements = [s for s in _statements(places) if s in rest]
    if not statements:
        return ()
    last = rest.index(statements[-1])
    asking = next((s for s in rest[: last + 1] if _asks(s)), None)
    if asking is None:
        group = rest[: last + 1]
        moved = _needed(group, statements)
        return builders.move_after(moved, block.body[-1], file)
    return _named_inside(block, asking, places, file)


def _needed(group: Sequence[ast.stmt], chosen: Sequence[ast.stmt]) -> list[ast.stmt]:
    """Return the chosen statements and those before them that make what they read."""
    moved: list[ast.stmt] = []
    wanted: set[str] = set()
    for statement in reversed(group):
        if statement in chosen or wanted & syntax.names_in(statement, ast.Store):
            moved.insert(0, statement)
            wanted |= syntax.names_in(statement, ast.Load)
    return moved


ASKING = {"gradient", "jacobian", "batch_jacobian", "gradients"}


def _asks(statement: ast.stmt) -> bool:
    return any(
        isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ASKING
        for n in ast.walk(statement)
    )


def _named_inside(block: ast.With | ast.AsyncWith, asking: ast.stmt, places: Sequence[Span], file: str) -> Changes:
    """Compute the target that is written in the call for gradients inside the block, and ask by its name."""
    call = next(
        (
            n
            for n in ast.walk(asking)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Attribute) and n.func.attr in ASKING
        ),
        None,
    )
    if call is None or not call.args:
        return ()
    target = call.args[0]
    where = syntax.span_of(target, file)
    if not any(where.contains(place) for place in places):
        return ()
    name = syntax.free_name(file, "target")
    text = builders.written(target, file)
    if "\n" in text:
        text = f"({text})"
    return (
        *builders.insert_after(block.body[-1], file, f"{name} = {text}"),
        *builders.replace(target, file, name),
    )
