"""Rows of the noncentral distribution functions and of what SciPy solves them for, in all arguments.

The derivatives are central differences of SciPy's values (`chndtr_slope` and so on): as good as those, less what
`stencils` says. An inverse moves with its other arguments so that the value stays (the implicit function theorem).
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.model import NotYet, Partial
from gradtape.ops.registry import op
from gradtape.ops.special.families import ORDERS, slopes
from gradtape.ops.special.incomplete import few

SHIFT = Domain(0.5, 2.0)
DEGREES = Domain(1.5, 4.0)
PLACE = Domain(0.8, 4.0)
SHARE = Domain(0.3, 0.7)


def slope_in(xp: Any, name: str, place: int, values: Any) -> Any:
    """Return the slope of a distribution function in one of its arguments."""
    orders = {letter: int(k == place) for k, letter in enumerate(ORDERS[: len(values)])}
    return getattr(xp, f"{name}_slope")(*values, **orders)


def forward(name: str, arguments: str, domain: tuple[Domain, ...], cases: Any) -> None:
    """Add a distribution function and the row of its derivatives."""
    names = arguments.split(", ")
    rules: dict[str, Any] = {n: straight(name, len(names), k) for k, n in enumerate(names)}
    op(name, arguments, scipy=f"special.{name}", domain=domain, cases=cases, **rules)
    slopes(f"{name}_slope", arguments, domain, cases, room=__name__)


def straight(name: str, arity: int, k: int) -> Partial:
    """Make the rule of one argument of a distribution function."""
    if arity == 3:
        return Partial(lambda xp, y, a, b, c: slope_in(xp, name, k, (a, b, c)))
    return Partial(lambda xp, y, a, b, c, d: slope_in(xp, name, k, (a, b, c, d)))


def inverse(name: str, of: str, arguments: str, domain: tuple[Domain, ...], cases: Any) -> None:
    """Add the function that solves `of` for the argument in whose place the call has the probability `p`."""
    names = arguments.split(", ")
    solved = names.index("p")
    rules: dict[str, Any] = {n: upside_down(of, len(names), k, solved) for k, n in enumerate(names)}
    op(name, arguments, scipy=f"special.{name}", domain=domain, cases=cases, **rules)


def upside_down(of: str, arity: int, k: int, solved: int) -> Partial:
    """Make the rule of one argument of an inverse."""
    if arity == 3:
        return Partial(lambda xp, y, a, b, c: implicit(xp, of, k, solved, y, (a, b, c)))
    return Partial(lambda xp, y, a, b, c, d: implicit(xp, of, k, solved, y, (a, b, c, d)))


def implicit(xp: Any, of: str, k: int, solved: int, y: Any, values: tuple[Any, ...]) -> Any:
    """Return the slope of an inverse in its k-th argument; `y` stands in the place that is solved for."""
    places = (*values[:solved], y, *values[solved + 1 :])
    down = slope_in(xp, of, solved, places)
    return 1.0 / down if k == solved else -slope_in(xp, of, k, places) / down


CHI = (PLACE, DEGREES, SHIFT)
FISHER = (DEGREES, DEGREES, SHIFT, PLACE)
STUDENT = (DEGREES, SHIFT, PLACE)
THREE = few(1.7, 1.9, 0.9)
FOUR = (case((2, 3), (3,), (2, 1), ()), case((), (), (), ()), case([2.1], [3.3], [0.8], [1.7]))


def places(domains: tuple[Domain, ...], solved: int) -> tuple[Domain, ...]:
    """Return the domains with a probability in one place."""
    return (*domains[:solved], SHARE, *domains[solved + 1 :])


forward("chndtr", "x, df, nc", CHI, THREE)
inverse("chndtrix", "chndtr", "p, df, nc", places(CHI, 0), few(0.5, 1.9, 0.9))
inverse("chndtridf", "chndtr", "x, p, nc", (Domain(3.0, 5.0), SHARE, SHIFT), few(3.5, 0.5, 0.9))
inverse("chndtrinc", "chndtr", "x, df, p", (Domain(5.0, 6.0), Domain(2.0, 3.0), SHARE), few(5.5, 2.1, 0.5))
forward("ncfdtr", "dfn, dfd, nc, f", FISHER, FOUR)
POINT = (case((), (), (), ()), case([2.1], [3.3], [0.8], [0.5]))
inverse("ncfdtri", "ncfdtr", "dfn, dfd, nc, p", places(FISHER, 3), POINT)
forward("nctdtr", "df, nc, t", STUDENT, THREE)
inverse("nctdtrit", "nctdtr", "df, nc, p", places(STUDENT, 2), few(1.9, 0.9, 0.5))
inverse("nctdtrinc", "nctdtr", "df, p, t", places(STUDENT, 1), few(1.9, 0.5, 1.7))
NEAR = (Domain(0.58, 0.62), Domain(1.15, 1.25), Domain(1.75, 1.85))
inverse("nctdtridf", "nctdtr", "p, nc, t", NEAR, few(0.6, 1.2, 1.8))


def rough(name: str, arguments: str, point: tuple[float, ...]) -> None:
    """Add a function that SciPy solves for by iteration, to eight digits: no rule could be checked against that."""
    status = NotYet("has no derivative here yet: SciPy finds its value by iteration, to too few digits to check a rule")
    rules: dict[str, Any] = dict.fromkeys(arguments.split(", "), status)
    cases = (case(*([number] for number in point)),)
    op(name, arguments, scipy=f"special.{name}", elementwise=True, cases=cases, **rules)


rough("ncfdtridfd", "dfn, p, nc, f", (3.0, 0.4, 1.2, 1.0))
rough("ncfdtridfn", "p, dfd, nc, f", (0.2, 5.0, 0.8, 0.3))
rough("ncfdtrinc", "dfn, dfd, p, f", (3.0, 5.0, 0.3, 1.1))
