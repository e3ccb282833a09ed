"""A message as HTML: the same headline, places, labels, notes, helps and edits as in the terminal."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics.spans import source_lines
from gradtape.render import layout, paths
from gradtape.render.markup import join, marked, prose, tag
from gradtape.render.snippet import stretches

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gradtape.diagnostics import Annotation, Diagnostic, Span, Suggestion
    from gradtape.render.markup import Markup


CHANGES = {"-": "del", "+": "ins", " ": "code"}
"""The elements for lines that go, come and stay."""


class Links(NamedTuple):
    """How a card refers to other parts of its page.

    Parameters
    ----------
    place : callable
        Turns a span and the text to show into a link to it, or into the text.
    more : tuple of Markup
        What else stands beside the place: a link to the tape.
    """

    place: Callable[[Span, str], Markup]
    more: tuple[Markup, ...] = ()


def plain_place(span: Span, shown: str) -> Markup:
    """Return a place without a link."""
    del span
    return tag("span", shown)


NO_LINKS = Links(plain_place)


def card(message: Diagnostic, extra: tuple[str, ...] = (), links: Links = NO_LINKS, **attributes: str | int) -> Markup:
    """Return one message; `extra` are notes that only the surrounding report knows."""
    head: list[str] = [str(message.severity)]
    if message.code is not None:
        head += [" ", tag("span", message.code.number, class_="code"), " ", message.code.slug]
    if not message.proven:
        head += [" ", tag("span", "possible", class_="possible")]
    remarks = [("note", t) for t in (*message.notes, *extra)] + [("help", t) for t in message.helps]
    return tag(
        "article",
        tag("p", *head, class_="head"),
        tag("h3", prose(message.headline)),
        *_places(message, links),
        tag("ul", *(tag("li", tag("b", word), " ", prose(t), class_=word) for word, t in remarks), class_="remarks")
        if remarks
        else "",
        *(_edits(message.suggestion) if message.suggestion else ()),
        class_=f"card {message.severity}",
        **attributes,
    )


def _places(message: Diagnostic, links: Links) -> Iterator[Markup]:
    primary = message.primary
    files = dict.fromkeys(a.span.file for a in ([primary] if primary else []) + list(message.annotations))
    for k, file in enumerate(files):
        inside = [a for a in message.annotations if a.span.file == file]
        head = next((a for a in inside if a.primary), inside[0]).span
        place = links.place(head, f"{paths.shown(file)}:{head.line}:{head.column}")
        yield tag("p", join((place, *(links.more if k == 0 else ())), " "), class_="place")
        yield tag("div", *_snippet(file, inside), class_="snippet")


def _snippet(file: str, annotations: list[Annotation]) -> Iterator[Markup]:
    previous: int | None = None
    told = stretches(annotations)
    indent = _indent(line for number, *_ in told for line in source_lines(file, number, number))
    for number, found in groupby(told, key=lambda s: s[0]):
        here = [(annotation, last) for _, annotation, last in found]
        if previous is not None and number > previous + 1:
            yield tag("div", tag("span", "", class_="n"), tag("code", "..."), class_="line skipped")
        previous = number
        code = next(iter(source_lines(file, number, number)), None)
        if code is None:
            yield tag("div", tag("span", str(number), class_="n"), "(the source is not available)", class_="line")
        else:
            shown = code.rstrip()[indent:]
            stretch = [mark(annotation, number, code.rstrip()) for annotation, _ in here]
            marks = [(first - indent, last - indent, name) for first, last, name in stretch]
            yield tag("div", tag("span", str(number), class_="n"), tag("code", marked(shown, marks)), class_="line")
        yield from (label(annotation) for annotation, last in here if last and annotation.label)


def _indent(lines: Iterable[str]) -> int:
    """Return the indentation that lines share: there is little room on a page."""
    return min((len(line) - len(line.lstrip()) for line in lines if line.strip()), default=0)


def label(annotation: Annotation, *more: str) -> Markup:
    """Return the words that stand below a marked stretch."""
    sort = "primary" if annotation.primary else "secondary"
    return tag("div", tag("span", "", class_="n"), tag("span", prose(annotation.label), *more), class_=f"label {sort}")


def mark(annotation: Annotation, number: int, line: str) -> tuple[int, int, str]:
    """Return the stretch of a line that an annotation marks."""
    span = annotation.span
    begin = span.column - 1 if number == span.line else len(line) - len(line.lstrip())
    end = span.end_column - 1 if number == span.end_line else len(line)
    return begin, max(end, begin + 1), "primary" if annotation.primary else "secondary"


def _edits(suggestion: Suggestion) -> Iterator[Markup]:
    for file, group in groupby(suggestion.edits, key=lambda edit: edit.file):
        edits = list(group)
        lines = [(edit.line, sign, line) for edit in edits for sign, line in layout.changed(edit)]
        indent = _indent(line for *_, line in lines)
        rows = (
            tag(
                "div",
                tag("span", str(n), class_="n"),
                tag(CHANGES[sign], f"{sign} {line.rstrip()[indent:]}"),
                class_="line",
            )
            for n, sign, line in lines
        )
        title = f"{layout.TRUST[suggestion.applicability]}: {paths.shown(file)}:{edits[0].line}"
        yield tag("figure", tag("figcaption", title), tag("div", *rows, class_="snippet"), class_="edit")
