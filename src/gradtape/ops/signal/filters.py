"""Rows of recursive filters: one filter, its sensitivity to its coefficients, and what SciPy builds from it.

A filter solves `A y = B x`, where `A` and `B` are the lower triangular Toeplitz matrices of its coefficients. So
`dy = A^-1 (dB x + B dx - dA y)`: the transpose of a filter is the same filter run backwards in time, and the cotangents
of the coefficients are products of a signal filtered that way with the delayed input and output.
"""

from __future__ import annotations

from typing import Any

from gradtape.ops.domains import Domain, case
from gradtape.ops.fourier import fitted
from gradtape.ops.model import General, Index, Multilinear, Unsupported
from gradtape.ops.registry import composite, op

op(
    "recursive_filter",
    "b, a, x, axis=-1",
    numpy=None,
    b=Multilinear(
        lambda xp, g, y, b, a, x, axis: xp.lag_products(undone(xp, g, a, axis), x, count=b.shape[0], axis=axis)
    ),
    a=General(lambda xp, g, y, b, a, x, axis: -xp.lag_products(undone(xp, g, a, axis), y, count=a.shape[0], axis=axis)),
    x=Multilinear(
        lambda xp, g, y, b, a, x, axis: xp.flip(xp.recursive_filter(b, a, xp.flip(g, axis=axis), axis=axis), axis=axis)
    ),
    domain=(Domain(), Domain(1.0, 1.3), Domain()),
    cases=(
        case((3,), (2,), (6,)),
        case((1,), (3,), (2, 5)),
        case((2,), (3,), (5, 2), axis=0),
        case((4,), (2,), (3,)),
    ),
)
op(
    "lag_products",
    "u, x, count, axis=-1",
    numpy=None,
    u=Multilinear(lambda xp, g, y, u, x, count, axis: xp.recursive_filter(g, first_one(xp, g), x, axis=axis)),
    x=Multilinear(
        lambda xp, g, y, u, x, count, axis: xp.flip(
            xp.recursive_filter(g, first_one(xp, g), xp.flip(u, axis=axis), axis=axis), axis=axis
        )
    ),
    cases=(case((5,), (5,), count=3), case((2, 4), (2, 4), count=6), case((4, 2), (4, 2), count=3, axis=0)),
)


def first_one(xp: Any, a: Any) -> Any:
    """Return `[1]` in the dtype of the coefficients."""
    return xp.ones_like(xp.getitem(a, Index(slice(0, 1))))


def undone(xp: Any, g: Any, a: Any, axis: int) -> Any:
    """Return the transpose of the recursion alone."""
    back = xp.recursive_filter(first_one(xp, a), a, xp.flip(g, axis=axis), axis=axis)
    return xp.flip(back, axis=axis)


def coefficients(xp: Any, c: Any) -> Any:
    """Return a filter's coefficients as a vector.

    Raises
    ------
    ValueError
        If they are no vector.
    """
    c = xp.atleast_1d(xp.shaped(c))
    if c.ndim != 1:
        raise ValueError(f"the coefficients of a filter are one-dimensional, not {c.ndim}-dimensional")
    return c


def along(axis: int, ndim: int, start: int | None, stop: int | None, step: int | None = None) -> Index:
    """Write the brackets that cut one axis."""
    return Index((slice(None),) * (axis % ndim) + (slice(start, stop, step),))


