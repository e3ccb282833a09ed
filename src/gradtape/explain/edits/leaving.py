"""Edits where a value leaves the tape: leave the conversion out, call the framework's own function instead."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.names import MATH

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.edits.builders import Changes

CONVERSIONS = {"float", "int", "complex", "asarray", "array", "ascontiguousarray", "asanyarray", "float32", "float64"}
"""Functions that only turn a value into a plain one."""

METHODS = {"numpy", "item", "tolist", "detach", "cpu", "eval", "__array__", "__float__"}
"""Methods that only turn a value into a plain one."""


def stay(context: Context, span: Span) -> Suggestion | None:
    """Keep a value on the tape where it left at a span."""
    node = _outermost(syntax.expression_at(span), span)
    if node is None:
        return None
    pen = Pen(context, span.file)
    changes = kept(pen, node, span.file)
    return builders.likely(*changes, *pen.imports) if changes else None


def kept(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes that keep what one expression computes on the tape."""
    if is_conversion(node, file):
        return _without_conversion(pen, node, file)
    if isinstance(node, ast.Call):
        name = _known(pen, node, file)
        if name is not None:
            return (
                *builders.rename_call(node, file, pen.call(name).removesuffix("()")),
                *(c for a in node.args for c in _inside(pen, a, file)),
            )
    return ()


def _inside(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes for the outermost conversions and plain functions inside an argument."""
    found = kept(pen, node, file)
    if found:
        return found
    return tuple(
        c for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) for c in _inside(pen, child, file)
    )


def _known(pen: Pen, call: ast.Call, file: str) -> str | None:
    """Return NumPy's name of the plain function that is called, if the framework has it under another name."""
    name = function_name(call.func, file)
    if name is None:
        return None
    from_math = syntax.text_of(call.func).partition(".")[0] == syntax.imported_as(file, "math")
    if from_math:
        name = MATH.get(name, name)
    elif pen.dialect == "gradtape":
        return None  # NumPy's functions stay on our own tape
    return name if pen.knows(name) else None


def is_conversion(node: ast.expr, file: str) -> bool:
    """Whether an expression only makes a plain value of another one."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in {"float", "int", "complex"} and bool(node.args)
    if not isinstance(node.func, ast.Attribute):
        return False
    if syntax.is_module(node.func.value, file):
        return node.func.attr in CONVERSIONS and bool(node.args)
    return node.func.attr in METHODS and not node.args


def _without_conversion(pen: Pen, node: ast.expr, file: str) -> Changes:
    inner = builders.worked_on(node, file)
    while inner is not None and is_conversion(inner, file):
        inner = builders.worked_on(inner, file)
    if inner is None:
        return ()
    if isinstance(inner, ast.List | ast.ListComp) and pen.knows("stack"):
        return builders.replace(node, file, stacked(pen, inner, file))
    return builders.replace(node, file, builders.written(inner, file))


def stacked(pen: Pen, node: ast.expr, file: str) -> str:
    """Write a list of tensors as one tensor, lists inside lists too."""
    if not isinstance(node, ast.List):
        return pen.call("stack", builders.written(node, file))
    nested = any(isinstance(e, ast.List) for e in node.elts)
    if not nested:
        return pen.call("stack", builders.written(node, file))
    return pen.call("stack", f"[{', '.join(stacked(pen, e, file) for e in node.elts)}]")


def _outermost(node: ast.expr | None, span: Span) -> ast.expr | None:
    """Go out from a conversion to the last of its kind: of `x.detach().numpy()` all of it goes."""
    if node is None or syntax.span_of(node, span.file) != span:
        return None
    path = builders.path_to(node, span.file)
    while path:
        around = path.pop()
        if isinstance(around, ast.Attribute) and path and getattr(path[-1], "func", None) is around:
            around = path.pop()
        if not isinstance(around, ast.Call) or not is_conversion(around, span.file):
            break
        node = around
    return node


def through_stop(span: Span) -> Suggestion | None:
    """Leave out what ends a path on purpose: `stop_gradient(x)`, `x.detach()`, `x.data`."""
    node = syntax.expression_at(span)
    if node is None or syntax.span_of(node, span.file) != span:
        return None
    return builders.likely(*builders.drop_call(node, span.file))
