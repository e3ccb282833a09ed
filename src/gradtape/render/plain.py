"""Messages as text, without any dependency."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.render import layout

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics import Diagnostic
    from gradtape.explain.report import Explanation, GradientReport
    from gradtape.render.snippet import Line

ANSI = {
    "error": "1;31",
    "warning": "1;33",
    "note": "1",
    "help": "1;36",
    "gutter": "1;34",
    "path": "",
    "primary": "1;33",
    "secondary": "1;34",
    "strong": "1",
    "ok": "1;32",
    "added": "32",
    "removed": "31",
    "text": "",
}


def diagnostic(message: Diagnostic, *, unicode: bool = False, color: bool = False, width: int = layout.WIDTH) -> str:
    """Return one message with its source, notes, helps and edits.

    Parameters
    ----------
    message : Diagnostic
    unicode : bool
        Draw the frame with box characters.
    color : bool
        Put escape codes in.
    width : int
        Columns to fill before a text is wrapped.
    """
    return text(layout.diagnostic(message, layout.frame_of(unicode=unicode), width), color=color)


def explanation(told: Explanation, *, unicode: bool = False, color: bool = False, width: int = layout.WIDTH) -> str:
    """Return what `tape.why` prints; the parameters are those of `diagnostic`."""
    return text(layout.gradients(told.gradients, layout.frame_of(unicode=unicode), width), color=color)


def report(
    reports: Iterable[GradientReport], *, unicode: bool = False, color: bool = False, width: int = layout.WIDTH
) -> str:
    """Return what `gradtape why` prints: a table per call, then the messages; parameters as for `diagnostic`."""
    return text(layout.report(reports, layout.frame_of(unicode=unicode), width), color=color)


def text(lines: Iterable[Line], *, color: bool = False) -> str:
    """Join laid out lines."""
    paint = _painted if color else _bare
    return "\n".join(paint(line) for line in lines)


def _bare(line: Line) -> str:
    return "".join(piece for piece, _ in line).rstrip()


def _painted(line: Line) -> str:
    return "".join(
        f"\x1b[{ANSI[style]}m{piece}\x1b[0m" if ANSI[style] and piece.strip() else piece for piece, style in line
    )
