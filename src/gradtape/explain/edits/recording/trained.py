"""Edits where a loss is asked of Keras's own training or evaluation, which give numbers: the model computes it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

GIVES_LOSS = {"evaluate", "test_on_batch", "train_on_batch"}
"""Methods of a model that give its loss as a number, first where they give more."""


def loss_itself(case: Case) -> Changes:
    """Let the model compute its loss where `fit`, `evaluate` and their kin are asked for it."""
    call, file = case.call, case.file
    if call is None or not isinstance(call.func, ast.Attribute) or case.pen.dialect != "tensorflow":
        return ()
    x, y = builders.argument(call, 0, "x"), builders.argument(call, 1, "y")
    name, statement = call.func.attr, case.statement
    if name not in {*GIVES_LOSS, "fit"} or x is None or y is None or statement is None:
        return ()
    model, given = builders.written(call.func.value, file), builders.written(x, file)
    text = f"{model}.compute_loss({given}, {builders.written(y, file)}, {model}({given}))"
    keyed = name == "fit" or any(k.arg == "return_dict" for k in call.keywords)
    if keyed:
        return _under_key(statement, call, file, text)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if isinstance(target, ast.Tuple | ast.List):
        return builders.insert_after(statement, file, f"{syntax.text_of(target.elts[0])} = {text}")
    outer = builders.parent_of(call, file)
    first = isinstance(outer, ast.Subscript) and isinstance(outer.slice, ast.Constant) and outer.slice.value == 0
    return builders.replace(outer if isinstance(outer, ast.Subscript) and first else call, file, text)


def _under_key(statement: ast.stmt, call: ast.Call, file: str, text: str) -> Changes:
    """Put the loss where it is read by its key in what a call gave: `history.history["loss"][-1]`."""
    scope = syntax.function_at(syntax.span_of(call, file)) or syntax.parse_file(file)
    whole = isinstance(statement, ast.Assign) and statement.value is call
    names = syntax.assigned_names(syntax.span_of(call, file)) if whole else ()
    if scope is None:
        return ()
    read = [n for name in names for n in syntax.mentions(scope, name)] or [call]
    found = [_whole(n, file) for n in read]
    changes = tuple(c for n in found if n is not None for c in builders.replace(n, file, text))
    unread = builders.remove(statement, file) if whole and None not in found else ()
    return (*changes, *unread) if changes else ()


def _whole(read: ast.expr, file: str) -> ast.expr | None:
    """Return the expression that is the loss, with the epochs that it is taken from; None for another measure."""
    keyed = False
    for outer in reversed(builders.path_to(read, file)):
        if isinstance(outer, ast.Attribute) and outer.attr == "history" and not keyed:
            pass
        elif isinstance(outer, ast.Subscript) and not keyed:
            keyed = isinstance(outer.slice, ast.Constant) and outer.slice.value == "loss"
            if not keyed:
                return None
        elif isinstance(outer, ast.Call) and keyed:
            if function_name(outer.func, file) is None and simple_name(outer) != "float":
                break
        elif not isinstance(outer, ast.Subscript):
            break
        read = outer
    return read if keyed else None
