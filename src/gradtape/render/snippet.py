"""The part of a message that shows source: line numbers, the lines, underlines and labels."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics.spans import source_lines
from gradtape.render import cells, paths

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Annotation, Diagnostic

Piece = tuple[str, str]
"""A stretch of text and the name of its style."""
Line = tuple[Piece, ...]

MIN_LABEL = 28
"""A label is wrapped only into a column at least this wide."""
WHOLE = 4
"""A span of at most so many lines is shown whole; of a longer one the first two lines and the last."""


@dataclass(frozen=True, slots=True)
class Frame:
    """The characters that a snippet is drawn with."""

    bar: str = "|"
    arrow: str = "-->"
    more: str = ":::"
    primary: str = "^"
    secondary: str = "-"
    skipped: str = "..."
    note: str = "="
    link: str = "|"


ASCII = Frame()
UNICODE = Frame(bar="│", arrow="╭▸", more="├▸", primary="━", secondary="─", skipped="┆", note="├", link="│")


class Mark(NamedTuple):
    """A stretch of one line to underline, in cells; `label` stands beside it."""

    first: int
    last: int
    primary: bool
    label: str


def gutter_width(diagnostic: Diagnostic) -> int:
    """Return how many columns the line numbers of a message take."""
    edits = diagnostic.suggestion.edits if diagnostic.suggestion else ()
    numbers = [a.span.end_line for a in diagnostic.annotations] + [a.span.line for a in diagnostic.annotations]
    return max((len(str(n)) for n in [*numbers, *(e.line for e in edits)]), default=1) + 1


def snippets(diagnostic: Diagnostic, frame: Frame, width: int) -> Iterator[Line]:
    """Show every place of a message, the primary one's file first."""
    primary = diagnostic.primary
    gutter = gutter_width(diagnostic)
    files = list(dict.fromkeys(a.span.file for a in ([primary] if primary else []) + list(diagnostic.annotations)))
    for k, file in enumerate(files):
        inside = [a for a in diagnostic.annotations if a.span.file == file]
        head = next((a for a in inside if a.primary), inside[0]).span
        arrow = frame.arrow if k == 0 else frame.more
        yield ((" " * gutter + arrow, "gutter"), (f" {paths.shown(file)}:{head.line}:{head.column}", "path"))
        yield _bar(gutter, frame)
        yield from _file(inside, gutter, frame, width)


def _bar(gutter: int, frame: Frame) -> Line:
    return ((" " * gutter + " " + frame.bar, "gutter"),)


def _file(annotations: list[Annotation], gutter: int, frame: Frame, width: int) -> Iterator[Line]:
    previous: int | None = None
    for number, shown in groupby(stretches(annotations), key=lambda s: s[0]):
        here = [(annotation, last) for _, annotation, last in shown]
        if previous is not None and number > previous + 2:
            yield ((" " * (gutter - 1) + frame.skipped, "gutter"),)
        elif previous is not None and number == previous + 2:
            yield from _line(here[0][0].span.file, previous + 1, [], gutter, frame, width)
        previous = number
        yield from _line(here[0][0].span.file, number, here, gutter, frame, width)


def stretches(annotations: list[Annotation]) -> list[tuple[int, Annotation, bool]]:
    """Return `(line, annotation, whether the annotation ends there)` for every line to show, in the file's order."""
    found = []
    for annotation in annotations:
        first, last = annotation.span.line, annotation.span.end_line
        lines = range(first, last + 1) if last - first < WHOLE else (first, first + 1, last)
        found += [(line, annotation, line == last) for line in lines]
    return sorted(found, key=lambda s: (s[0], s[1].span.column))


