"""Polynomials given by their coefficients, highest power first, as NumPy's `poly*` functions read them."""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import case
from gradtape.ops.model import General, Index, Unsupported
from gradtape.ops.registry import composite, op

op(
    "roots",
    "p",
    p=General(lambda xp, g, y, p: moved_roots(xp, g, y, p)),
    cases=(case([2.0, -3.0, 0.5, 0.1]), case([1.0, 0.5, 2.0])),
)


def moved_roots(xp: Any, g: Any, y: Any, p: Any) -> Any:
    """Return what flows to the coefficients: a root `r` moves by `-r**k / p'(r)` with the coefficient of power `k`.

    This is the derivative of `p(r) = 0`. A root that is there several times moves without bound, and gives infinities.
    """
    highest = p.shape[0] - 1
    powers = xp.vander(y, highest + 1)
    slopes = xp.polyval(xp.polyder(p), y)
    return xp.matmul(-g / slopes, powers)


def vander(xp: Any, x: Any, N: int | None = None, increasing: bool = False) -> Any:  # noqa: N803
    """Write the powers of each number in a row."""
    x = xp.shaped(x)
    if x.ndim != 1:
        raise ValueError("x must be a one-dimensional array or sequence.")
    n = x.shape[0] if N is None else N
    column = xp.reshape(x, shape=(-1, 1))
    powers = range(n) if increasing else range(n - 1, -1, -1)
    if not n:
        return xp.getitem(column, Index((slice(None), slice(0, 0))))
    return xp.concatenate([power_of(xp, column, k) for k in powers], axis=1)


def power_of(xp: Any, x: Any, k: int) -> Any:
    """Return a whole power, whose derivatives are right at zero, too."""
    return xp.ones_like(x) if k == 0 else x if k == 1 else xp.power(x, k)


def polyval(xp: Any, p: Any, x: Any) -> Any:
    """Evaluate a polynomial by Horner's scheme."""
    coefficients = as_vector(xp, p, "polyval")
    if hasattr(x, "coeffs"):
        raise Unsupported("polyval has no place for a poly1d as its argument here")
    x = xp.shaped(x)
    result = xp.zeros_like(x)
    for k in range(coefficients.shape[0]):
        result = result * x + xp.getitem(coefficients, Index(k))
    return result


def as_vector(xp: Any, a: Any, name: str) -> Any:
    """Return coefficients as a vector; NumPy's class of polynomials has no place here."""
    if hasattr(a, "coeffs"):
        raise Unsupported(f"{name} has no place for a poly1d here")
    return xp.atleast_1d(a)


def aligned(xp: Any, a: Any, b: Any, name: str) -> tuple[Any, Any]:
    """Return the coefficients of both, the shorter one behind zeros."""
    a, b = as_vector(xp, a, name), as_vector(xp, b, name)
    n = max(a.shape[0], b.shape[0])
    return tuple(xp.pad(v, pad_width=((n - v.shape[0], 0),), value=0) if v.shape[0] < n else v for v in (a, b))


def polyadd(xp: Any, a1: Any, a2: Any) -> Any:
    """Add two polynomials."""
    a, b = aligned(xp, a1, a2, "polyadd")
    return a + b


def polysub(xp: Any, a1: Any, a2: Any) -> Any:
    """Subtract two polynomials."""
    a, b = aligned(xp, a1, a2, "polysub")
    return a - b


def polymul(xp: Any, a1: Any, a2: Any) -> Any:
    """Multiply two polynomials; zeros in front are no part of them."""
    a, b = (without_leading_zeros(xp, as_vector(xp, v, "polymul")) for v in (a1, a2))
    return xp.convolve(a, b)


def without_leading_zeros(xp: Any, a: Any) -> Any:
    """Drop the zeros in front, but keep the last coefficient."""
    kept = xp.trim_zeros(a, "f")
    return kept if kept.size else xp.getitem(a, Index(slice(-1, None)))


def polydiv(xp: Any, u: Any, v: Any) -> tuple[Any, Any]:
    """Divide two polynomials: the quotient, and the rest without the zeros in front of it."""
    u, v = as_vector(xp, u, "polydiv") + 0.0, as_vector(xp, v, "polydiv") + 0.0
    m, n = u.shape[0] - 1, v.shape[0] - 1
    scale = 1.0 / xp.getitem(v, Index(0))
    rest, quotient = u, []
    for _ in range(m - n + 1):
        factor = scale * xp.getitem(rest, Index(0))
        quotient.append(factor)
        head = xp.getitem(rest, Index(slice(1, n + 1))) - factor * xp.getitem(v, Index(slice(1, None)))
        rest = xp.concatenate([head, xp.getitem(rest, Index(slice(n + 1, None)))], axis=0)
    whole = xp.stack(quotient, axis=0) if quotient else xp.getitem(u, Index(slice(0, 1))) * 0.0
    return whole, without_rounding(xp, rest) if rest.size else xp.getitem(whole, Index(slice(0, 1))) * 0.0


