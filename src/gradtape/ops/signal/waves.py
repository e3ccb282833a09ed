"""The row of the rectangular wave."""

from __future__ import annotations

from gradtape.ops.domains import AWAY_FROM_INTEGERS, Domain, case
from gradtape.ops.model import Zero
from gradtape.ops.registry import composite, op

STEP = Zero("is constant between its jumps")
op(
    "square_wave",
    "t, duty",
    numpy=None,
    t=STEP,
    duty=STEP,
    elementwise=True,
    domain=(AWAY_FROM_INTEGERS, Domain(0.2, 0.8)),
    cases=(case((2, 3), 0.4),),
)
composite("scipy_square", lambda xp, t, duty=0.5: xp.square_wave(t, duty), scipy="signal.square")
