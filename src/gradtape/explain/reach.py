"""What depends on sources, found in one pass forwards for all of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import KeysView

    from gradtape.explain.graph import Run


class Reach:
    """What depends on each of several sources, breaks or not: one pass for all, with a bit for each source.

    If it is to be on ways that are `whole`, then without breaks.
    """

    def __init__(self, run: Run, sources: tuple[frozenset[int], ...], *, whole: bool = False) -> None:
        masks: dict[int, int] = {}
        for k, ids in enumerate(sources):
            for value in ids:
                masks[value] = masks.get(value, 0) | 1 << k
        columns, known, at = run.columns, masks.keys(), masks.get
        broken = columns.broken if whole else {}
        for number, inputs in enumerate(columns.inputs):
            if known.isdisjoint(inputs):
                continue
            mask = 0
            for value in inputs if number not in broken else columns.open_inputs(number):
                mask |= at(value, 0)
            if mask:
                output = columns.outputs[number]
                masks[output] = at(output, 0) | mask
        self._masks = masks

    def of(self, k: int) -> Reached:
        """Return what depends on the source `k`."""
        return Reached(self._masks, k)

    @property
    def of_any(self) -> KeysView[int]:
        """What depends on any of the sources."""
        return self._masks.keys()


class Reached(NamedTuple):
    """The values that depend on one source, itself included; ask with `in`."""

    masks: dict[int, int]
    k: int

    def __contains__(self, value: object) -> bool:
        return bool(self.masks.get(value, 0) >> self.k & 1)  # type: ignore[call-overload]
