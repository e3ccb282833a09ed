"""What the functions with SciPy's signatures share: the check for finite numbers, triangles, vectors as columns."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import HERMITIAN, case
from gradtape.ops.linalg_tools import as_column, hermitian_part, turned
from gradtape.ops.model import General, Linear, NoTangent, Unsupported
from gradtape.ops.registry import op

op("checked_finite", "a", numpy=None, a=Linear(lambda xp, g, y, a: g), cases=(case((2, 3)),))
op(
    "mirrored",
    "a, lower=False, conjugate=True",
    numpy=None,
    domain=HERMITIAN,
    cases=(case((3, 3)), case((3, 3), lower=True), case((2, 2, 2))),
    a=General(lambda xp, g, y, a, lower, conjugate: hermitian_part(xp, g) if conjugate else 0.5 * (g + turned(xp, g))),
)
op(
    "order_of_exchanges",
    "exchanges, rows",
    numpy=None,
    exchanges=NoTangent("names rows, and positions are integers"),
    cases=(case([2, 2, 2], rows=3),),
)


def entered(xp: Any, a: Any, check_finite: bool = True) -> Any:
    """Take an argument in: as an array, and without infinities and NaN if that is to be checked."""
    a = xp.shaped(a)
    return xp.checked_finite(a) if check_finite else a


def refused(what: str, **given: Any) -> None:
    """Refuse arguments that the table has no place for, where they are not what is said here."""
    for name, value in given.items():
        if value:
            raise Unsupported(f"{what} has no place for {name}={value!r} here")


def with_columns(xp: Any, function: Any, b: Any, vector: bool) -> Any:
    """Apply a function of matrices to one vector as to a column."""
    if not vector:
        return function(b)
    x = function(as_column(xp, b))
    return xp.reshape(x, shape=x.shape[:-1])