def _line(
    file: str, number: int, here: list[tuple[Annotation, bool]], gutter: int, frame: Frame, width: int
) -> Iterator[Line]:
    text = next(iter(source_lines(file, number, number)), None)
    if text is None:
        for annotation, _ in here:
            told = f": {annotation.label}" if annotation.label else ""
            yield ((f"{number:>{gutter}} {frame.bar}", "gutter"), (f" (the source is not available){told}", "text"))
        return
    laid, starts = cells.to_cells(text.rstrip())
    marks = [_mark(annotation, last, number, text.rstrip(), starts) for annotation, last in here]
    wanted = [m for m in marks if m.primary] or marks
    first, last = min((m.first for m in wanted), default=0), max((m.last for m in wanted), default=0)
    room = max(width - gutter - 3, MIN_LABEL)
    visible, shift = cells.cut(laid, first, last, room)
    yield ((f"{number:>{gutter}} {frame.bar}", "gutter"), (f" {visible}" if visible else "", "text"))
    lead = (" " * gutter + f" {frame.bar} ", "gutter")
    for row in _underlines([_inside(m, shift, room) for m in marks], frame, room):
        yield (lead, *row)


def _mark(annotation: Annotation, last: bool, number: int, text: str, starts: list[int]) -> Mark:
    span = annotation.span
    indent = len(text) - len(text.lstrip())
    begin = span.column - 1 if number == span.line else indent
    end = span.end_column - 1 if last else len(text)
    begin = min(max(begin, 0), max(len(text) - 1, 0))
    end = min(max(end, begin + 1), max(len(text), 1))
    first, stop = starts[min(begin, len(starts) - 1)], starts[min(end, len(starts) - 1)]
    return Mark(first, max(stop, first + 1), annotation.primary, annotation.label if last else "")


def _inside(mark: Mark, shift: int, room: int) -> Mark:
    """Move a mark with its line; one that was cut off points at the edge, so that its label is not lost."""
    first = min(max(mark.first - shift, 0), room - 1)
    return Mark(first, max(min(mark.last - shift, room), first + 1), mark.primary, mark.label)


def _underlines(marks: list[Mark], frame: Frame, room: int) -> Iterator[Line]:
    if not marks:
        return
    row: dict[int, str] = {}
    for mark in sorted(marks, key=lambda m: m.primary):
        row |= dict.fromkeys(range(mark.first, mark.last), "primary" if mark.primary else "secondary")
    line = _drawn(row, frame)
    labelled = sorted((m for m in marks if m.label), key=lambda m: (m.first, m.last))
    end = max(m.last for m in marks)
    beside = labelled.pop() if labelled and labelled[-1].last == end else None
    if beside is None:
        yield line
    else:
        column = end + 1
        wrapped = wrap(beside.label, room - column)
        if room - column < MIN_LABEL and len(wrapped) > 1:
            labelled.append(beside)
            yield line
        else:
            yield (*line, (" " + wrapped[0], _style(beside)))
            for more in wrapped[1:]:
                yield (*_links(labelled, frame, column), (more, _style(beside)))
    if labelled:
        yield _links(labelled, frame, 0)
    while labelled:
        mark = labelled.pop()
        column = min(mark.first, max(room - MIN_LABEL, 0))  # further to the left where a terminal ends soon
        for part in wrap(mark.label, room - column):
            yield (*_links([m for m in labelled if m.first < column], frame, column), (part, _style(mark)))


def wrap(text: str, width: int) -> list[str]:
    """Break a text at spaces, never inside a word or an expression without spaces."""
    lines = text.splitlines() or [""]
    return [
        part
        for line in lines
        for part in textwrap.wrap(line, max(width, MIN_LABEL), break_long_words=False, break_on_hyphens=False) or [""]
    ]


def _style(mark: Mark) -> str:
    return "primary" if mark.primary else "secondary"


def _drawn(row: dict[int, str], frame: Frame) -> Line:
    pieces: list[Piece] = []
    column = 0
    for style, group in groupby(range(max(row) + 1), key=row.get):
        length = len(list(group))
        column += length
        sign = {None: " ", "primary": frame.primary, "secondary": frame.secondary}[style]
        pieces.append((sign * length, style or "text"))
    return tuple(pieces)


def _links(pending: list[Mark], frame: Frame, until: int) -> Line:
    """Return the vertical strokes that lead from underlines to labels further down, filled up to a column."""
    pieces: list[Piece] = []
    column = 0
    for mark in pending:
        if mark.first < column:
            continue
        pieces += [(" " * (mark.first - column), "text"), (frame.link, _style(mark))]
        column = mark.first + 1
    return (*pieces, (" " * max(until - column, 0), "text"))
