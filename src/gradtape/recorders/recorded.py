"""What a tape has recorded so far, as a graph in which nobody has asked anything yet."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain import graph
from gradtape.recorders.columns import name_of

if TYPE_CHECKING:
    from gradtape.arrays.record import Recording


def recorded(recording: Recording) -> graph.Run:
    """Return the operations of one tape, without what ran before it."""
    operations = [
        graph.Operation(
            record.output,
            name_of(record.op),
            record.inputs,
            record.output,
            record.site,
            ((),) * len(record.inputs),
            plumbing=record.op.plumbing,
        )
        for record in recording.records
    ]
    names = {id: variable.name for id, variable in recording.variables.items() if variable.name}
    return graph.Run(tuple(operations), (), None, variables=frozenset(recording.variables), names=names)
