"""Edits where the source was computed from what the target uses: read it there, or ask for what it was made from."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import ASKING, tape_block
from gradtape.explain.edits.case import Case, simple_name
from gradtape.explain.edits.question.asking import LISTS
from gradtape.explain.search import backward_cone

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes

MOVING = {"reshape", "squeeze", "expand_dims", "transpose", "cast", "identity"}
"""Functions that move elements, or copy them: they do the same with a gradient."""

COPYING = {"Variable", "identity", "constant", "convert_to_tensor", "clip_by_value", "copy", "array", "asarray"}
"""Functions that give an array of the same shape, of what they are given first."""


def behind_source(case: Case) -> Changes:
    """Ask for what the source was made from, and do the same with its gradient: `tf.reshape(gradient(y, w), s)`."""
    call = _asking_call(case)
    asked = call.args[1] if call is not None and len(call.args) > 1 else None
    if call is None or asked is None or case.pen.dialect != "tensorflow":
        return ()
    file = case.context.question.call.span.file
    listed = _list_behind(case, asked, file)
    if listed:
        return listed
    made = _made(asked, file)
    base = _moved(made, file) if made is not None else None
    context = case.context
    behind = backward_cone(context.run, context.source.ids)
    if made is None or base is None or behind.isdisjoint(context.before_target):
        return ()
    whole, inner, span = (syntax.span_of(n, file) for n in (made, base, call))
    if "\n" in whole.text:
        return ()
    start = inner.column - whole.column
    before, after = whole.text[:start], whole.text[start + len(inner.text) :]
    watched = _watched(case, asked, file)
    return (
        insertion(file, span.line, span.column, before),
        *builders.replace(asked, file, inner.text),
        insertion(file, span.end_line, span.end_column, after),
        *(c for n in watched for c in builders.replace(n, file, inner.text)),
    )


def read_instead(case: Case) -> Changes:
    """Read the source in the tape's block where what it was made from is read: `model(normed)` for `model(raw)`."""
    context, name = case.context, case.context.source.name
    entered = context.entered_at
    block = tape_block(entered) if entered is not None else None
    values = syntax.values_given_to(name, case.at) if name.isidentifier() else []
    if entered is None or block is None or len(values) != 1:
        return ()
    file, made = entered.file, values[0]
    own = [n for n in syntax.mentions(block, name) if not _is_asked(n, file)]
    base = _same_shape(made, file)
    if own or base is None or base == name or made.lineno > block.lineno:
        return ()
    columns, used = context.run.columns, context.before_target
    spans = columns.spans(n for n in range(len(columns)) if columns.outputs[n] in used)
    spans += [site.span for n in range(len(columns)) if columns.outputs[n] in used for site in columns.callers[n]]
    reads = [n for n in syntax.mentions(block, base) if not _is_asked(n, file)]
    reads = [n for n in reads if any(span.contains(syntax.span_of(n, file)) for span in set(spans))]
    return tuple(c for n in reads for c in builders.replace(n, file, name))


def _asking_call(case: Case) -> ast.Call | None:
    node = case.moved(case.context.question.call.span).node
    return node if isinstance(node, ast.Call) else None


def _made(asked: ast.expr, file: str) -> ast.expr | None:
    """Return what a call asks for, written out where it asks by a name that is given one value."""
    if not isinstance(asked, ast.Name):
        return asked
    values = syntax.values_given_to(asked.id, syntax.span_of(asked, file))
    return values[0] if len(values) == 1 else None


def _moved(made: ast.expr, file: str) -> ast.expr | None:
    """Return what a function moves the elements of, if that has a name."""
    if not isinstance(made, ast.Call) or simple_name(made) not in MOVING or scopes.stands_for(made.func, file) is None:
        return None
    return made.args[0] if made.args and isinstance(made.args[0], ast.Name | ast.Attribute) else None


def _list_behind(case: Case, asked: ast.expr, file: str) -> Changes:
    """Ask for the list whose elements were copied into the one that was asked for; let a dict have them themselves."""
    made = _made(asked, file) if isinstance(asked, ast.Name) else None
    copies = made if isinstance(made, ast.ListComp | ast.DictComp) else None
    loop = copies.generators[0] if copies is not None and len(copies.generators) == 1 else None
    if copies is None or loop is None or loop.ifs:
        return ()
    element = copies.elt if isinstance(copies, ast.ListComp) else copies.value
    each, told, variables = _same_shape(element, file), _watched(case, asked, file), _variables(loop.iter, file)
    if isinstance(copies, ast.DictComp):
        if each not in syntax.names_in(loop.target, ast.Store) or not variables or isinstance(loop.iter, ast.Call):
            return ()
        return (*builders.replace(element, file, each or ""), *_not_told(told, file))
    if not isinstance(loop.target, ast.Name) or each != loop.target.id:
        return ()
    if variables:  # Keras's own, which no tape can be told to watch
        return (*builders.replace(asked, file, variables), *_not_told(told, file))
    if isinstance(loop.iter, ast.Call):  # gives others each time
        return ()
    return tuple(c for n in (asked, *told) for c in builders.replace(n, file, builders.written(loop.iter, file)))


def _variables(node: ast.expr, file: str) -> str:
    """Write the list of a model's variables that a loop goes through, or whose values it goes through; else empty."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "get_weights":
        return f"{builders.written(node.func.value, file)}.trainable_variables"
    return builders.written(node, file) if isinstance(node, ast.Attribute) and node.attr in LISTS else ""


def _not_told(places: list[ast.expr], file: str) -> Changes:
    """Take away the statements in which a tape is told to watch what stands at some places."""
    statements = dict.fromkeys(syntax.statement_at(syntax.span_of(n, file)) for n in places)
    return tuple(c for s in statements if s is not None for c in builders.remove(s, file))


def _watched(case: Case, asked: ast.expr, file: str) -> list[ast.expr]:
    """Return where a tape is told to watch what is asked for by a name, or each of it in a loop."""
    scope = syntax.function_at(case.context.question.call.span) or syntax.parse_file(file)
    if not isinstance(asked, ast.Name) or scope is None:
        return []
    found: list[ast.expr] = []
    for node in syntax.mentions(scope, asked.id):
        outer = builders.parent_of(node, file)
        told = outer.body if isinstance(outer, ast.For) and outer.iter is node else []
        looped = bool(told) and all(isinstance(s, ast.Expr) and simple_name(s.value) == "watch" for s in told)
        if looped or "watch" in [simple_name(c) for c in builders.path_to(node, file) if isinstance(c, ast.Call)]:
            found.append(node)
    return found


def _same_shape(made: ast.expr, file: str) -> str | None:
    """Return the name of what an expression is computed from element by element."""
    if isinstance(made, ast.Name):
        return None if scopes.is_module(made, file) else made.id
    if isinstance(made, ast.BinOp) and not isinstance(made.op, ast.MatMult):
        return _same_shape(made.left, file) or _same_shape(made.right, file)
    if isinstance(made, ast.UnaryOp):
        return _same_shape(made.operand, file)
    if isinstance(made, ast.Call) and simple_name(made) in COPYING and made.args:
        return _same_shape(made.args[0], file)
    return None


def _is_asked(node: ast.expr, file: str) -> bool:
    """Whether a name stands where a tape is told to watch it, or asked for its gradient."""
    calls = syntax.calls_around(syntax.span_of(node, file))
    return any(simple_name(call) in {*ASKING, "watch"} for call in calls)
