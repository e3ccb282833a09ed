"""PyTorch: arrays of NumPy's that stand beside a value which stays a tensor; its operators and functions take none."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.outside.conversions import worked_on
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

NUMBERS = {
    "cos", "exp", "float32", "float64", "int32", "int64", "log", "max", "mean", "min", "prod", "sin", "sqrt", "sum",
}  # fmt: skip
"""Functions of NumPy's that may give one number, which is fine beside a tensor."""

OF_SEVERAL = {
    "add", "arctan2", "column_stack", "concatenate", "cross", "divide", "dot", "dstack", "einsum", "fmax", "fmin",
    "hstack", "hypot", "inner", "kron", "linalg.solve", "logaddexp", "matmul", "maximum", "minimum", "multiply",
    "outer", "power", "stack", "subtract", "tensordot", "true_divide", "vdot", "vstack", "where",
}  # fmt: skip
"""Functions of several arrays; places and counts are none."""

SAME = {"reshape", "astype", "transpose", "copy"}
"""Methods that give an array of an array."""


def arrays_as_tensors(case: Case, pen: Pen, node: ast.expr, later: Iterable[tuple[ast.stmt, set[str]]]) -> Changes:
    """Make tensors of the arrays beside what left, in its own statement and in those that compute with it later."""
    if pen.dialect != "torch" or case.statement is None:
        return ()
    inner = worked_on(node, case.file)
    dtype = f", dtype={syntax.text_of(inner)}.dtype" if isinstance(inner, ast.Name | ast.Attribute) else ""
    found: list[Change] = []
    for statement, plain in [(case.statement, set[str]()), *later]:
        for side in _beside(statement, plain, node, case):
            chosen = "" if _is_mask(side) else dtype
            text = pen.say("torch.as_tensor({x}{d})", x=builders.written(side, case.file), d=chosen)
            found += builders.replace(side, case.file, text)
    return (*found, *pen.imports) if found else ()


def _beside(statement: ast.stmt, plain: set[str], node: ast.expr, case: Case) -> Iterable[ast.expr]:
    """Yield the arrays that an operator or a function of NumPy's gets together with what is a tensor now."""
    left = [e.site.span for e in case.context.run.left]

    def moves(part: ast.expr) -> bool:
        span = syntax.span_of(part, case.file)
        inside = part is node or any(span.contains(other) for other in left)
        return inside or bool(plain & syntax.names_in(part, ast.Load))

    for part in ast.walk(statement):
        together: list[ast.expr] = []
        if isinstance(part, ast.BinOp):
            together = [part.left, part.right]
        elif isinstance(part, ast.Call) and function_name(part.func, case.file) in OF_SEVERAL:
            together = [e for a in part.args for e in (a.elts if isinstance(a, ast.List | ast.Tuple) else [a])]
        if any(moves(each) for each in together):
            yield from (each for each in together if not moves(each) and _is_array(each, case))


def _is_mask(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Invert) else node
    return isinstance(inner, ast.Compare)


def _is_array(node: ast.expr, case: Case) -> bool:
    """Whether an expression gives an array of NumPy's, as far as the file tells."""
    if isinstance(node, ast.BinOp):
        return _is_array(node.left, case) or _is_array(node.right, case)
    if isinstance(node, ast.Compare):
        return _is_array(node.left, case)
    if isinstance(node, ast.UnaryOp):
        return _is_array(node.operand, case)
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return _is_array(node.value, case)
    if isinstance(node, ast.Call):
        name = function_name(node.func, case.file)
        chained = isinstance(node.func, ast.Attribute) and node.func.attr in SAME
        if name is None:
            return chained and isinstance(node.func, ast.Attribute) and _is_array(node.func.value, case)
        return name not in NUMBERS and not case.pen.knows(name)
    if isinstance(node, ast.Name | ast.Attribute):
        given = syntax.values_given_to(syntax.text_of(node), syntax.span_of(node, case.file))
        return bool(given) and all(_made(value, case) for value in given)
    return False


def _made(value: ast.expr, case: Case) -> bool:
    """Whether an array is made by one of NumPy's functions, whatever it is divided by or cast to then."""
    while True:
        if isinstance(value, ast.BinOp):
            value = value.left
        elif isinstance(value, ast.Call) and function_name(value.func, case.file) is not None:
            return function_name(value.func, case.file) not in NUMBERS
        elif isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute):
            if value.func.attr not in SAME:
                return False
            value = value.func.value
        else:
            return False
