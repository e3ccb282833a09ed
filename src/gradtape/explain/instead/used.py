"""What a target depends on in the place of the source that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradtape.diagnostics import Span


class Used(NamedTuple):
    """What the target depends on instead of the source: its ids, and how to tell it."""

    ids: frozenset[int]
    at: Span | None
    label: str
    labels: tuple[tuple[Span | None, str], ...]
    help: str
    doubt: str = ""
