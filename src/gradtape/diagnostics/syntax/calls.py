"""Calls and operators: the text of their arguments and operands."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics.syntax.functions import is_method
from gradtape.diagnostics.syntax.tree import around, expression_at, span_of, statement_at, text_of

if TYPE_CHECKING:
    from gradtape.diagnostics.spans import Span


def operand_at(span: Span, position: int, count: int) -> ast.expr | None:
    """Return the source text of one operand of the operation at a span; None for a literal."""
    node: ast.AST | None = expression_at(span)
    if node is None:
        statement = statement_at(span)
        node = statement.value if isinstance(statement, ast.AugAssign) else None
    if isinstance(node, ast.BinOp):
        node = (node.left, node.right)[min(position, 1)]
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        node = (node.left, node.comparators[0])[min(position, 1)]
    elif (
        isinstance(node, ast.Call)
        and len(node.args) >= count
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ):
        node = node.args[position]
    elif isinstance(node, ast.Call) and len(node.args) == count - 1 and is_method(node, span.file):
        node = [*(n for n in [getattr(node.func, "value", None)] if n is not None), *node.args][position]
    literal = isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )
    return None if literal or not isinstance(node, ast.expr) else node


def calls_around(span: Span) -> list[ast.Call]:
    """Return the calls in whose arguments a span stands, innermost first."""
    found = [node for node in around(span) if isinstance(node, ast.Call)]
    return [call for call in reversed(found) if not span_of(call.func, span.file).contains(span)]


def argument_texts(call: Span, position: int, keyword: str, paths: list[str]) -> list[str] | None:
    """Return what the caller wrote for the leaves of one argument of a call; None where that cannot be read.

    Parameters
    ----------
    call : Span
        The text of the whole call.
    position, keyword : int, str
        Where the argument stands, either way.
    paths : list of str
        The leaves' places in the structure that was passed, as `tape.structure.flatten` writes them.
    """
    node = expression_at(call)
    argument: ast.expr | None = None
    if isinstance(node, ast.Call):
        argument = next((k.value for k in node.keywords if k.arg == keyword), None)
        if argument is None and position < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args):
            argument = node.args[position]
    if argument is None:
        return None
    return [_text_at(argument, path) for path in paths]


def _text_at(node: ast.expr, path: str) -> str:
    """Follow a path such as `[0]['w']` into a literal as far as it is one, and spell out the rest."""
    while path.startswith("["):
        key_text, _, rest = path[1:].partition("]")
        key = ast.literal_eval(key_text)
        if (
            isinstance(node, ast.List | ast.Tuple)
            and isinstance(key, int)
            and not any(isinstance(e, ast.Starred) for e in node.elts)
        ):
            node, path = node.elts[key], rest
        elif isinstance(node, ast.Dict):
            match = [
                v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant) and k.value == key
            ]
            if not match:
                break
            node, path = match[0], rest
        else:
            break
    text = text_of(node)
    return (
        f"({text}){path}"
        if path and not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
        else text + path
    )