def without_rounding(xp: Any, rest: Any) -> Any:
    """Drop what is nearly zero in front of a rest, as NumPy does, but keep the last coefficient."""
    places = xp.places_inside(xp.logical_not(xp.isclose(rest, 0.0, rtol=1e-14)), trim="f", axis=0)
    return xp.take(rest, places, axis=0) if places.size else xp.getitem(rest, Index(slice(-1, None)))


def polyder(xp: Any, p: Any, m: int = 1) -> Any:
    """Differentiate a polynomial `m` times."""
    p = as_vector(xp, p, "polyder")
    for _ in range(m):
        n = p.shape[0] - 1
        p = xp.getitem(p, Index(slice(0, -1))) * xp.cast(list(range(n, 0, -1)), dtype=p.dtype)
    return p


def polyint(xp: Any, p: Any, m: int = 1, k: Any = None) -> Any:
    """Integrate a polynomial `m` times, with one constant for each time."""
    p = as_vector(xp, p, "polyint")
    constants = None if k is None else xp.atleast_1d(k)
    for place in range(m):
        n = p.shape[0]
        one = xp.zeros_like(p, shape=(1,))
        if constants is not None:
            which = place if constants.shape[0] > 1 else 0
            one = one + xp.getitem(constants, Index(slice(which, which + 1)))
        p = p / xp.cast(list(range(n, 0, -1)), dtype=p.dtype) if n else p
        p = xp.concatenate([p, one], axis=0)
    return p


def poly(xp: Any, seq_of_zeros: Any) -> Any:
    """Return the polynomial with these roots, or the characteristic one of a matrix."""
    roots = xp.atleast_1d(seq_of_zeros) + 0.0
    if roots.ndim == 2:
        roots = xp.eigvals(roots)
    if not roots.size:
        return xp.constant(1.0)
    result = xp.ones_like(roots, shape=(1,))
    for k in range(roots.shape[0]):
        root = xp.getitem(roots, Index(slice(k, k + 1)))
        result = xp.convolve(result, xp.concatenate([xp.ones_like(root), -root], axis=0))
    if result.dtype.kind == "c" and bool(xp.all(xp.equal(xp.sort(roots), xp.sort(xp.conjugate(roots))))):
        return xp.real(result)  # the roots come in pairs, so what is imaginary is rounding
    return result


def polyfit(
    xp: Any, x: Any, y: Any, deg: int, rcond: float | None = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    """Fit a polynomial by least squares; the places, the heights and the weights have a derivative."""
    if not isinstance(deg, int):
        raise Unsupported("polyfit wants a number as the degree here")
    x, y = xp.shaped(x) + 0.0, xp.shaped(y) + 0.0
    order = deg + 1
    cutoff = x.shape[0] * (2.0**-23 if x.dtype.itemsize == 4 else 2.0**-52) if rcond is None else rcond
    left = vander(xp, x, order)
    if w is not None:
        w = xp.shaped(w) + 0.0
        left = left * xp.expand_dims(w, 1)
        y = y * (xp.expand_dims(w, 1) if y.ndim == 2 else w)
    scale = xp.sqrt(xp.sum(left * left, axis=0))
    scaled = left / scale
    found, rest, rank, singular = xp.lstsq(scaled, y, rcond=cutoff)
    found = found / (xp.expand_dims(scale, 1) if y.ndim == 2 else scale)
    if full:
        return found, rest, rank, singular, cutoff
    if not cov:
        return found
    spread = xp.inv(xp.matmul(xp.matrix_transpose(scaled), scaled)) / xp.outer(scale, scale)
    if cov != "unscaled":
        if x.shape[0] <= order:
            raise ValueError("the number of data points must exceed order to scale the covariance matrix")
        rest = rest / (x.shape[0] - order)
    else:
        rest = xp.ones_like(rest)
    if y.ndim == 1:
        return found, spread * rest
    return found, xp.expand_dims(spread, -1) * rest


composite("vander", vander)
composite("polyval", polyval)
composite("polyadd", polyadd)
composite("polysub", polysub)
composite("polymul", polymul)
composite("polydiv", polydiv)
composite("polyder", polyder)
composite("polyint", polyint)
composite("poly", poly)
composite("polyfit", polyfit)
