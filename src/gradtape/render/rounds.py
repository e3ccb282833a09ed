"""Finds the rounds of loops in a tape, so that thousands of equal operations can be shown as one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

FEWEST = 4
"""So many equal rounds are worth folding,"""
SAVED = 8
"""if folding hides so many rows."""
LENGTHS = (8, 64, 512, 1_000_000)
"""Rounds are looked for in the order of their lengths: what is inside a loop before the loop around it."""


class Fold(NamedTuple):
    """Rows `first` to `end` (exclusive) that may be hidden: `rounds` times what stands just before them.

    The first round and the last stay in view on both sides of the fold.
    """

    first: int
    end: int
    rounds: int


class _Item(NamedTuple):
    """A row, or a stretch of rows that was found to be rounds of a loop."""

    token: int
    first: int
    end: int


def find(keys: Sequence[Hashable]) -> list[Fold]:
    """Return the folds of a sequence of rows, outer ones before those inside them.

    Parameters
    ----------
    keys : sequence of hashable
        What makes two rows equal: the operation's name and its place in the source.

    Examples
    --------
    >>> find(["start", *["matmul", "add", "tanh"] * 100, "sum"])
    [Fold(first=4, end=298, rounds=98)]
    """
    numbers: dict[Hashable, int] = {}
    items = [_Item(numbers.setdefault(key, len(numbers)), row, row + 1) for row, key in enumerate(keys)]
    found: list[Fold] = []
    folds: list[Fold] | None
    for longest in LENGTHS:
        folds = None
        while folds is None or folds:
            items, folds = _shortened(items, numbers, longest)
            found += folds
    return sorted(found, key=lambda fold: (fold.first, -fold.end))


def _shortened(items: list[_Item], numbers: dict[Hashable, int], longest: int) -> tuple[list[_Item], list[Fold]]:
    """Replace every stretch of equal rounds of up to `longest` items by one item; the cost is linear in the items."""
    following = _next_equal(items)
    shorter: list[_Item] = []
    folds: list[Fold] = []
    tried: dict[int, int] = {}  # by the length of a round: up to where equality was followed in vain
    k = 0
    while k < len(items):
        period = following[k] - k
        if not 0 < period <= longest or k < tried.get(period, 0):
            shorter.append(items[k])
            k += 1
            continue
        end = k
        while end + period < len(items) and items[end].token == items[end + period].token:
            end += 1
        rounds = (end + period - k) // period
        last = k + (rounds - 1) * period
        if rounds < FEWEST or items[last - 1].end - items[k + period].first < SAVED:
            tried[period] = end
            shorter.append(items[k])
            k += 1
            continue
        folds.append(Fold(items[k + period].first, items[last - 1].end, rounds - 2))
        stop = k + rounds * period
        token = numbers.setdefault(("rounds", *(i.token for i in items[k : k + period])), len(numbers))
        shorter.append(_Item(token, items[k].first, items[stop - 1].end))
        k = stop
    return shorter, folds


def _next_equal(items: list[_Item]) -> list[int]:
    """Return for each item the position of the next one with the same token, 0 if there is none."""
    seen: dict[int, int] = {}
    following = [0] * len(items)
    for k in range(len(items) - 1, -1, -1):
        following[k] = seen.get(items[k].token, 0)
        seen[items[k].token] = k
    return following
