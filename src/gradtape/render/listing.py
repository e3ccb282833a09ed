"""Source files as HTML: numbered lines that can be linked to, coloured, with the findings written below their lines."""

from __future__ import annotations

import io
import keyword
import token
import tokenize
from collections import defaultdict
from typing import TYPE_CHECKING

from gradtape.diagnostics import sources
from gradtape.render.cards import label, mark
from gradtape.render.markup import join, marked, tag, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics import Annotation
    from gradtape.render.markup import Markup

AROUND = 40
"""Lines of a very long file that are shown on each side of one that matters."""
LONG = 4000
"""Lines that a file may have to be shown whole."""


class Note:
    """An annotation of a finding, with the finding's number on the page."""

    __slots__ = ("annotation", "code", "number")

    def __init__(self, annotation: Annotation, number: int, code: str) -> None:
        self.annotation = annotation
        self.number = number
        self.code = code


def listing(place: int, file: str, notes: Iterable[Note], used: Iterable[int]) -> Markup:
    """Return one file.

    Parameters
    ----------
    place : int
        Its number on the page; line 7 of file 0 is called `f0L7`.
    file : str
    notes : iterable of Note
        What is said about it.
    used : iterable of int
        The lines where something happened, which a very long file must show.
    """
    lines = [line.rstrip("\r\n") for line in sources.lines(file)]
    if not lines:
        return tag("p", "the source is not available", class_="absent")
    told: dict[int, list[Note]] = defaultdict(list)
    marks: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    for number, found in _coloured(lines).items():
        marks[number] += found
    for note in notes:
        span = note.annotation.span
        told[min(span.end_line, len(lines))].append(note)
        for number in range(span.line, min(span.end_line, len(lines)) + 1):
            marks[number].append(mark(note.annotation, number, lines[number - 1].rstrip()))
    wanted = _wanted(len(lines), {*used, *told})
    parts: list[Markup] = []
    before = 0
    for number in wanted:
        if number != before + 1:
            parts.append(_gap(before + 1, number - 1))
        before = number
        parts.append(_line(place, number, lines[number - 1].rstrip(), marks[number]))
        parts += [_said(note) for note in sorted(told[number], key=lambda n: not n.annotation.primary)]
    if before != len(lines):
        parts.append(_gap(before + 1, len(lines)))
    return join(parts)


def _line(place: int, number: int, line: str, marks: list[tuple[int, int, str]]) -> Markup:
    return tag(
        "div",
        tag("span", str(number), class_="n"),
        tag("span", "", class_="count"),
        tag("code", marked(line, marks)),
        class_="line",
        id=f"f{place}L{number}",
        data_line=number,
    )


def _said(note: Note) -> Markup:
    link = tag("a", note.code, href=f"#finding-{note.number}", class_="code")
    if not note.annotation.label and not note.annotation.primary:
        return text("")
    return label(note.annotation, " ", link)


def _gap(first: int, last: int) -> Markup:
    return tag("div", f"lines {first} to {last} are not shown: nothing happened there", class_="gap")


def _wanted(count: int, used: set[int]) -> Iterable[int]:
    if count <= LONG:
        return range(1, count + 1)
    near = {n for line in used for n in range(line - AROUND, line + AROUND + 1)}
    return sorted(n for n in near if 1 <= n <= count)


def _coloured(lines: list[str]) -> dict[int, list[tuple[int, int, str]]]:
    """Return the stretches of comments, texts, numbers, keywords and defined names, as far as the source parses."""
    found: dict[int, list[tuple[int, int, str]]] = defaultdict(list)
    before = ""
    try:
        for kind, word, (line, column), (last, end), _ in tokenize.generate_tokens(
            io.StringIO("\n".join(lines) + "\n").readline
        ):
            sort = _sort_of(kind, word, before)
            if kind not in {token.NL, token.NEWLINE, token.INDENT, token.DEDENT}:
                before = word
            if sort is None:
                continue
            for number in range(line, last + 1):
                begin = column if number == line else 0
                stop = end if number == last else len(lines[number - 1])
                found[number].append((begin, stop, sort))
    except (tokenize.TokenError, SyntaxError, IndexError):
        pass
    return found


STRINGS = {
    getattr(token, name)
    for name in ("STRING", "FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END")
    if hasattr(token, name)
}


def _sort_of(kind: int, word: str, before: str) -> str | None:
    if kind == token.COMMENT:
        return "c"
    if kind in STRINGS:
        return "s"
    if kind == token.NUMBER:
        return "d"
    if kind == token.NAME and before in {"def", "class"}:
        return "f"
    return "k" if kind == token.NAME and keyword.iskeyword(word) else None
