"""Where the inputs of a row lie when its rules are tried, and the calls they are tried with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


class Domain:
    """Where an argument may be sampled in tests: an open interval, and points that a sample must stay away from.

    `hermitian` is for operations on symmetric matrices that read one triangle only: their gradient is symmetric, and is
    compared with differences along symmetric directions. `shift` is added to the diagonal of matrices, so many times
    their size: it makes them positive definite, or well-conditioned.
    """

    __slots__ = ("away_from_integers", "away_from_zero", "hermitian", "high", "low", "shift")

    def __init__(
        self,
        low: float = -2.0,
        high: float = 2.0,
        away_from_integers: bool = False,
        away_from_zero: bool = False,
        hermitian: bool = False,
        shift: float = 0.0,
    ) -> None:
        self.low = low
        self.high = high
        self.away_from_integers = away_from_integers
        self.away_from_zero = away_from_zero
        self.hermitian = hermitian
        self.shift = shift


REAL = Domain()
POSITIVE = Domain(0.2, 3.0)
UNIT = Domain(-0.9, 0.9)
ABOVE_ONE = Domain(1.2, 3.0)
NONZERO = Domain(away_from_zero=True)
AWAY_FROM_INTEGERS = Domain(-2.9, 2.9, away_from_integers=True, away_from_zero=True)
REGULAR = Domain(shift=1.5)
HERMITIAN = Domain(hermitian=True)
POSITIVE_DEFINITE = Domain(hermitian=True, shift=2.0)


class Case:
    """One call for the tests. A tuple of ints is the shape of a sampled array, anything else is passed as it is."""

    __slots__ = ("args", "params")

    def __init__(self, args: tuple[Any, ...], params: Mapping[str, Any] | None = None) -> None:
        self.args = args
        self.params: Mapping[str, Any] = {} if params is None else params

    def __repr__(self) -> str:
        return f"Case(args={self.args!r}, params={self.params!r})"


def case(*args: Any, **params: Any) -> Case:
    """Write a `Case` as the call that it stands for: `case((2, 3), axis=0)`."""
    return Case(args, params)
