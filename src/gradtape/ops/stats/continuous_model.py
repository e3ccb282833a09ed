"""How a continuous distribution becomes composites: written once on the standard line, shifted and scaled here.

A distribution is given for location 0 and scale 1: the logarithm of its density, its distribution function, and, where
a more accurate formula exists, the survival function, their logarithms and inverses. Outside its support the density is
0 and the distribution function 0 or 1, with derivative 0; for parameters outside their range everything is NaN, as in
SciPy. The formulas are evaluated inside the support only, so that no NaN from outside reaches a derivative.
"""

from __future__ import annotations

from dataclasses import dataclass
from inspect import Parameter, Signature
from math import inf, nan
from typing import TYPE_CHECKING, Any

from gradtape.ops.registry import composite

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Distribution:
    """One distribution on the standard line; every formula takes `(xp, z, *shapes)`.

    `low` and `high` are the ends of the support, numbers or functions of `(xp, *shapes)`; `inside` is a point that is
    in it whatever the shapes are, or such a function; `free` names the shapes that may be negative.
    """

    name: str
    shapes: tuple[str, ...]
    logpdf: Callable[..., Any]
    cdf: Callable[..., Any] | None = None
    sf: Callable[..., Any] | None = None
    logcdf: Callable[..., Any] | None = None
    logsf: Callable[..., Any] | None = None
    ppf: Callable[..., Any] | None = None
    isf: Callable[..., Any] | None = None
    entropy: Callable[..., Any] | None = None
    low: Any = -inf
    high: Any = inf
    inside: Any = 0.5
    free: tuple[str, ...] = ()


def distribution(name: str, shapes: str, **formulas: Any) -> None:
    """Add the composites of a distribution: `norm_pdf` for `scipy.stats.norm.pdf`, and so on."""
    made = Distribution(name, tuple(filter(None, shapes.split(", "))), **formulas)
    for method, function in methods_of(made).items():
        composite(f"{name}_{method}", bound(made, function), scipy=f"stats.{name}.{method}")


def bound(made: Distribution, function: Callable[..., Any]) -> Callable[..., Any]:
    """Give a method SciPy's signature: `(x, *shapes, loc=0, scale=1)`, each also by its name."""
    first = {entropy: (), ppf: ("q",), isf: ("q",)}.get(function, ("x",))
    order = sorted_arguments((*first, *made.shapes), {"loc": 0.0, "scale": 1.0})
    return lambda xp, *args, **named: function(xp, made, *order(*args, **named))


def sorted_arguments(names: tuple[str, ...], defaults: dict[str, Any]) -> Callable[..., tuple[Any, ...]]:
    """Make the function that puts a call's arguments in order, as Python would for a function with these names."""
    kinds = [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD) for n in names]
    kinds += [Parameter(n, Parameter.POSITIONAL_OR_KEYWORD, default=d) for n, d in defaults.items()]
    signature = Signature(kinds)

    def order(*args: Any, **named: Any) -> tuple[Any, ...]:
        found = signature.bind(*args, **named)
        found.apply_defaults()
        return tuple(found.arguments.values())

    return order


def methods_of(made: Distribution) -> dict[str, Callable[..., Any]]:
    """Return the methods that the given formulas suffice for."""
    methods: dict[str, Callable[..., Any]] = {"logpdf": logpdf, "pdf": pdf}
    if made.cdf is not None:
        methods |= {"cdf": cdf, "sf": sf, "logcdf": logcdf, "logsf": logsf}
    if made.ppf is not None:
        methods |= {"ppf": ppf, "isf": isf}
    if made.entropy is not None:
        methods["entropy"] = entropy
    return methods


def standardised(xp: Any, made: Distribution, x: Any, args: tuple[Any, ...]) -> tuple[Any, Any, Any, Any]:
    """Return a point inside the support for every element, and where elements are below it, above it, and valid."""
    *shapes, loc, scale = args
    z = (xp.shaped(x) - loc) / scale
    low, high, safe = (end(xp, *shapes) if callable(end) else end for end in (made.low, made.high, made.inside))
    below = xp.logical_or(xp.less(z, low), xp.equal(z, -inf))
    above = xp.logical_or(xp.greater(z, high), xp.equal(z, inf))
    return xp.where(xp.logical_or(below, above), safe, z), below, above, valid(xp, made, args)


def valid(xp: Any, made: Distribution, args: tuple[Any, ...]) -> Any:
    """Return where scale and shapes are in their ranges."""
    *shapes, _, scale = args
    good = xp.greater(scale, 0.0)
    for shape_name, value in zip(made.shapes, shapes, strict=True):
        if shape_name not in made.free:
            good = xp.logical_and(good, xp.greater(value, 0.0))
    return good


