"""A copy of the source that learned by itself before the target was computed with it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Operation


class Stepped(NamedTuple):
    """What made a copy, and the ids that the copy has had since."""

    copied: Operation
    ids: frozenset[int]


def stepped_copy(context: Context) -> Stepped | None:
    """Return the copy of the source that the target depends on after steps of its own; such steps are no ways."""
    columns = context.run.columns
    for number in columns.readers(context.source.ids):
        copied = columns[number]
        if not any(b.kind is BreakKind.COPIED for breaks in copied.breaks for b in breaks):
            continue
        ids = {copied.output}
        for event in context.run.events:  # in their order
            if event.kind == "write" and event.detail in ids:
                ids.add(event.value)
        if not ids.isdisjoint(context.before_target):
            return Stepped(copied, frozenset(ids))
    return None
