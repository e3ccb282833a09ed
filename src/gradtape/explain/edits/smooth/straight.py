"""Expressions that keep the value of an operation and have the gradient of what it works on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, simple_name

if TYPE_CHECKING:
    from gradtape.explain.edits.pen import Pen

COUNTING = (
    "histogram",
    "histc",
    "bincount",
    "count",
    "argmax",
    "argmin",
    "argsort",
    "searchsorted",
    "digitize",
    "unique",
)
"""Functions whose result has not one element per element of what they work on."""


def passing_through(pen: Pen, node: ast.expr, case: Case) -> str | None:
    """Write an operation so that the gradient passes it; None where no gradient could, or it is not seen how."""
    file = case.file
    if simple_name(node).startswith(COUNTING) or _of_an_object(node, case):
        return None
    if isinstance(node, ast.Call) and pen.phrases.passing_call and len(node.args) == 1 and not node.keywords:
        function, given = builders.written(node.func, file), builders.written(node.args[0], file)
        if not isinstance(node.args[0], ast.Starred) and not builders.is_method(node, file):
            return pen.say(pen.phrases.passing_call, f=function, x=given)
    whole = builders.written(node, file)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        smooth = f"{builders.operand(node.left, file)} / {builders.operand(node.right, file)}"
        return pen.say(pen.phrases.passing.replace("- {x}", "- ({x})"), x=smooth, e=whole)
    return passing_text(pen, node, file)


TRAINING = {"fit", "evaluate", "predict", "train_on_batch", "test_on_batch", "train_step", "test_step"}


def _of_an_object(node: ast.expr, case: Case) -> bool:
    """Whether a method of some object of TensorFlow's computes it, whose result need not be like its argument."""
    if case.pen.dialect != "tensorflow" or not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return False
    if scopes.stands_for(node.func, case.file) is not None:
        return False
    return node.func.attr in TRAINING or len(node.args) + len(node.keywords) != 1


def passing_text(pen: Pen, node: ast.expr, file: str) -> str | None:
    """Write the value of an expression with the gradient of its argument; what is a call there runs once."""
    whole = builders.written(node, file)
    inner = value_in(node, file)
    if inner is None:
        return None
    text = builders.operand(inner, file)
    if not any(isinstance(part, ast.Call | ast.Await) for part in ast.walk(inner)):
        return pen.say(pen.phrases.passing, x=text, e=whole)
    name = scopes.free_name(file, "exact")  # a call should not run twice
    once = pen.phrases.passing.replace("{x}", "{once}", 1)
    return pen.say(
        once, once=f"({name} := {builders.written(inner, file)})", x=name, e=builders.with_part(node, inner, file, name)
    )


PARAMETERS = {"x", "input", "lam", "rate", "p", "a", "probs", "mean", "scale"}


def value_in(node: ast.expr, file: str) -> ast.expr | None:
    """Return what an operation works on: of several arguments the first that is no literal."""
    if isinstance(node, ast.Call) and not builders.is_method(node, file):
        given = [*node.args, *(k.value for k in node.keywords if k.arg in PARAMETERS)]
        return next((a for a in given if not isinstance(a, ast.List | ast.Tuple | ast.Constant | ast.Starred)), None)
    return builders.worked_on(node, file)
