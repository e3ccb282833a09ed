"""Changes of whole statements: inserted, removed, moved, unwrapped, imported."""

from __future__ import annotations

import ast
import io
import tokenize
from functools import partial
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.diagnostics.spans import source_lines
from gradtape.explain.edits.builders.expressions import path_to, written

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.explain.edits.builders.suggestions import Changes


BLOCKS = ("body", "orelse", "finalbody", "handlers")


def block_of(statement: ast.stmt, file: str) -> list[ast.stmt]:
    """Return the statements of the block that a statement stands in, itself among them; empty if it is not found."""
    holders: list[ast.AST | None] = [*reversed(path_to(statement, file)), syntax.parse_file(file)]
    for holder in holders:
        for name in BLOCKS:
            block = getattr(holder, name, None)
            if isinstance(block, list) and statement in block:
                return block
    return []


def indent_of(statement: ast.stmt, file: str) -> str:
    """Return the white space before the line on which a statement starts."""
    line = next(iter(source_lines(file, first_line(statement), first_line(statement))), "")
    return line[: len(line) - len(line.lstrip())]


def first_line(statement: ast.stmt) -> int:
    """Return the line where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _starts_its_line(statement: ast.stmt, file: str) -> bool:
    span = syntax.span_of(statement, file)
    return not span.source_line[: span.column - 1].strip()


def _ends_its_line(statement: ast.stmt, file: str) -> bool:
    span = syntax.span_of(statement, file)
    rest = next(iter(source_lines(file, span.end_line, span.end_line)), "")[span.end_column - 1 :]
    return not rest.strip() or rest.lstrip().startswith("#")


def insert_before(statement: ast.stmt, file: str, *code: str) -> Changes:
    """Put statements before another one: on lines of their own, or on its line where it shares that with others."""
    if not _starts_its_line(statement, file):
        if not all(_fits_in_a_line(text) for text in code):
            return ()
        span = syntax.span_of(statement, file)
        return (insertion(file, span.line, span.column, "; ".join(code) + "; "),)
    indent = indent_of(statement, file)
    lines = [line for text in code for line in text.split("\n")]
    first = first_line(statement)
    if first == 1:
        return (insertion(file, first, len(indent) + 1, "".join(f"{line}\n{indent}" for line in lines)),)
    above = next(iter(source_lines(file, first - 1, first - 1)), "")
    return (insertion(file, first - 1, len(above) + 1, "".join(f"\n{indent}{line}" for line in lines)),)


def insert_after(statement: ast.stmt, file: str, *code: str) -> Changes:
    """Put statements after another one, in the same block."""
    span = syntax.span_of(statement, file)
    alone = _starts_its_line(statement, file) or not _is_simple(statement)
    if not (alone and _ends_its_line(statement, file)):
        if not all(_fits_in_a_line(text) for text in code) or not _is_simple(statement):
            return ()
        return (insertion(file, span.end_line, span.end_column, "".join(f"; {text}" for text in code)),)
    indent = indent_of(statement, file)
    last = next(iter(source_lines(file, span.end_line, span.end_line)), "")
    lines = [line for text in code for line in text.split("\n")]
    return (insertion(file, span.end_line, len(last) + 1, "".join(f"\n{indent}{line}" for line in lines)),)


def _fits_in_a_line(text: str) -> bool:
    """Whether statements may stand behind a semicolon: they have no block, and no comment behind them."""
    try:
        return "\n" not in text and "#" not in text and all(_is_simple(s) for s in ast.parse(text).body)
    except SyntaxError:
        return False


def _is_simple(statement: ast.stmt) -> bool:
    return not isinstance(getattr(statement, "body", None), list)


def remove(statement: ast.stmt, file: str) -> Changes:
    """Take a statement away, its whole line where it stands alone; `pass` stays where a block would be empty."""
    span = syntax.span_of(statement, file)
    if block_of(statement, file) == [statement]:
        return (Change(span, "pass"),)
    if _starts_its_line(statement, file) and _ends_its_line(statement, file):
        return (Change(Span(file, first_line(statement), 1, span.end_line + 1, 1), ""),)
    line = next(iter(source_lines(file, span.end_line, span.end_line)), "")
    rest = line[span.end_column - 1 :]
    after = len(rest) - len(rest.lstrip("; \t")) if rest.lstrip().startswith(";") else 0
    if after and rest[after:]:
        return (Change(Span(file, span.line, span.column, span.end_line, span.end_column + after), ""),)
    before = span.source_line[: span.column - 1]
    kept = len(before.rstrip().removesuffix(";").rstrip()) if before.rstrip().endswith(";") else span.column - 1
    return (Change(Span(file, span.line, kept + 1, span.end_line, span.end_column + after), ""),)


def replace_statement(statement: ast.stmt, file: str, text: str) -> Changes:
    """Put a text in the place of a statement."""
    return (Change(syntax.span_of(statement, file), text),)


def lines_of(statement: ast.stmt, file: str) -> str | None:
    """Return the text of a statement for another indentation, its comment included; None where it cannot be moved."""
    if not (_starts_its_line(statement, file) and _ends_its_line(statement, file)):
        return written(statement, file) if _is_simple(statement) else None
    indent = indent_of(statement, file)
    lines = source_lines(file, first_line(statement), statement.end_lineno or statement.lineno)
    if block_of(statement, file) == [statement]:  # `pass` stays in its place, and so does the comment
        lines[-1] = lines[-1][: syntax.span_of(statement, file).end_column - 1]
    inside_text = _lines_inside_strings(lines)
    moved = []
    for k, line in enumerate(lines):
        if k in inside_text:
            return None  # white space in a text over several lines is part of its value
        moved.append(line.removeprefix(indent))
    return "\n".join(moved)


def move_before(statements: Sequence[ast.stmt], place: ast.stmt, file: str) -> Changes:
    """Move statements, in their order, before another one."""
    return _moved(statements, file, partial(insert_before, place, file))


def move_after(statements: Sequence[ast.stmt], place: ast.stmt, file: str) -> Changes:
    """Move statements, in their order, after another one."""
    return _moved(statements, file, partial(insert_after, place, file))


def _moved(statements: Sequence[ast.stmt], file: str, insert: Callable[..., Changes]) -> Changes:
    texts = [lines_of(s, file) for s in statements]
    came = insert(*texts) if None not in texts else ()
    return (*(change for s in statements for change in remove(s, file)), *came) if came else ()


def unwrap_block(statement: ast.stmt, file: str, body: Sequence[ast.stmt] = ()) -> Changes:
    """Take a `with`, or a branch, away and move its body, or another part of it, out of it."""
    texts = [lines_of(s, file) for s in body or getattr(statement, "body", ())]
    if any(text is None for text in texts):
        return ()
    indent = indent_of(statement, file)
    lines = [line for text in texts if text is not None for line in text.split("\n")]
    new = "\n".join(f"{indent}{line}" if k else line for k, line in enumerate(lines))
    return (Change(syntax.span_of(statement, file), new),)


def drop_decorator(decorator: ast.expr, file: str) -> Changes:
    """Take a decorator away, with its line."""
    span = syntax.span_of(decorator, file)
    return (Change(Span(file, span.line, 1, span.end_line + 1, 1), ""),)


def add_import(file: str, statement: str) -> Changes:
    """Put an import below the last import at the top of a file."""
    tree = syntax.parse_file(file)
    if tree is None or not tree.body:
        return ()
    head = 0
    while head < len(tree.body) and (
        isinstance(tree.body[head], ast.Import | ast.ImportFrom) or (head == 0 and _is_text(tree.body[0]))
    ):
        head += 1
    if head:
        return insert_after(tree.body[head - 1], file, statement)
    return insert_before(tree.body[0], file, statement)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _lines_inside_strings(lines: Sequence[str]) -> set[int]:
    """Return which lines begin inside a text that began on an earlier line."""
    found: set[int] = set()
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else ""
    text = "".join(line.removeprefix(indent) + "\n" for line in lines)
    began: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            if name == "STRING":
                found.update(range(token.start[0], token.end[0]))
            elif name.endswith("STRING_START"):
                began.append(token.start[0])
            elif name.endswith("STRING_END"):
                found.update(range(began.pop(), token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return set(range(len(lines)))
    return found