def choose(xp: Any, good: Any, below: Any, above: Any, values: tuple[Any, Any, Any]) -> Any:
    """Choose between the value below, inside and above the support; NaN where a parameter is out of its range."""
    under, middle, over = values
    return xp.where(good, xp.where(below, under, xp.where(above, over, middle)), nan)


def logpdf(xp: Any, made: Distribution, x: Any, *args: Any) -> Any:
    """Return the logarithm of the density."""
    z, below, above, good = standardised(xp, made, x, args)
    inside = made.logpdf(xp, z, *args[:-2]) - xp.log(xp.where(good, args[-1], 1.0))
    return choose(xp, good, below, above, (-inf, inside, -inf))


def pdf(xp: Any, made: Distribution, x: Any, *args: Any) -> Any:
    """Return the density."""
    return xp.exp(logpdf(xp, made, x, *args))


def cdf(xp: Any, made: Distribution, x: Any, *args: Any) -> Any:
    """Return the distribution function."""
    z, below, above, good = standardised(xp, made, x, args)
    return choose(xp, good, below, above, (0.0, made.cdf(xp, z, *args[:-2]), 1.0))  # type: ignore[misc]


def sf(xp: Any, made: Distribution, x: Any, *args: Any) -> Any:
    """Return the survival function."""
    z, below, above, good = standardised(xp, made, x, args)
    inside = made.sf(xp, z, *args[:-2]) if made.sf else 1.0 - made.cdf(xp, z, *args[:-2])  # type: ignore[misc]
    return choose(xp, good, below, above, (1.0, inside, 0.0))


def logcdf(xp: Any, made: Distribution, x: Any, *args: Any) -> Any:
    """Return the logarithm of the distribution function."""
    z, below, above, good = standardised(xp, made, x, args)
    inside = (
        made.logcdf(xp, z, *args[:-2]) if made.logcdf else xp.log(made.cdf(xp, z, *args[:-2]))  # type: ignore[misc]
    )
    return choose(xp, good, below, above, (-inf, inside, 0.0))


def logsf(xp: Any, made: Distribution, x: Any, *args: Any) -> Any:
    """Return the logarithm of the survival function."""
    z, below, above, good = standardised(xp, made, x, args)
    if made.logsf:
        inside = made.logsf(xp, z, *args[:-2])
    elif made.sf:
        inside = xp.log(made.sf(xp, z, *args[:-2]))
    else:
        inside = xp.log1p(-made.cdf(xp, z, *args[:-2]))  # type: ignore[misc]
    return choose(xp, good, below, above, (0.0, inside, -inf))


def quantile(
    xp: Any, made: Distribution, q: Any, args: tuple[Any, ...], inverse: Callable[..., Any], *, down: bool
) -> Any:
    """Return where the distribution (`down`: the survival) function is `q`: the ends of the support at 0 and 1."""
    *shapes, loc, scale = args
    q = xp.shaped(q)
    low, high = (end(xp, *shapes) if callable(end) else end for end in (made.low, made.high))
    proper = xp.logical_and(xp.greater(q, 0.0), xp.less(q, 1.0))
    z = inverse(xp, xp.where(proper, q, 0.5), *shapes)
    at_zero, at_one = (high, low) if down else (low, high)
    ends = xp.where(xp.equal(q, 0.0), at_zero, xp.where(xp.equal(q, 1.0), at_one, nan))
    return xp.where(valid(xp, made, args), xp.where(proper, z, ends) * scale + loc, nan)


def ppf(xp: Any, made: Distribution, q: Any, *args: Any) -> Any:
    """Return the quantile function."""
    return quantile(xp, made, q, args, made.ppf, down=False)  # type: ignore[arg-type]


def isf(xp: Any, made: Distribution, q: Any, *args: Any) -> Any:
    """Return the inverse of the survival function."""
    if made.isf:
        return quantile(xp, made, q, args, made.isf, down=True)

    def mirrored(xp: Any, q: Any, *shapes: Any) -> Any:
        return made.ppf(xp, 1.0 - q, *shapes)  # type: ignore[misc]

    return quantile(xp, made, q, args, mirrored, down=True)


def entropy(xp: Any, made: Distribution, *args: Any) -> Any:
    """Return the differential entropy."""
    good = valid(xp, made, args)
    inside = made.entropy(xp, *args[:-2]) + xp.log(xp.where(good, args[-1], 1.0))  # type: ignore[misc]
    return xp.where(good, inside, nan)
