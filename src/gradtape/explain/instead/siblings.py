"""What the target was computed with in the place of a source that nobody reads: another leaf, of a kindred name.

A program makes `pos` and `fa_pos` of the same numbers before there is a graph, marks both, computes with one and asks
for the gradient in the other. No operation on record connects them; that nobody asks for the gradient which was turned
on is the reason to believe it.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradtape.explain.cause import Context


class Sibling(NamedTuple):
    """The leaves that are used instead, and what the program calls the first of them."""

    ids: frozenset[int]
    name: str


def used_sibling(context: Context) -> Sibling | None:
    """Return leaves that the target depends on, one by a kindred name, whose gradients nobody asks for."""
    source, run = context.source, context.run
    own = _words(source.name)
    if source.kind != "tensor" or not source.watched or not own or run.columns.readers(source.ids):
        return None
    if context.question.kind != "autograd.grad":  # which alone leaves leaves out that want a gradient
        return None
    asked = source.ids.union(*(end.ids for end in context.question.together))
    created = {event.value for event in run.events if event.kind == "create"}  # parameters
    others = (run.variables & context.before_target) - asked - created
    kindred = [value for value in sorted(others) if own < _words(run.names.get(value, ""))]
    return Sibling(frozenset(others), run.names[kindred[0]]) if kindred else None


def _words(name: str) -> set[str]:
    """Return the words of the last name in a path: those of `fa_pos` for `batch['fa_pos'][0]`."""
    names = re.findall(r"[A-Za-z]\w*", name)
    return set(filter(None, re.split(r"_|(?<=[a-z])(?=[A-Z])|\d+", names[-1]))) if names else set()
