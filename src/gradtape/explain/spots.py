"""Where numbers got lost: what causes of NUMBERS are asked about."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from gradtape.explain.graph import Operation
    from gradtape.explain.pulls import Pull


class Trouble(StrEnum):
    """What happened at a spot."""

    DATA = "data"
    """A value was infinite or not a number before anything was computed from it."""
    FORWARD = "forward"
    """An operation made something infinite or NaN from numbers, and the target is that too."""
    BACKWARD = "backward"
    """Something finite came back to an operation, and what it gave is not."""
    ZERO = "zero"
    """Something came back to an operation, and it gave nothing but zeros."""
    CONSTANT = "constant"
    """The ways from the source to a value cancel each other, whatever the numbers are."""
    CANCELLED = "cancelled"
    """What came back on several ways adds up to zero at these numbers."""
    SMALL = "small"
    LARGE = "large"
    """The gradient is too small or too large to be of use; the spot is where most of it was made."""


class Spot(NamedTuple):
    """One place on the way, with what was seen there.

    Parameters
    ----------
    trouble : Trouble
    operation : Operation or None
        None only for DATA.
    pull : Pull or None
        The step of the backward pass, where there is one.
    value : int
        The id of the value, for DATA and CANCELLED.
    times : int
        How often it happened at the same expression.
    whole : bool
        For CANCELLED: whether all of the ways lead through one expression, the parts of one function.
    factor : float
        For SMALL and LARGE: by how much all of that changed the size.
    """

    trouble: Trouble
    operation: Operation | None
    pull: Pull | None = None
    value: int = 0
    times: int = 1
    whole: bool = False
    factor: float = 1.0
