"""Edits of the order in which things run: a value made in the round that uses it, an optimizer after all parameters."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.graph import Operation
from gradtape.explain.unread import read_too_early

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.diagnostics import Span
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def into_loop(case: Case) -> Changes:
    """Compute anew in every round what was computed once before a loop, and whose graph the first round used up."""
    failure = case.context.question.failure
    name = failure.detail if failure is not None else ""
    loop = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.For | ast.While)), None)
    if not name or loop is None or any(name in syntax.names_in(s, ast.Store) for s in loop.body):
        return ()
    before = _before(loop, case.file)
    made = next((s for s in reversed(before) if name in syntax.names_in(s, ast.Store)), None)
    if not isinstance(made, ast.Assign) or syntax.names_in(made, ast.Store) != {name}:
        return ()
    between = before[before.index(made) + 1 :]
    if any(name in syntax.names_in(s, ast.Load) for s in between):
        text = builders.lines_of(made, case.file)
        return builders.insert_before(loop.body[0], case.file, text) if text is not None else ()
    return builders.move_before([made], loop.body[0], case.file)


def anew_after_step(case: Case) -> Changes:
    """Compute a target once more after the step of an optimizer that changed what it was computed with."""
    step, asked = case.statement, syntax.statement_at(case.context.question.call.span)
    value = step.value if isinstance(step, ast.Expr) else None
    if not isinstance(value, ast.Call) or not syntax.text_of(value.func).endswith(".step") or asked is None:
        return ()
    block, name = builders.block_of(asked, case.file), case.context.question.target_name
    if step not in block or not block.index(step) < block.index(asked):
        return ()
    before = block[: block.index(step)]
    made = next((s for s in reversed(before) if name in syntax.names_in(s, ast.Store)), None)
    if made is None:
        return ()
    again = [
        text
        for s in _used_between(before[: before.index(made)], made, case)
        if (text := _once_more(s, None, case.file))
    ]
    last = _once_more(made, name, case.file)
    return builders.insert_after(step, case.file, *again, last) if last is not None else ()


def _used_between(before: Sequence[ast.stmt], made: ast.stmt, case: Case) -> list[ast.stmt]:
    """Return the statements that lead from the first use of what a step overwrites to that which makes a target."""
    failure = case.context.question.failure
    place = failure.also[0][0].span if failure is not None and failure.also else None
    start = next((k for k, s in enumerate(before) if place is not None and _covers(s, place, case.file)), len(before))
    stale, wanted = set[str](), syntax.names_in(made, ast.Load)
    forward = []
    for k, statement in enumerate(before[start:]):
        if k == 0 or stale & syntax.names_in(statement, ast.Load):
            stale |= syntax.names_in(statement, ast.Store)
            forward.append(statement)
    found: list[ast.stmt] = []
    for statement in reversed(forward):
        if wanted & syntax.names_in(statement, ast.Store):
            wanted |= syntax.names_in(statement, ast.Load)
            found.insert(0, statement)
    return found


def _covers(statement: ast.stmt, place: Span, file: str) -> bool:
    return place.file == file and syntax.span_of(statement, file).contains(place)


def _once_more(statement: ast.stmt, name: str | None, file: str) -> str | None:
    """Write an assignment once more; of several targets only the one with a name, if that is given."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target = statement.targets[0]
    if name is not None and isinstance(target, ast.Tuple) and all(isinstance(e, ast.Name) for e in target.elts):
        names = ", ".join(name if syntax.text_of(e) == name else "_" for e in target.elts)
    elif name is None or isinstance(target, ast.Name):
        names = syntax.text_of(target)
    else:
        return None
    return f"{names} = {builders.written(statement.value, file)}"


def steps_last(first: Span, case: Case) -> Changes:
    """Move the steps of optimizers between two backward passes behind the second: they change what it needs."""
    asked, earlier = syntax.statement_at(case.context.question.call.span), syntax.statement_at(first)
    block = builders.block_of(asked, case.file) if asked is not None else []
    if asked is None or earlier not in block or not block.index(earlier) < block.index(asked):
        return ()
    between = block[block.index(earlier) + 1 : block.index(asked)]
    steps = [s for s in between if isinstance(s, ast.Expr) and simple_name(s.value) == "step"]
    return builders.move_after(steps, asked, case.file) if steps else ()


def written_first(case: Case) -> Changes:
    """Let a statement that brings a source into a value run before that which reads the value for the target."""
    early = read_too_early(case.context)
    reader, writer = case.statement, syntax.statement_at(early.written) if early is not None else None
    if early is None or reader is None or writer is None or early.at != case.at or early.written.file != case.file:
        return ()
    block = builders.block_of(reader, case.file)
    if writer not in block or not block.index(reader) < block.index(writer):
        return ()
    between = block[block.index(reader) : block.index(writer)]
    return () if _uses([writer], between) else builders.move_before([writer], reader, case.file)


