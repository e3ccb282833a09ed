"""Rows of the running extremes: which element is the largest (smallest) so far. The positions jump, the values move."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import NoTangent
from gradtape.ops.registry import composite, op

PLACE = NoTangent("answers with positions, and positions are integers")
ALONG = (case((2, 3)), case((2, 4), axis=0), case((0, 3), axis=0), case((5,)))

op("running_argmax", "a, axis=-1", numpy=None, a=PLACE, cases=ALONG)
op("running_argmin", "a, axis=-1", numpy=None, a=PLACE, cases=ALONG)


def running(xp: Any, a: Any, axis: int, places: Any) -> tuple[Any, Any]:
    """Return the extremes so far and where they stand: of equal elements, the first."""
    a = xp.shaped(a)
    where = places(xp.stop_gradient(a), axis=axis)
    return xp.take_along_axis(a, where, axis=axis), where


composite("cummax", lambda xp, a, axis=-1: running(xp, a, axis, xp.running_argmax), numpy=None)
composite("cummin", lambda xp, a, axis=-1: running(xp, a, axis, xp.running_argmin), numpy=None)
