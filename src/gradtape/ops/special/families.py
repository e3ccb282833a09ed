"""Families that are closed under differentiation because each argument counts its own derivatives.

`slopes("jv_slope", "v, z")` adds a row `jv_slope(v, z, i=0, j=0)`, the i-th derivative in `v` and the j-th in `z` of a
function whose kernel can give all of them; so its rules need no formula, only one more.
"""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.ops.domains import REAL, Domain
from gradtape.ops.model import Partial
from gradtape.ops.registry import op

if TYPE_CHECKING:
    from gradtape.ops.domains import Case
    from gradtape.ops.model import Op

ORDERS = "ijkl"


def slopes(
    name: str,
    arguments: str,
    domain: Domain | tuple[Domain, ...] = REAL,
    cases: tuple[Case, ...] = (),
    room: str = "",
) -> Op:
    """Add the row of all partial derivatives of a function of two to four numbers.

    Parameters
    ----------
    name : str
        The row's name.
    arguments : str
        The names of its arrays, `"v, z"`.
    domain, cases
        As for any row.
    room : str
        The module whose twin has the kernel; the caller's unless given.
    """
    names = arguments.split(", ")
    orders = ORDERS[: len(names)]
    defaults = (1, *(0,) * (len(names) - 1))
    call = ", ".join([arguments, *(f"{letter}={order}" for letter, order in zip(orders, defaults, strict=True))])
    rules: dict[str, Any] = {n: one_more(name, len(names), letter) for n, letter in zip(names, orders, strict=True)}
    room = room or _getframe(1).f_globals["__name__"]
    return op(name, call, numpy=None, domain=domain, cases=cases, room=room, **rules)


def one_more(name: str, arity: int, letter: str) -> Partial:
    """Make the rule that asks the same row for one derivative more in one of its arguments."""
    if arity == 2:
        return Partial(lambda xp, y, a, b, i, j: getattr(xp, name)(a, b, **raised(letter, i, j)))
    if arity == 3:
        return Partial(lambda xp, y, a, b, c, i, j, k: getattr(xp, name)(a, b, c, **raised(letter, i, j, k)))
    return Partial(lambda xp, y, a, b, c, d, i, j, k, l: getattr(xp, name)(a, b, c, d, **raised(letter, i, j, k, l)))


def raised(letter: str, *orders: int) -> dict[str, int]:
    """Return the orders by name, the named one raised by 1."""
    return {name: order + (name == letter) for name, order in zip(ORDERS, orders, strict=False)}


def woven(g: Any, *slopes_of: Any) -> Any:
    """Add up what several results send back to one argument: `slopes_of[k]()` is the derivative of the k-th."""
    parts = [g[k] * slope() for k, slope in enumerate(slopes_of) if g[k] is not None]
    return sum(parts[1:], parts[0])


def spread(rule: Any, arity: int) -> Any:
    """Write `rule(xp, g, y, values, params)` with a name for each array: the tape reads off them what to keep."""
    return {
        2: lambda xp, g, y, a, b, **params: rule(xp, g, y, (a, b), params),
        3: lambda xp, g, y, a, b, c, **params: rule(xp, g, y, (a, b, c), params),
        4: lambda xp, g, y, a, b, c, d, **params: rule(xp, g, y, (a, b, c, d), params),
        5: lambda xp, g, y, a, b, c, d, e, **params: rule(xp, g, y, (a, b, c, d, e), params),
    }[arity]
