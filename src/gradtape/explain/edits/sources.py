"""Edits at the source: make the framework follow it, change it in place, give it a dtype with derivatives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.pen import Pen

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.edits.builders import Changes

WHOLE = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "int", "long", "bool"}
"""The last part of the names of dtypes without derivatives."""


def watch(context: Context) -> Suggestion | None:
    """Watch the source: first thing in the tape's block, or right after the block makes it."""
    place = context.entered_at
    if place is None:
        return None
    block = tape_block(place)
    name = context.source.name
    if block is None or not _is_path(name) or not _same_scope(place, context.question.call.span):
        return None
    tape = tape_name(block, place)
    if tape is None:
        return None
    pen = Pen(context, place.file)
    statement = pen.say(pen.phrases.watch, tape=tape, x=name)
    made = [s for s in block.body if name in syntax.names_in(s, ast.Store)]
    if made:
        return builders.likely(*builders.insert_after(made[0], place.file, statement))
    return builders.likely(*builders.insert_before(block.body[0], place.file, statement))


def tape_block(place: Span) -> ast.With | ast.AsyncWith | None:
    """Return the `with` statement that enters a tape at a place."""
    return next((n for n in reversed(syntax.around(place)) if isinstance(n, ast.With | ast.AsyncWith)), None)


def tape_name(block: ast.With | ast.AsyncWith, place: Span) -> str | None:
    """Return how the block calls the tape that is entered at a place."""
    for item in block.items:
        if syntax.span_of(item.context_expr, place.file) == place:
            if item.optional_vars is not None:
                return syntax.text_of(item.optional_vars)
            return (
                syntax.text_of(item.context_expr) if isinstance(item.context_expr, ast.Name | ast.Attribute) else None
            )
    return None


def _is_path(name: str) -> bool:
    """Whether a name is one that can be written anywhere: names, attributes, elements by number or key."""
    try:
        node: ast.expr = ast.parse(name, mode="eval").body
    except SyntaxError:
        return False
    while isinstance(node, ast.Attribute) or (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        node = node.value
    return isinstance(node, ast.Name)


def _same_scope(a: Span, b: Span) -> bool:
    return a.file == b.file and syntax.function_at(a) is syntax.function_at(b)


def without_argument(place: Span | None, name: str) -> Suggestion | None:
    """Leave one keyword argument out of the call at a place."""
    if place is None:
        return None
    node = syntax.expression_at(place)
    if not isinstance(node, ast.Call):
        return None
    return builders.likely(*builders.drop_argument(node, place.file, name))


def with_argument(place: Span | None, name: str, text: str) -> Changes:
    """Give the call at a place one keyword argument."""
    node = syntax.expression_at(place) if place is not None else None
    return (
        builders.set_argument(node, place.file, name, text) if place is not None and isinstance(node, ast.Call) else ()
    )


def in_place(context: Context, place: Span) -> Suggestion | None:
    """Write an assignment that binds a variable's name anew as one that changes the variable."""
    statement = syntax.statement_at(place)
    changes = _assigned_in_place(Pen(context, place.file), statement, place.file) if statement is not None else ()
    return builders.likely(*changes)


def _assigned_in_place(pen: Pen, statement: ast.stmt, file: str) -> Changes:
    phrases = pen.phrases
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        verb = phrases.add if isinstance(statement.op, ast.Add) else phrases.subtract
        if not verb or verb.startswith("{x} "):
            return ()
        name, value = (builders.written(n, file) for n in (statement.target, statement.value))
        return builders.replace_statement(statement, file, pen.say(verb, x=name, y=value))
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return ()
    target = statement.targets[0]
    pairs = [(target, statement.value)]
    if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
        if len(target.elts) != len(statement.value.elts):
            return ()
        pairs = list(zip(target.elts, statement.value.elts, strict=True))
    if isinstance(statement.value, ast.ListComp):
        return _loop_in_place(pen, statement, statement.value, file)
    written = [_changed(pen, t, v, file) for t, v in pairs]
    if any(text is None for text in written):
        return ()
    return builders.replace_statement(statement, file, "; ".join(text for text in written if text is not None))


def _changed(pen: Pen, target: ast.expr, value: ast.expr, file: str) -> str | None:
    """Write `w.assign_sub(lr * g)` for `w = w - lr * g`, `w.assign(f(w))` for anything else."""
    phrases = pen.phrases
    if not phrases.assign or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return None
    name = builders.written(target, file)
    moved = isinstance(value, ast.BinOp) and syntax.text_of(value.left) == syntax.text_of(target)
    if moved and isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        verb = phrases.add if isinstance(value.op, ast.Add) else phrases.subtract
        return pen.say(verb, x=name, y=builders.written(value.right, file))
    return pen.say(phrases.assign, x=name, y=builders.written(value, file))


def _loop_in_place(pen: Pen, statement: ast.Assign, comprehension: ast.ListComp, file: str) -> Changes:
    """Write `params = [p - lr * g for p, g in zip(params, grads)]` as a loop that changes each element."""
    loop = comprehension.generators[0]
    target = syntax.text_of(statement.targets[0])
    element = comprehension.elt
    if len(comprehension.generators) != 1 or loop.ifs or target not in syntax.names_in(loop.iter, ast.Load):
        return ()
    read = element.left if isinstance(element, ast.BinOp) else None
    if not isinstance(read, ast.Name):
        return ()
    text = _changed(pen, ast.copy_location(ast.Name(read.id, ast.Store()), read), element, file)
    if text is None:
        return ()
    head = f"for {builders.written(loop.target, file)} in {builders.written(loop.iter, file)}"
    return builders.replace_statement(statement, file, f"{head}: {text}")


def floats(place: Span | None) -> Suggestion | None:
    """Make a value floating point where it is made: literals with a point, no dtype of whole numbers."""
    node = syntax.expression_at(place) if place is not None else None
    if place is None or node is None:
        return None
    file = place.file
    changes: Changes = builders.as_float(node, file)
    if isinstance(node, ast.Call):
        changes = tuple(c for argument in node.args[:1] for c in builders.as_float(argument, file))
        for given in [*node.args[1:], *(k.value for k in node.keywords)]:
            text = syntax.text_of(given)
            module, _, last = text.rpartition(".")
            if last.strip("'\"") in WHOLE and not isinstance(given, ast.Name):
                new = f"{module}.float32" if module else "'float32'"
                changes = (*changes, *builders.replace(given, file, new))
            elif isinstance(given, ast.Name) and given.id in WHOLE:
                changes = (*changes, *builders.replace(given, file, "float"))
    return builders.likely(*changes)