def cleared_after_step(case: Case) -> Changes:
    """Clear gradients after the step that takes them, or else before the backward pass that brings them."""
    failure, clearing = case.context.question.failure, case.statement
    if failure is None or clearing is None:
        return ()
    for holder in reversed(syntax.around(case.at)):  # a loop over parameters that does nothing else
        if isinstance(holder, ast.For | ast.If) and holder.body == [clearing] and not holder.orelse:
            clearing = holder
    block = builders.block_of(clearing, case.file)
    backward, step = (syntax.statement_at(site.span) for site, _ in failure.also)
    if step is not None and step in block and block.index(clearing) < block.index(step):
        return builders.move_after([clearing], step, case.file)
    if backward is not None and backward in block and block.index(backward) < block.index(clearing):
        return builders.move_before([clearing], backward, case.file)
    return ()


def backward_before_step(case: Case) -> Changes:
    """Call `backward()` on what was computed before a step, in the function that asks for the step or its closure."""
    made = next((end.made for end in case.context.question.targets), None)
    step = case.statement
    for site in reversed((made.site, *made.callers)) if isinstance(made, Operation) else ():
        statement, file = syntax.statement_at(site.span), site.span.file
        if isinstance(statement, ast.Return) and statement.value is not None:
            name = scopes.free_name(file, "loss")
            text = f"{name} = {builders.written(statement.value, file)}"
            return (
                *builders.insert_before(statement, file, text, f"{name}.backward()"),
                *builders.replace(statement.value, file, name),
            )
        names = syntax.names_in(statement, ast.Store) if isinstance(statement, ast.Assign) else set()
        if statement is not None and statement is not step and len(names) == 1:
            return builders.insert_after(statement, file, f"{next(iter(names))}.backward()")
    return ()


def optimizer_last(case: Case) -> Changes:
    """Make an optimizer after the part of a model that it holds an older edition of."""
    context = case.context
    held = next((e for e in context.run.events if e.kind == "held" and e.value in context.source.ids), None)
    new = next(
        (
            e
            for e in context.run.events
            if e.kind == "create"
            and held is not None
            and e.seq > held.seq
            and case.at in (e.site.span, *(site.span for site in e.callers))
        ),
        None,
    )
    if held is None or new is None:
        return ()
    for site in (held.site, *held.callers):
        for other in (new.site, *new.callers):
            if site.code is other.code:
                return _swapped(syntax.statement_at(site.span), syntax.around(other.span), site.span.file)
    return ()


def _swapped(optimizer: ast.stmt | None, around: Sequence[ast.AST], file: str) -> Changes:
    """Put the statement that makes an optimizer behind the one of its block that makes something new, or before."""
    block = builders.block_of(optimizer, file) if optimizer is not None else []
    new = next((s for s in block if s in around), None)
    if optimizer is None or new is None or not block.index(optimizer) < block.index(new):
        return ()
    between = block[block.index(optimizer) + 1 : block.index(new) + 1]
    if not _uses(between, [optimizer]):
        return builders.move_after([optimizer], new, file)
    return () if _uses([new], [optimizer, *between[:-1]]) else builders.move_before([new], optimizer, file)


def _uses(statements: Sequence[ast.stmt], made: Sequence[ast.stmt]) -> bool:
    """Whether statements read a name that others give a value to."""
    given = {name for statement in made for name in syntax.names_in(statement, ast.Store)}
    return any(given & syntax.names_in(statement, ast.Load) for statement in statements)


def _before(loop: ast.stmt, file: str) -> list[ast.stmt]:
    block = builders.block_of(loop, file)
    return block[: block.index(loop)] if loop in block else []


def not_given_away(case: Case) -> Changes:
    """Let a compiled function of JAX's leave the memory of its arguments alone, where they are read after the call."""
    tree, name = syntax.parse_file(case.file), syntax.text_of(case.call.func) if case.call is not None else ""
    for node in ast.walk(tree) if tree is not None else ():
        named = isinstance(node, ast.Assign) and name in {syntax.text_of(t) for t in node.targets}
        held: list[ast.expr] = [node.value] if isinstance(node, ast.Assign) and named else []
        if isinstance(node, ast.FunctionDef) and node.name == name:
            held = node.decorator_list
        for call in (n for n in held if isinstance(n, ast.Call)):
            donated = [k.arg for k in call.keywords if k.arg in {"donate_argnums", "donate_argnames"}]
            if donated:
                return tuple(c for arg in donated for c in builders.drop_argument(call, case.file, arg))
    return ()
