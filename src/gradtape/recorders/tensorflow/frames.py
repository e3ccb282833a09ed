"""Where the user's program is: its frames, without those of TensorFlow, Keras and other installed packages."""

from __future__ import annotations

import ast
import dis
from types import CodeType
from typing import TYPE_CHECKING

from gradtape.arrays.frames import is_user_file
from gradtape.diagnostics import Site, syntax
from gradtape.recorders.tensorflow import rewritten

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

    from gradtape.diagnostics import Span

Place = tuple["CodeType", int]
"""A running instruction, as the hot path writes it; `Site` for those who read."""

MOST = 9
_IS_USERS: dict[int, tuple[bool, CodeType]] = {}
"""By the code object's address, which the second element keeps alive."""


def is_users(code: CodeType) -> bool:
    """Whether code is the user's own."""
    known = _IS_USERS.get(id(code))
    if known is None:
        known = _IS_USERS[id(code)] = (is_user_file(code.co_filename), code)
    return known[0]


def nearest(frame: FrameType | None) -> FrameType | None:
    """Return the user's nearest frame from a frame outwards."""
    while frame is not None and not is_users(frame.f_code):
        frame = frame.f_back
    return frame


def stack(frame: FrameType | None) -> tuple[Place, ...]:
    """Return the user's frames from a frame outwards, nearest first."""
    found: list[Place] = []
    known = _IS_USERS.get
    while frame is not None:
        code = frame.f_code
        users = known(id(code))
        if users[0] if users is not None else is_users(code):
            found.append((code, frame.f_lasti))
            if len(found) == MOST:
                break
        frame = frame.f_back
    return tuple(found)


def user_frame(frame: FrameType | None) -> FrameType | None:
    """Return the nearest of the user's frames."""
    while frame is not None and not is_users(frame.f_code):
        frame = frame.f_back
    return frame


def inside_framework(frame: FrameType | None, outer: FrameType) -> bool:
    """Whether code of TensorFlow's or Keras's runs between a frame and one around it."""
    while frame is not None and frame is not outer:
        if str(frame.f_globals.get("__name__", "")).startswith(FRAMEWORK):
            return True
        frame = frame.f_back
    return False


FRAMEWORK = ("keras.", "tensorflow.", "tf_keras.")


ORIGINS: dict[tuple[str, int], tuple[CodeType, int]] = {}
"""For each line of code that TensorFlow wrote, by file and line: the function that it was made from, and the line."""


def site(place: Place, word: str = "") -> Site:
    """Return a place as a site.

    One in code that TensorFlow wrote is the expression that it was made from: the one that reads the same, or the call
    of the function that goes by `word`; the whole statement where that is not clear.
    """
    code, lasti = place
    if not ORIGINS or GENERATED not in code.co_filename:
        return Site(code, lasti)
    key = (id(code), lasti, word)  # equal code objects may come from different files
    known = _FOUND.get(key)
    if known is None:
        known = _FOUND[key] = (_original(code, lasti, word), code)
    return known[0]


_FOUND: dict[tuple[int, int, str], tuple[Site, CodeType]] = {}
"""Sites in code that TensorFlow wrote, with that code, so that no other gets its identity."""


def sites(places: tuple[Place, ...]) -> tuple[Site, ...]:
    """Return places as sites."""
    return tuple(map(site, places))


GENERATED = "__autograph_generated"


class WholeStatement(Site):
    """A site of which only the statement is known: no expression in it is to be taken for what ran."""

    __slots__ = ()

    @property
    def span(self) -> Span:
        """The statement around the instruction."""
        place = Site(*self).span
        statement = syntax.statement_at(place)
        return place if statement is None else syntax.span_of(statement, place.file)


def _original(code: CodeType, lasti: int, word: str) -> Site:
    here = Site(code, lasti)
    function, line = ORIGINS.get((code.co_filename, here.span.line), (code, 0))
    expressions = list(_expressions(function, line)) if line else []
    if not expressions:
        return here
    largest = max(expressions, key=lambda e: (e.span.end_line - e.span.line, e.span.end_column - e.span.column))
    statement = syntax.statement_at(largest.span)
    if statement is None or hasattr(statement, "body"):
        return largest
    whole = syntax.span_of(statement, function.co_filename)
    inside = {e.span: e for e in _expressions(function, 0) if whole.contains(e.span)}
    text = rewritten.as_in_program(here.span)
    same = [e for span, e in inside.items() if text and _is_written(span, text)]
    named = same or [e for span, e in inside.items() if word and _calls(span, word)]
    return named[0] if len(named) == 1 else WholeStatement(*largest)


def _is_written(span: Span, text: str) -> bool:
    node = syntax.expression_at(span)
    return node is not None and syntax.span_of(node, span.file) == span and ast.unparse(node) == text


def _expressions(function: CodeType, line: int) -> Iterator[Site]:
    """Yield what runs in a function, of one line or, for 0, of all."""
    for own in _codes(function):
        for number, (first, last, start, end) in enumerate(own.co_positions()):
            name = dis.opname[own.co_code[2 * number]]
            here = first is not None and line in (0, first) and None not in (last, start, end)
            if here and not name.startswith(("RETURN", "STORE", "RESUME", "POP")):
                yield Site(own, 2 * number)


def _calls(span: Span, word: str) -> bool:
    """Whether an expression calls the function that an operation goes by: `tf.reduce_sum(x)` for `sum`."""
    node = syntax.expression_at(span)
    if not isinstance(node, ast.Call) or syntax.span_of(node, span.file) != span:
        return False
    return syntax.text_of(node.func).rpartition(".")[2].removeprefix("reduce_") == word


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)
