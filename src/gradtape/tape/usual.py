"""The usual question in few steps: one target, variables or tensors as they are, float32 or float64, one tape.

It is the same question as any other (`query.py`), which has an answer for every source, and nothing that anybody has to
be told of. Both ends stand here and, compiled, in the core; what they cannot answer is asked again there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.core import CORE
from gradtape.arrays.dispatch import new
from gradtape.arrays.record import EventKind, next_id, note_events
from gradtape.arrays.tensor import Tensor
from gradtape.arrays.variable import Variable
from gradtape.tape.oddness import is_odd

if TYPE_CHECKING:
    from types import FrameType

    from gradtape.arrays.record import Recording

USUAL = (np.dtype(np.float32), np.dtype(np.float64))
OURS = (Tensor, Variable)
ONE = {dtype: dtype.type(1) for dtype in USUAL}


def prepared(recording: Recording, target: Any, sources: Any) -> tuple[set[int], dict[int, Any]] | None:
    """Return the ids of the sources and the seeds by id; None if the question is not the usual one."""
    if recording.late or type(target) not in OURS or target._value.dtype not in USUAL:
        return None
    known = recording.known
    ids = set()
    for source in sources if type(sources) in {list, tuple} else (sources,):
        if type(source) not in OURS or source._id not in known or source._value.dtype not in USUAL:
            return None
        ids.add(source._id)
    value = target._value
    return ids, {target._id: np.ones(value.shape, value.dtype) if value.shape else ONE[value.dtype]}


def collected(found: dict[int, Any], seeds: dict[int, Any], target: Any, sources: Any, frame: FrameType) -> Any:
    """Return the answer in the form of the sources, and leave the events; None if something about it is not usual."""
    nodes = sources if type(sources) in {list, tuple} else (sources,)
    cotangents = [found.get(node._id, seeds.get(node._id)) for node in nodes]
    for node, cotangent in zip(nodes, cotangents, strict=True):
        if cotangent is None or cotangent.dtype != node._value.dtype or is_odd(cotangent):
            return None
    results = []
    for cotangent in cotangents:
        made = new(Tensor)  # without its __init__, as where records are written
        made._value = cotangent
        made._id = next_id()
        results.append(made)
    if results:
        note_events(EventKind.GRADIENT, [made._id for made in results], frame, (target._id,))
    return results if type(sources) is list else tuple(results) if type(sources) is tuple else results[0]


if CORE is not None:
    CORE.set_up("question", {"gradient": EventKind.GRADIENT, "is_odd": is_odd})
    prepared, collected = CORE.prepared, CORE.collected
