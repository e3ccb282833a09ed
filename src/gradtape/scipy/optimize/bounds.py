"""Bounds of unknowns: SciPy's forms, a structure like the start's, and which components end at one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import scipy.optimize

from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.errors import ShapeError
from gradtape.scipy._values import xp
from gradtape.scipy.optimize.evaluations import plain_leaf
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from types import FrameType

    from gradtape.scipy.optimize.unknowns import Unknowns


NEAR = 1e-2
"""How near a bound must be to hold a component or a constraint; methods of interior points end inside."""

STRENGTH = 1e-5
"""How strongly a bound must hold, relative to the steepest slope: weaker ones are reached by chance."""


class Box:
    """The bounds of all components; `low` and `high` may be tensors, and then a solution moves with them.

    Parameters
    ----------
    given : None, pair of (low, high), scipy.optimize.Bounds or sequence of (low, high) per component
        `low` and `high` are numbers, vectors, or structures like the start's; None means no bound.
    unknowns : Unknowns
    frame : FrameType
    pairs : bool
        Whether one pair per component is a form at all.
    """

    def __init__(self, given: Any, unknowns: Unknowns, frame: FrameType, *, pairs: bool = True) -> None:
        self.unknowns, self.frame = unknowns, frame
        self.given = given is not None
        low: Any
        high: Any
        if given is None:
            low, high = -np.inf, np.inf
        elif hasattr(given, "lb"):
            low, high = given.lb, given.ub
        elif pairs and is_pairs(given, unknowns.vector.size):
            low = [-np.inf if a is None else a for a, _ in given]
            high = [np.inf if b is None else b for _, b in given]
        else:
            low, high = given
        self.low, self.high = self.flat(low, -np.inf), self.flat(high, np.inf)

    def flat(self, ends: Any, nowhere: float) -> Any:
        """Return ends as a flat vector, a tensor if there is one among them."""
        size = self.unknowns.vector.size
        if isinstance(ends, dict) or not (self.unknowns.alone or np.ndim(plain_leaf(ends)) == 0):
            leaves = [value for _, value in flatten(ends)]
            if len(leaves) == len(self.unknowns.starts):
                ends = [
                    xp.reshape(xp.broadcast_to(xp.shaped(nowhere if v is None else v), shape=s.shape), shape=(-1,))
                    for v, s in zip(leaves, self.unknowns.starts, strict=True)
                ]
                ends = xp.concatenate(ends)
                ends = ends if any(isinstance(leaf, Node) for leaf in leaves) else plain_leaf(ends)
        array = xp.shaped(nowhere if ends is None else ends)
        if array.ndim and array.shape != (size,):
            raise located(
                ShapeError,
                f"{self.unknowns.kind}: bounds of shape {array.shape} for {size} unknowns",
                self.frame,
                "give (low, high) for each unknown, or one pair of numbers, vectors or structures like the start",
            )
        whole = xp.broadcast_to(array, shape=(size,))
        moves = isinstance(ends, Node) or (isinstance(ends, list) and any(isinstance(e, Node) for e in ends))
        return whole if moves else np.array(plain_leaf(whole), np.float64)

    @property
    def plain(self) -> Any:
        """SciPy's form, None if there are no bounds."""
        return scipy.optimize.Bounds(plain_leaf(self.low), plain_leaf(self.high)) if self.given else None

    @property
    def pair(self) -> tuple[Any, Any]:
        """The plain vectors."""
        return plain_leaf(self.low), plain_leaf(self.high)

    def at_ends(self, x: Any, slope: Any) -> tuple[Any, Any]:
        """Return which components are held by the low end, and which by the high one; `slope` is the gradient.

        Some methods end a little inside: such a component is held if its slope pushes it on.
        """
        low, high = self.pair
        push = STRENGTH * (1.0 + np.abs(slope).max(initial=0.0))
        at_low, at_high = (
            (gap <= 1e-12 * (1.0 + np.abs(x))) | ((gap <= NEAR * (1.0 + np.abs(x))) & (force > np.maximum(push, gap)))
            for gap, force in ((x - low, slope), (high - x, -slope))
        )
        return at_low, at_high

    def free(self, x: Any, slope: Any) -> list[int] | None:
        """Return the components that no bound holds; None for all."""
        if not self.given:
            return None
        at_low, at_high = self.at_ends(x, slope)
        return [int(k) for k in np.flatnonzero(~(at_low | at_high))]

    def base(self, x: Any, slope: Any) -> Any:
        """Return a solution whose components at a bound move with it; None if no bound is a tensor."""
        if not (isinstance(self.low, Node) or isinstance(self.high, Node)):
            return None
        at_low, at_high = self.at_ends(x, slope)
        found = xp.where(at_low, self.low, xp.where(at_high, self.high, x))
        return found - xp.stop_gradient(found) + x


def is_pairs(given: Any, size: int) -> bool:
    """Whether bounds come as one pair per component."""
    return len(given) == size and all(isinstance(p, list | tuple | np.ndarray) and len(p) == 2 for p in given)
