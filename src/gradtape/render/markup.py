"""HTML and SVG that cannot be broken by what stands in it: text is escaped unless it was made here."""

from __future__ import annotations

import html
import re
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VOID = frozenset({"meta", "br", "input", "link", "hr"})
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")
"""Characters that no page may hold, and those that make a text look like another: they are shown by their number."""


class Markup(str):
    """Text that is markup already, made by this module."""

    __slots__ = ()


def text(plain: str) -> Markup:
    """Escape a text.

    Examples
    --------
    >>> text("a < b")
    'a &lt; b'
    """
    if isinstance(plain, Markup):
        return plain
    return Markup(html.escape(HIDDEN.sub(lambda found: f"\\u{ord(found[0]):04x}", plain), quote=True))


def tag(name: str, /, *children: str, **attributes: str | float | None) -> Markup:
    """Make an element.

    Parameters
    ----------
    name : str
    *children : str
        Plain text is escaped, `Markup` is taken as it is.
    **attributes
        None leaves one out; `class_` is `class`, and an underscore inside a name is a hyphen.

    Examples
    --------
    >>> tag("p", "1 < 2 ", tag("b", "yes"), class_="sum")
    '<p class="sum">1 &lt; 2 <b>yes</b></p>'
    """
    pairs = (f' {key.rstrip("_").replace("_", "-")}="{text(str(v))}"' for key, v in attributes.items() if v is not None)
    start = f"<{name}{''.join(pairs)}>"
    return Markup(start if name in VOID else f"{start}{join(children)}</{name}>")


def join(parts: Iterable[str], between: str = "") -> Markup:
    """Put parts one after the other, escaping those that are plain text."""
    return Markup(str(text(between)).join(text(part) for part in parts))


def prose(told: str) -> Markup:
    """Return a sentence of a message: what stands between backticks is code.

    Examples
    --------
    >>> prose("use `a < b`")
    'use <code>a &lt; b</code>'
    """
    pieces = told.split("`")
    if len(pieces) % 2 == 0:  # a backtick without a partner is a backtick
        pieces[-2:] = [f"{pieces[-2]}`{pieces[-1]}"]
    arrow = tag("span", "->", class_="arrow")  # it must not be parted at the end of a line
    return join(tag("code", piece) if k % 2 else join(piece.split("->"), arrow) for k, piece in enumerate(pieces))


def marked(line: str, marks: Iterable[tuple[int, int, str]]) -> Markup:
    """Return a line of source in which stretches are marked by classes; they may overlap.

    Parameters
    ----------
    line : str
    marks : iterable of (int, int, str)
        First column, last column (exclusive), both from 0, and a class.

    Examples
    --------
    >>> marked("x = 1", [(0, 1, "name"), (0, 5, "here")])
    '<span class="name here">x</span><span class="here"> = 1</span>'
    """
    found = [(max(first, 0), min(last, len(line)), name) for first, last, name in marks]
    edges = sorted({0, len(line), *(e for first, last, _ in found if first < last for e in (first, last))})
    parts = []
    for begin, end in pairwise(edges):
        names = [name for first, last, name in found if first <= begin and end <= last]
        piece = line[begin:end]
        parts.append(tag("span", piece, class_=" ".join(dict.fromkeys(names))) if names else text(piece))
    return join(parts)
