"""The same text in colour, through `rich`, where standard output is a terminal that wants it."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, TextIO

from gradtape.render import layout, plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.explain.report import GradientReport
    from gradtape.render.snippet import Line

NARROW, WIDE = 40, 140
"""The columns that a report fills, whatever the terminal's width."""

STYLES = {
    "error": "bold red",
    "warning": "bold yellow",
    "note": "bold",
    "help": "bold cyan",
    "gutter": "bold blue",
    "primary": "bold yellow",
    "secondary": "bold blue",
    "strong": "bold",
    "ok": "bold green",
    "added": "green",
    "removed": "red",
}


def show(lines: Iterable[Line], out: TextIO | None = None) -> None:
    """Write laid out lines; in colour if `out` is a terminal, NO_COLOR is unset and rich is installed."""
    out = sys.stdout if out is None else out
    lines = list(lines)
    if not _wants_color(out) or not _show_rich(lines, out):
        write(plain.text(lines) + "\n", out)


def report(reports: Iterable[GradientReport], out: TextIO | None = None) -> None:
    """Write what was found in a run."""
    out = sys.stdout if out is None else out
    show(layout.report(reports, layout.frame_of(unicode=False), columns(out)), out)


def columns(out: TextIO) -> int:
    """Return the columns to fill: the terminal's, within reason, or the usual number."""
    try:
        return min(max(os.get_terminal_size(out.fileno()).columns, NARROW), WIDE)
    except (OSError, ValueError, AttributeError):
        return layout.WIDTH


def write(text: str, out: TextIO) -> None:
    """Write a text to a stream whose encoding may not have all of its characters."""
    encoding = getattr(out, "encoding", None) or "utf-8"
    out.write(text.encode(encoding, "backslashreplace").decode(encoding))
    out.flush()


def _wants_color(out: TextIO) -> bool:
    return out.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _show_rich(lines: list[Line], out: TextIO) -> bool:
    try:
        from rich.console import Console
        from rich.text import Text
    except ImportError:
        return False
    console = Console(file=out, highlight=False, markup=False, emoji=False, soft_wrap=True)
    for line in lines:
        console.print(Text.assemble(*((piece, STYLES.get(style, "")) for piece, style in line)))
    return True
