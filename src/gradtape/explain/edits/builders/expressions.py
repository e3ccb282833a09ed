"""Changes of an expression, in parentheses where it needs them."""

from __future__ import annotations

import ast
import io
import tokenize
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.diagnostics.changes import Change
from gradtape.diagnostics.spans import source_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.edits.builders.suggestions import Changes


OPEN_CONTEXTS = (
    ast.keyword
    | ast.Assign
    | ast.AnnAssign
    | ast.AugAssign
    | ast.Return
    | ast.Expr
    | ast.List
    | ast.Dict
    | ast.ListComp
    | ast.SetComp
    | ast.Lambda
    | ast.If
    | ast.While
)
"""What may hold any expression without parentheses around it."""


CLOSED = ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.List | ast.Dict | ast.ListComp
"""Expressions that never need parentheses."""


def written(node: ast.AST, file: str) -> str:
    """Return code as it stands in the file, on as many lines as it has there."""
    return syntax.span_of(node, file).text


def operand(node: ast.AST, file: str) -> str:
    """Return code as it stands in the file, in parentheses unless it needs none anywhere."""
    text = written(node, file)
    return text if isinstance(node, CLOSED) or _is_plain_number(node) else f"({text})"


def with_part(node: ast.expr, part: ast.expr, file: str, text: str) -> str:
    """Return the text of an expression with one part of it written otherwise."""
    return with_changes(node, file, (Change(syntax.span_of(part, file), text),))


def with_changes(node: ast.expr, file: str, changes: Changes) -> str:
    """Return the text of an expression after changes inside it."""
    whole, text = syntax.span_of(node, file), ""
    here = whole.line, whole.column
    for change in sorted(changes, key=lambda change: change.start):
        text += Span(file, *here, *change.start).text + change.text
        here = change.end
    return text + Span(file, *here, whole.end_line, whole.end_column).text


def term(node: ast.expr, file: str) -> str:
    """Return code as it stands in the file, in parentheses if it cannot be added to something without them."""
    loose = isinstance(node, ast.IfExp | ast.Lambda | ast.Compare | ast.BoolOp | ast.NamedExpr)
    text = written(node, file)
    return f"({text})" if loose or ("\n" in text and not text.endswith(")")) else text


def _is_plain_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def path_to(node: ast.AST, file: str) -> list[ast.AST]:
    """Return the nodes around a node, outermost first, without itself."""
    found = list(syntax.around(syntax.span_of(node, file)))
    return found[: found.index(node)] if node in found else found


def parent_of(node: ast.AST, file: str) -> ast.AST | None:
    """Return what a node stands in."""
    path = path_to(node, file)
    return path[-1] if path else None


def replace(node: ast.expr, file: str, text: str) -> Changes:
    """Put an expression in the place of another, in parentheses where it needs them there."""
    span = syntax.span_of(node, file)
    return (Change(span, text if _fits(node, span, text) else f"({text})"),)


@lru_cache(maxsize=256)  # a hundred sources may have the same reason
def closed(text: str) -> bool | None:
    """Whether an expression can stand anywhere as it is; None if it is none, or another one without its parentheses."""
    try:
        new: ast.expr = ast.parse(f"({text}\n)", mode="eval").body
        bare = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None  # several lines, or no expression: the check of the whole will tell
    if type(new) is not type(bare):
        return None
    word = isinstance(new, ast.Constant) and (new.value is None or isinstance(new.value, bool))
    return word or isinstance(new, CLOSED) or _is_wrapped(text)


def _fits(node: ast.expr, span: Span, text: str) -> bool:
    is_closed = closed(text)
    if is_closed is not False:
        return is_closed is True
    parent = parent_of(node, span.file)
    if isinstance(parent, ast.Call):
        return node in parent.args
    if isinstance(parent, ast.Subscript):
        return node is parent.slice
    if isinstance(parent, ast.ListComp | ast.SetComp):
        return node is parent.elt  # not what it loops over, nor its conditions
    if isinstance(parent, ast.Dict) and node in parent.values and parent.keys[parent.values.index(node)] is None:
        return False  # what is unpacked into a dict
    return isinstance(parent, OPEN_CONTEXTS) or _in_parentheses(span)


def _is_wrapped(text: str) -> bool:
    """Whether one pair of parentheses holds a whole text."""
    tokens = _tokens(text)
    if not tokens or tokens[0].string != "(" or tokens[-1].string != ")":
        return False
    return all(_depth(tokens[: k + 1]) > 0 for k in range(len(tokens) - 1))


def _in_parentheses(span: Span) -> bool:
    before = source_lines(span.file, span.line, span.line)
    after = source_lines(span.file, span.end_line, span.end_line)
    return bool(
        before
        and after
        and before[0][: span.column - 1].rstrip().endswith("(")
        and after[0][span.end_column - 1 :].lstrip().startswith(")")
    )


def keep_part(node: ast.expr, part: ast.expr, file: str) -> Changes:
    """Take away what stands around a part of an expression, so that the part itself can change as well."""
    whole, kept = syntax.span_of(node, file), syntax.span_of(part, file)
    text = written(part, file)
    left, right = ("", "") if _fits(node, whole, text) else ("(", ")")
    return (
        Change(Span(file, whole.line, whole.column, kept.line, kept.column), left),
        Change(Span(file, kept.end_line, kept.end_column, whole.end_line, whole.end_column), right),
    )


def as_float(node: ast.expr, file: str) -> Changes:
    """Write every whole number in a literal with a point: `3.0` for `3`, `[1.0, -2.0] * n` for `[1, -2] * n`."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        text = written(node, file)
        return (
            Change(syntax.span_of(node, file), f"{text}.0" if text.replace("_", "").isdecimal() else f"float({text})"),
        )
    inside: Sequence[ast.expr] = ()
    if isinstance(node, ast.List | ast.Tuple):
        inside = node.elts
    elif isinstance(node, ast.UnaryOp):
        inside = (node.operand,)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        inside = [side for side in (node.left, node.right) if isinstance(side, ast.List | ast.Tuple)]
    return tuple(change for part in inside for change in as_float(part, file))


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    """Return what an expression is written with, without comments and line ends."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT}
    try:
        return [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in skipped]
    except (tokenize.TokenError, SyntaxError):
        return []


def _at(span: Span, place: tuple[int, int]) -> tuple[int, int]:
    """Turn a place in the text of a span (line from 1, column from 0) into one in the file."""
    line, column = place
    return (span.line, span.column + column) if line == 1 else (span.line + line - 1, column + 1)


def _depth(tokens: Sequence[tokenize.TokenInfo]) -> int:
    return sum((t.string in {"(", "[", "{"}) - (t.string in {")", "]", "}"}) for t in tokens)
