"""Rows of Mathieu's functions and of the spheroidal wave functions (DLMF 28, 30): whole orders, real parameters.

All derivatives are central differences of SciPy's values (`..._slope`, which picks one of two results by `part`): as
good as those, less what `stencils` says. `pro_rad2` and
`pro_ang1_cv` have no row: SciPy's values are too rough to be differentiated.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.model import General, NoTangent
from gradtape.ops.registry import op
from gradtape.ops.special.families import ORDERS, spread, woven

WHOLE = NoTangent("takes whole numbers as orders")
STRENGTH = Domain(0.8, 2.0)
DEGREES = Domain(20.0, 60.0)
INSIDE = Domain(0.2, 0.7)
OUTSIDE = Domain(1.3, 2.0)


def wave(name: str, wholes: str, reals: str, places: tuple[Domain, ...], parts: int) -> None:
    """Add a function of whole orders and real numbers, and the row of its derivatives."""
    whole, real = wholes.split(", "), reals.split(", ")
    arity = len(whole) + len(real)
    letters = ORDERS[: len(real)]
    slope = f"{name}_slope"

    def first(k: int, xp: Any, g: Any, y: Any, values: Any, _params: Any) -> Any:
        orders = {letter: int(letter == letters[k]) for letter in letters}
        ask = partial(getattr(xp, slope), *values, **orders)
        return woven(g, *(partial(ask, part=part) for part in range(parts))) if parts else g * ask()

    def further(k: int, xp: Any, g: Any, y: Any, values: Any, params: Any) -> Any:
        return g * getattr(xp, slope)(*values, **{**params, letters[k]: params[letters[k]] + 1})

    statuses: dict[str, Any] = dict.fromkeys(whole, WHOLE)
    main: dict[str, Any] = {n: General(spread(partial(first, k), arity)) for k, n in enumerate(real)}
    more: dict[str, Any] = {n: General(spread(partial(further, k), arity)) for k, n in enumerate(real)}
    orders = ", ".join(f"{letter}={int(letter == letters[0])}" for letter in letters)
    degrees = [[1, 2, 2], [2, 2, 3]][: len(whole)]
    common: dict[str, Any] = {
        "elementwise": True,
        "domain": (*(STRENGTH for _ in whole), *places),
        "cases": (
            case(*degrees, (2, 3), *((3,) for _ in real[1:])),
            case(*([d[0]] for d in degrees), *(() for _ in real)),
        ),
    }
    arguments = f"{wholes}, {reals}"
    op(name, arguments, scipy=f"special.{name}", parts=parts, **common, **statuses, **main)
    op(slope, f"{arguments}, part=0, {orders}", numpy=None, **common, **statuses, **more)


wave("mathieu_a", "m", "q", (STRENGTH,), 0)
wave("mathieu_b", "m", "q", (STRENGTH,), 0)
for _name in ("cem", "sem"):
    wave(f"mathieu_{_name}", "m", "q, x", (STRENGTH, DEGREES), 2)
for _name in ("modcem1", "modcem2", "modsem1", "modsem2"):
    wave(f"mathieu_{_name}", "m", "q, x", (STRENGTH, INSIDE), 2)
for _kind, _radius in (("pro", OUTSIDE), ("obl", INSIDE)):
    wave(f"{_kind}_cv", "m, n", "c", (Domain(3.0, 4.0),), 0)
    for _name, _place in (("ang1", INSIDE), ("rad1", _radius), ("rad2", _radius)):
        if (_kind, _name) != ("pro", "rad2"):
            wave(f"{_kind}_{_name}", "m, n", "c, x", (STRENGTH, _place), 2)
            if (_kind, _name) != ("pro", "ang1"):
                wave(f"{_kind}_{_name}_cv", "m, n", "c, cv, x", (STRENGTH, Domain(4.0, 5.0), _place), 2)