def lfilter(xp: Any, b: Any, a: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """Filter along an axis; a state `zi` at the start is an input that enters behind the numerator."""
    b, a, x = coefficients(xp, b), coefficients(xp, a), xp.shaped(x)
    y = xp.recursive_filter(b, a, x, axis=axis)
    if zi is None:
        return y
    zi, order, n = xp.shaped(zi), max(b.shape[0], a.shape[0]) - 1, x.shape[axis]
    state_shape = tuple(order if k == axis % x.ndim else size for k, size in enumerate(x.shape))
    if zi.ndim != x.ndim or zi.shape[axis] != order:
        raise ValueError(f"zi has shape {zi.shape}, and this filter and signal want {state_shape}")
    zi = xp.broadcast_to(zi, shape=state_shape)
    first = xp.getitem(a, Index(slice(0, 1)))
    entered = fitted(xp, zi, axis, n)
    y = y + xp.recursive_filter(first, a, entered, axis=axis)
    return y, final_state(xp, b / first, a / first, x, y, zi, axis, order)


def final_state(xp: Any, b: Any, a: Any, x: Any, y: Any, zi: Any, axis: int, order: int) -> Any:
    """Return what a filter still holds after the last sample: what would come out if zeros went on in and out."""
    n = x.shape[axis]
    tail = min(order, n)
    quiet = first_one(xp, b)
    held = [
        xp.recursive_filter(
            c, quiet, fitted(xp, xp.getitem(s, along(axis, s.ndim, n - tail, None)), axis, tail + order), axis=axis
        )
        for c, s in ((b, x), (a, y))
    ]
    state = xp.getitem(held[0] - held[1], along(axis, x.ndim, tail, None))
    if n >= order:
        return state
    return state + fitted(xp, xp.getitem(zi, along(axis, zi.ndim, n, None)), axis, order)


def sosfilt(xp: Any, sos: Any, x: Any, axis: int = -1, zi: Any = None) -> Any:
    """Filter by sections of second order, one after the other."""
    sos, x = xp.atleast_2d(xp.shaped(sos)), xp.shaped(x)
    if sos.shape[-1] != 6 or sos.ndim != 2:
        raise ValueError(f"sos has shape {sos.shape}, and sections want (n_sections, 6)")
    states = []
    for k in range(sos.shape[0]):
        b, a = xp.getitem(sos, Index((k, slice(0, 3)))), xp.getitem(sos, Index((k, slice(3, 6))))
        if zi is None:
            x = lfilter(xp, b, a, x, axis)
        else:
            x, state = lfilter(xp, b, a, x, axis, xp.getitem(xp.shaped(zi), Index(k)))
            states.append(state)
    return x if zi is None else (x, xp.stack(states, axis=0))


def lfilter_zi(xp: Any, b: Any, a: Any) -> Any:
    """Return the state that a filter has after a long constant input of 1."""
    b, a = coefficients(xp, b), coefficients(xp, a)
    n = max(b.shape[0], a.shape[0])
    first = xp.getitem(a, Index(slice(0, 1)))
    b, a = fitted(xp, b / first, 0, n), fitted(xp, a / first, 0, n)
    rest = b - a * xp.getitem(b, Index(slice(0, 1)))
    gain = xp.sum(rest) / xp.sum(a)
    held = xp.cumsum(a) * gain - xp.cumsum(rest)
    return xp.getitem(held, Index(slice(0, n - 1)))


def sosfilt_zi(xp: Any, sos: Any) -> Any:
    """Return the states of all sections after a long constant input of 1."""
    sos = xp.shaped(sos)
    states, scale = [], None
    for k in range(sos.shape[0]):
        b, a = xp.getitem(sos, Index((k, slice(0, 3)))), xp.getitem(sos, Index((k, slice(3, 6))))
        state = lfilter_zi(xp, b, a)
        states.append(state if scale is None else state * scale)
        gain = xp.sum(b) / xp.sum(a)
        scale = gain if scale is None else scale * gain
    return xp.stack(states, axis=0)


def extended(xp: Any, x: Any, kind: str | None, n: int, axis: int) -> Any:
    """Continue a signal by `n` samples at both ends: mirrored, mirrored and turned over, or constant."""
    if kind not in {None, "odd", "even", "constant"}:
        raise ValueError(f"padtype is 'odd', 'even', 'constant' or None, not {kind!r}")
    if kind is None or n == 0:
        return x
    first, last = xp.getitem(x, along(axis, x.ndim, 0, 1)), xp.getitem(x, along(axis, x.ndim, -1, None))
    if kind == "constant":
        left, right = xp.repeat(first, n, axis=axis), xp.repeat(last, n, axis=axis)
    else:
        length = x.shape[axis]
        left = xp.flip(xp.getitem(x, along(axis, x.ndim, 1, n + 1)), axis=axis)
        right = xp.flip(xp.getitem(x, along(axis, x.ndim, length - n - 1, length - 1)), axis=axis)
        if kind == "odd":
            left, right = 2.0 * first - left, 2.0 * last - right
    return xp.concatenate([left, x, right], axis=axis)


def padding(xp: Any, x: Any, padtype: str | None, padlen: int | None, axis: int, usual: int) -> int:
    """Return by how much both ends are continued.

    Raises
    ------
    ValueError
        If the signal is not longer than that.
    """
    n = 0 if padtype is None else usual if padlen is None else padlen
    if x.shape[axis] <= n:
        raise ValueError(f"the signal has {x.shape[axis]} samples and must have more than padlen, which is {n}")
    return n


def there_and_back(xp: Any, run: Any, x: Any, padtype: str | None, n: int, axis: int) -> Any:
    """Run a filter forwards and backwards over a continued signal; `run(x, first)` starts at rest for `first`."""
    long = extended(xp, x, padtype, n, axis)
    y = run(long, xp.getitem(long, along(axis, x.ndim, 0, 1)))
    y = run(xp.flip(y, axis=axis), xp.getitem(y, along(axis, x.ndim, -1, None)))
    y = xp.flip(y, axis=axis)
    return xp.getitem(y, along(axis, x.ndim, n, n + x.shape[axis])) if n else y


def filtfilt(
    xp: Any,
    b: Any,
    a: Any,
    x: Any,
    axis: int = -1,
    padtype: str | None = "odd",
    padlen: int | None = None,
    method: str = "pad",
    irlen: int | None = None,
) -> Any:
    """Filter forwards and backwards, so that nothing is delayed."""
    if method != "pad" or irlen is not None:
        raise Unsupported("filtfilt continues the ends here (method='pad'); Gustafsson's method has no derivative")
    b, a, x = coefficients(xp, b), coefficients(xp, a), xp.shaped(x)
    n = padding(xp, x, padtype, padlen, axis, 3 * max(b.shape[0], a.shape[0]))
    rest = lfilter_zi(xp, b, a)
    shape = tuple(-1 if k == axis % x.ndim else 1 for k in range(x.ndim))
    rest = xp.reshape(rest, shape=shape) if rest.shape[0] else None

    def run(signal: Any, first: Any) -> Any:
        return lfilter(xp, b, a, signal, axis) if rest is None else lfilter(xp, b, a, signal, axis, rest * first)[0]

    return there_and_back(xp, run, x, padtype, n, axis)


def sosfiltfilt(
    xp: Any, sos: Any, x: Any, axis: int = -1, padtype: str | None = "odd", padlen: int | None = None
) -> Any:
    """Filter by sections of second order, forwards and backwards."""
    sos, x = xp.shaped(sos), xp.shaped(x)
    zeros = [int(xp.sum(xp.equal(xp.getitem(sos, Index((slice(None), k))), 0.0))) for k in (2, 5)]
    n = padding(xp, x, padtype, padlen, axis, 3 * (2 * sos.shape[0] + 1 - min(zeros)))
    rest = sosfilt_zi(xp, sos)
    rest = xp.reshape(rest, shape=(sos.shape[0], *(2 if k == axis % x.ndim else 1 for k in range(x.ndim))))
    return there_and_back(
        xp,
        lambda signal, first: sosfilt(xp, sos, signal, axis, rest * xp.expand_dims(first, 0))[0],
        x,
        padtype,
        n,
        axis,
    )


composite("lfilter", lfilter, scipy="signal.lfilter")
composite("lfilter_zi", lfilter_zi, scipy="signal.lfilter_zi")
composite("sosfilt", sosfilt, scipy="signal.sosfilt")
composite("sosfilt_zi", sosfilt_zi, scipy="signal.sosfilt_zi")
composite("filtfilt", filtfilt, scipy="signal.filtfilt")
composite("sosfiltfilt", sosfiltfilt, scipy="signal.sosfiltfilt")
