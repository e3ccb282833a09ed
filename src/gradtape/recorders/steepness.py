"""How large a gradient is, and which operation on its way has the largest derivative, from what the tape keeps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.explain.graph import Steepest
from gradtape.explain.search import shortest_route
from gradtape.ops import Partial
from gradtape.spaces.numpy_space import xp

if TYPE_CHECKING:
    from gradtape.explain.graph import Operation, Run
    from gradtape.tape.asked import Asked, Leaf

WORTH_A_LOOK = 1e6


def steepest(asked: Asked, run: Run, source: Leaf, result: Any) -> Steepest | None:
    """Measure a gradient; look for the largest factor only if it is large and the tape still has the values."""
    size = float(np.max(np.abs(result._value))) if result._value.size else 0.0
    if size < WORTH_A_LOOK or asked.recording is None or not asked.recording.saved:
        return Steepest(size)
    saved = {
        r.output: (r, s) for r, s in zip(asked.recording.records, asked.recording.saved, strict=True) if s is not None
    }
    route = shortest_route(run, {source.id}, {t.id for t in asked.targets if t.id}) or ()
    best: tuple[float, Operation | None] = (0.0, None)
    for link in route:
        kept = saved.get(link.operation.output)
        rule = kept[0].op.rules[link.position] if kept is not None and not kept[0].op.variadic else None
        if kept is None or not isinstance(rule, Partial):
            continue
        with np.errstate(all="ignore"):
            slope = float(np.max(np.abs(rule.fn(xp, *kept[1], **kept[0].params))))
        if slope > best[0]:
            best = (slope, link.operation)
    return Steepest(size, best[1], best[0])
