"""The text of source files as it ran: of a file that was changed since, or never held what ran, nothing is shown."""

from __future__ import annotations
import __future__

import io
import linecache
import os
import sys
import tokenize
from itertools import islice
from types import CodeType
from typing import TYPE_CHECKING

from gradtape.diagnostics.sites import BEGAN

if TYPE_CHECKING:
    from collections.abc import Iterator

INHERITED = __future__.annotations.compiler_flag
"""What compiled code may have from the module that compiled it, without a word in the text."""

Stamp = tuple[int, int]
"""When a file was changed, and its size."""

Place = tuple[int | None, int | None, int | None, int | None]
"""Line, end line, column and end column, as code objects have them."""


class Text:
    """The lines of a file, and what they compile to."""

    def __init__(self, file: str, lines: list[str], stamp: Stamp | None) -> None:
        self.file = file
        self.lines = lines
        self.stamp = stamp
        self._made: dict[int, CodeType] = {}
        self._compiled: dict[int, frozenset[CodeType]] = {}

    def _codes(self, flags: int) -> frozenset[CodeType]:
        if flags not in self._compiled:
            try:
                module = compile("".join(self.lines), self.file, "exec", flags, dont_inherit=True)
            except (SyntaxError, ValueError):  # a cell with magics, a template
                return self._compiled.setdefault(flags, frozenset())
            self._compiled[flags] = frozenset(_all_codes(module))
        return self._compiled[flags]

    def holds(self, code: CodeType, lasti: int) -> bool:
        """Whether a code object was made from this text, or, after an import hook had a hand in it, may have been.

        A hook (pytest rewrites `assert`) leaves names and places as they are: then the text must have the running
        expression at its place, in a function of that name, and must not be younger than the run.
        """
        if self._made.get(id(code)) is code:
            return True
        codes = self._codes(code.co_flags & INHERITED)
        if code in codes:
            self._made[id(code)] = code
            return True
        if self.stamp is not None and self.stamp[0] > BEGAN:
            return False
        if not codes:  # nothing to compare with: notebooks and the like bring their own text
            return self.stamp is None
        place = place_of(code, lasti)
        return any(
            place in candidate.co_positions()
            for candidate in codes
            if (candidate.co_qualname, candidate.co_firstlineno) == (code.co_qualname, code.co_firstlineno)
        )


def _all_codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _all_codes(constant)


def place_of(code: CodeType, lasti: int) -> Place:
    """Return where the expression stands that an instruction belongs to; CPython counts columns in bytes, from 0."""
    number = max(lasti, 0) // 2
    if number < LONG:
        return next(islice(code.co_positions(), number, None), NOWHERE)
    known = _POSITIONS.get(id(code))
    if known is None or known[0] is not code:
        _POSITIONS.clear()
        known = _POSITIONS[id(code)] = (code, tuple(code.co_positions()))
    return known[1][number] if number < len(known[1]) else NOWHERE


NOWHERE: Place = (None, None, None, None)

LONG = 1000
"""So many instructions of a function are counted through each time."""

_POSITIONS: dict[int, tuple[CodeType, tuple[Place, ...]]] = {}
"""Of the long function that was asked for last, the places of all instructions."""


_TEXTS: dict[str, Text] = {}


def lines(file: str) -> list[str]:
    """Return the lines of a file with their ends; none where there is no source, or not the one that ran."""
    known = _TEXTS.get(file)
    return linecache.getlines(file) if known is None else known.lines


def keep(file: str, data: bytes) -> None:
    """Remember the text that a program is compiled from, whatever becomes of its file."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        lines = io.TextIOWrapper(io.BytesIO(data), encoding).readlines()
    except (SyntaxError, UnicodeDecodeError, LookupError):  # compiling it says what is wrong
        return
    _TEXTS[file] = Text(file, lines, _stamp(file))


def settle(file: str, code: CodeType, lasti: int) -> None:
    """Find the text that a code object was made from; forget what was known of its file if that is another."""
    known = _TEXTS.get(file)
    if known is not None and known.lines and known.holds(code, lasti):
        return
    stamp = _stamp(file)
    if known is not None and not known.lines and known.stamp == stamp:
        return
    linecache.checkcache(file)
    fresh = Text(file, linecache.getlines(file) or _from_loader(file), stamp)
    if not fresh.holds(code, lasti):
        fresh = Text(file, [], stamp)
    _TEXTS[file] = fresh


def _stamp(file: str) -> Stamp | None:
    try:
        found = os.stat(file)  # noqa: PTH116 - importing `pathlib` takes long, and this room is imported with the engine
    except (OSError, ValueError):
        return None
    return found.st_mtime_ns, found.st_size


def _from_loader(file: str) -> list[str]:
    """Ask the loader of the module that lies in a file, which may be a member of an archive."""
    for module in list(sys.modules.values()):
        if getattr(module, "__file__", None) == file:
            return linecache.getlines(file, vars(module))
    return []
