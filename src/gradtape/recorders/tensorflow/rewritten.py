"""Expressions in code that TensorFlow wrote, as they stand in the program that it was written from."""

from __future__ import annotations

import ast
import copy
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from gradtape.diagnostics import Span

WRITTEN_AS = "ag__."
"""How TensorFlow's own words begin in that code."""

COMPARED: dict[str, type[ast.cmpop]] = {"eq": ast.Eq, "not_eq": ast.NotEq}
JOINED: dict[str, type[ast.boolop]] = {"and_": ast.And, "or_": ast.Or}


def as_in_program(span: Span) -> str:
    """Return the text of an expression without what TensorFlow put around its parts, spelled as `ast.unparse` does.

    Empty where no expression has the place.
    """
    node = syntax.expression_at(span)
    if node is None or syntax.span_of(node, span.file) != span:
        return ""
    return ast.unparse(_Undone().visit(copy.deepcopy(node)))


class _Undone(ast.NodeTransformer):
    """Takes away what TensorFlow writes around names, calls, and what truth values decide."""

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        text = syntax.text_of(node.func)
        word = text.removeprefix(WRITTEN_AS) if text.startswith(WRITTEN_AS) else ""
        if word in {"ld", "autograph_artifact"} and node.args:
            return node.args[0]
        if word == "converted_call" and len(node.args) > 2:
            return _called(*node.args[:3]) or node
        if word in JOINED:
            return ast.BoolOp(JOINED[word](), [_inside(part) for part in node.args])
        if word == "not_":
            return ast.UnaryOp(ast.Not(), node.args[0])
        if word in COMPARED:
            return ast.Compare(node.args[0], [COMPARED[word]()], [node.args[1]])
        if word == "if_exp":
            return ast.IfExp(node.args[0], _inside(node.args[1]), _inside(node.args[2]))
        return node


def _called(function: ast.expr, given: ast.expr, named: ast.expr) -> ast.Call | None:
    """Return the call that `converted_call` makes; None where the arguments are put together first."""
    keywords = named.keywords if isinstance(named, ast.Call) else []
    return ast.Call(function, given.elts, keywords) if isinstance(given, ast.Tuple) else None


def _inside(part: ast.expr) -> ast.expr:
    return part.body if isinstance(part, ast.Lambda) else part
