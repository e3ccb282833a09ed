"""Stretches of source text: what a place of a run is resolved to, and what was found by reading."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import sources

if TYPE_CHECKING:
    from types import CodeType


class Span(NamedTuple):
    """A stretch of source text; lines and columns count from 1, the end column is exclusive.

    Parameters
    ----------
    file : str
        The file name as Python knows it (`co_filename`).
    line, column, end_line, end_column : int
        Where the expression starts and ends. Columns count characters, not bytes.
    function : str
        The qualified name of the function around it, `<module>` at the top.
    """

    file: str
    line: int
    column: int
    end_line: int
    end_column: int
    function: str = "<module>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Span) and self[:5] == other[:5]

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self[:5])

    @property
    def text(self) -> str:
        """The source text of the span, its lines joined by newlines; empty where the source is not available."""
        lines = source_lines(self.file, self.line, self.end_line)
        if not lines:
            return ""
        lines[-1] = lines[-1][: self.end_column - 1]
        lines[0] = lines[0][self.column - 1 :]
        return "\n".join(lines)

    @property
    def source_line(self) -> str:
        """The whole first line of the span, without its line end."""
        return next(iter(source_lines(self.file, self.line, self.line)), "")

    def contains(self, other: Span) -> bool:
        """Whether `other` lies inside this span."""
        return (
            self.file == other.file
            and (self.line, self.column) <= (other.line, other.column)
            and (other.end_line, other.end_column) <= (self.end_line, self.end_column)
        )


class Passage(NamedTuple):
    """A place that was found by reading, a statement or an expression, where something else is told by a `Site`."""

    span: Span

    @property
    def code(self) -> None:
        """It belongs to no run of any code."""
        return None

    @property
    def lasti(self) -> int:
        """No instruction either."""
        return -1


def source_lines(file: str, first: int, last: int) -> list[str]:
    """Lines `first` to `last` (from 1, inclusive) of a file, without line ends; empty if there is no source."""
    lines = sources.lines(file)
    return [line.rstrip("\r\n") for line in lines[first - 1 : last]] if 0 < first <= last <= len(lines) else []


def resolve(file: str, code: CodeType, lasti: int) -> Span:
    """Find the text of an instruction of a code object; its whole line where Python kept no columns."""
    sources.settle(file, code, lasti)
    line, end_line, column, end_column = sources.place_of(code, lasti)
    if line is None:
        line = code.co_firstlineno
    if end_line is None or column is None or end_column is None:
        text = next(iter(source_lines(file, line, line)), "")
        indent = len(text) - len(text.lstrip())
        return Span(file, line, indent + 1, line, max(len(text.rstrip()), indent + 1) + 1, code.co_qualname)
    return Span(
        file,
        line,
        _characters(file, line, column) + 1,
        end_line,
        _characters(file, end_line, end_column) + 1,
        code.co_qualname,
    )


def _characters(file: str, line: int, byte_offset: int) -> int:
    """Turn CPython's offset in UTF-8 bytes into one in characters."""
    text = next(iter(source_lines(file, line, line)), "")
    if text.isascii():
        return byte_offset
    return len(text.encode()[:byte_offset].decode(errors="replace"))
