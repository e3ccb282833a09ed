"""What a workload is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE = 1.6, 1.0
"""The aims, as multiples of the time of hand-written NumPy: where overhead is what costs, and where numbers are."""


@dataclass(frozen=True)
class Workload:
    """One program to differentiate.

    Parameters
    ----------
    name : str
        What the table calls it.
    make : callable
        `make(rng)` gives the arrays to differentiate with respect to, and a dict of constants.
    program : callable
        `program(xp, inputs, data)`, written for a namespace that spells what libraries call differently.
    by_hand : callable
        `by_hand(inputs, data)`: the same in plain NumPy with the derivative written out; a tuple like `inputs`.
    kind : str
        "gradient" of a scalar program; the "jacobian" of a vector; "hvp", the product of the Hessian with `data["v"]`;
        "second", the second derivative of an elementwise program.
    aim : float
        How much longer than by hand it may take.
    rtol : float
        How far results may differ, relative to their largest element.
    """

    name: str
    make: Callable[[np.random.Generator], tuple[tuple[np.ndarray, ...], dict[str, Any]]]
    program: Callable[[Any, Any, Any], Any]
    by_hand: Callable[[Any, Any], tuple[np.ndarray, ...]]
    kind: str = "gradient"
    aim: float = SMALL
    rtol: float = 1e-3

    def made(self) -> tuple[tuple[np.ndarray, ...], dict[str, Any]]:
        """Make the inputs and constants: the same ones in every process."""
        return self.make(np.random.default_rng(8))


def float32(*arrays: np.ndarray) -> tuple[np.ndarray, ...]:
    """Give arrays the dtype that networks use."""
    return tuple(np.asarray(a, np.float32) for a in arrays)
