"""A line of source as terminal cells, so that an underline stands under what it points at."""

from __future__ import annotations

import unicodedata

TAB = 4
CUT = "..."
CONTEXT = 12
"""How many cells before the first underline stay when a long line is cut."""


def width_of(text: str) -> int:
    """Count the terminal cells of a text."""
    return sum(_width(character) for character in text)


def _width(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1


def to_cells(text: str) -> tuple[list[str], list[int]]:
    """Lay a line out.

    Returns
    -------
    cells : list of str
        One entry per cell; the second cell of a wide character is empty, a combining character stands with its base.
    starts : list of int
        The cell at which each character of `text` starts, and one entry for the end.
    """
    cells: list[str] = []
    starts: list[int] = []
    for character in text:
        starts.append(len(cells))
        if character == "\t":
            cells += [" "] * TAB
        elif unicodedata.category(character) == "Cc":
            cells.append("\N{REPLACEMENT CHARACTER}")
        elif (width := _width(character)) == 0:
            if cells:
                cells[-1] += character
        else:
            cells += [character, ""][:width]
    starts.append(len(cells))
    return cells, starts


def cut(cells: list[str], first: int, last: int, room: int) -> tuple[str, int]:
    """Return the part of a line that fits and shows cells `first` to `last`, and how far it was shifted to the left."""
    shift = 0
    prefix = ""
    if len(cells) > room and last > room:
        shift = max(0, first - CONTEXT - len(CUT))
        prefix = CUT if shift else ""
    kept = cells[shift + len(prefix) :]
    if len(prefix) + len(kept) > room:
        kept = [*kept[: max(room - len(prefix) - len(CUT), 0)], CUT]
    return prefix + "".join(kept), shift
