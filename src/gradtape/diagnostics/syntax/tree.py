"""The tree of a file, and the node at a place."""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics import sources
from gradtape.diagnostics.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


type_of_function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


_TREES: dict[str, tuple[list[str], ast.Module | None]] = {}
"""Syntax trees by file, with the lines that they were made from."""


def parse_file(file: str) -> ast.Module | None:
    """Return the syntax tree of a file, None where there is no source or it does not parse."""
    lines = sources.lines(file)
    known = _TREES.get(file)
    if known is None or known[0] is not lines:
        try:
            tree = ast.parse("".join(lines), file) if lines else None
        except (SyntaxError, ValueError):
            tree = None
        known = _TREES[file] = (lines, tree)
    return known[1]


@lru_cache(maxsize=64)
def nodes_of(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return all nodes of a file, walked once for all who ask."""
    return tuple(ast.walk(tree))


@lru_cache(maxsize=65_536)
def span_of(node: ast.AST, file: str) -> Span:
    """Return the place of a node; columns in characters, as everywhere."""
    return Span(
        file,
        node.lineno,  # type: ignore[attr-defined]
        _column(file, node.lineno, node.col_offset),  # type: ignore[attr-defined]
        node.end_lineno,  # type: ignore[attr-defined]
        _column(file, node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
    )


def _column(file: str, line: int, byte_offset: int) -> int:
    lines = sources.lines(file)
    text = lines[line - 1] if line <= len(lines) else ""
    return 1 + (byte_offset if text.isascii() else len(text.encode()[:byte_offset].decode(errors="replace")))


@lru_cache(maxsize=65_536)
def text_of(node: ast.AST) -> str:
    """Return code as Python would write it."""
    return ast.unparse(node)


def around(span: Span) -> tuple[ast.AST, ...]:
    """Return the nodes whose text covers the span, outermost first."""
    tree = parse_file(span.file)
    return () if tree is None else _around_in(tree, span)


@lru_cache(maxsize=16_384)
def _around_in(tree: ast.Module, span: Span) -> tuple[ast.AST, ...]:
    found: list[ast.AST] = []
    here: ast.AST | None = tree
    while here is not None:
        parts = _with_decorators(_children_near(here, span.line))
        here = next((child for child in parts if _covers(child, span)), None)
        if here is not None and hasattr(here, "lineno"):
            found.append(here)
    return tuple(found)


def _with_decorators(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield nodes, before each definition its decorators: they stand outside of it, and above its text."""
    for node in nodes:
        yield from getattr(node, "decorator_list", ())
        yield node


def _children_near(node: ast.AST, line: int) -> Iterable[ast.AST]:
    """Return the children of a node that may cover a line: of a long block only the last statements to begin there."""
    block = getattr(node, "body", None)
    if not isinstance(block, list) or len(block) < LONG_BLOCK:
        return ast.iter_child_nodes(node)
    place = bisect_right(block, line, key=lambda statement: statement.lineno)
    # several statements may share a line: `a = 1; b = 2`
    first = bisect_left(block, block[place - 1].lineno, key=lambda statement: statement.lineno) if place else 0
    parts = (part for name, part in ast.iter_fields(node) if name != "body")
    others = (node for part in parts for node in (part if isinstance(part, list) else [part]))
    above = [decorator for below in block[place : place + 1] for decorator in getattr(below, "decorator_list", ())]
    return (*(node for node in others if isinstance(node, ast.AST)), *block[first:place], *above)


LONG_BLOCK = 50
"""From so many statements on a block is searched by halves."""


def _covers(node: ast.AST, span: Span) -> bool:
    """Whether a node's text covers a span; a node without a place (`arguments`) covers what its parts cover."""
    if isinstance(node, ast.stmt | ast.expr | ast.arg | ast.keyword | ast.excepthandler | ast.pattern | ast.alias):
        return node.lineno <= span.line and span_of(node, span.file).contains(span)
    return any(_covers(part, span) for part in ast.iter_child_nodes(node))


def expression_at(span: Span) -> ast.expr | None:
    """Return the expression whose text is exactly the span, else the smallest one around it."""
    tree = parse_file(span.file)
    return None if tree is None else _expression_in(tree, span)


@lru_cache(maxsize=16_384)
def _expression_in(tree: ast.Module, span: Span) -> ast.expr | None:
    found = [node for node in _around_in(tree, span) if isinstance(node, ast.expr)]
    exact = [n for n in found if span_of(n, span.file).contains(span) and span.contains(span_of(n, span.file))]
    return exact[0] if exact else found[-1] if found else None


def statement_at(span: Span) -> ast.stmt | None:
    """Return the innermost statement around a span."""
    found = [node for node in around(span) if isinstance(node, ast.stmt)]
    return found[-1] if found else None


def function_at(span: Span) -> type_of_function | None:
    """Return the innermost function or lambda around a span, None at the top of a module."""
    found = [node for node in around(span) if isinstance(node, type_of_function)]
    return found[-1] if found else None


def class_at(span: Span) -> str | None:
    """Return the name of the innermost class around a span."""
    found = [node.name for node in around(span) if isinstance(node, ast.ClassDef)]
    return found[-1] if found else None
