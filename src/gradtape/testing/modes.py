"""Forward mode against reverse mode, to second order: the two sweeps read the same rules in different ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import is_differentiable
from gradtape.arrays.variable import Variable
from gradtape.tape.accumulator import ForwardAccumulator
from gradtape.tape.gradient_tape import GradientTape
from gradtape.testing.grads import outputs, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def check_forward(f: Callable[..., Any], points: Sequence[Any], *, rtol: float = 1e-9, order: int = 2) -> None:
    """Compare `<w, J t>` of the forward sweep with `<J^T w, t>` of the reverse sweep, and second derivatives likewise.

    Parameters
    ----------
    f : callable
        Takes tensors, returns one tensor or several.
    points : sequence of array_like
        Where to compare, real or complex.
    rtol : float
        The tolerance, relative to the largest term.
    order : int
        1, or 2: then the forward derivative of the gradient is compared with the reverse derivative of the gradient.

    Raises
    ------
    AssertionError
        If the two differ.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.testing import check_forward
    >>> check_forward(lambda x: np.sin(x) * x, [np.array([0.5, 1.0])])
    """
    rng = np.random.default_rng(5)
    points = [np.asarray(p) for p in points]
    variables = [Variable(p) for p in points]
    tangents = [direction(rng, p) for p in points]
    with GradientTape() as outer, ForwardAccumulator(variables, tangents) as accumulator:
        with GradientTape() as inner:
            results = [y for y in outputs(f(*variables)) if is_differentiable(plain(y))]
            weights = [direction(rng, plain(y)) for y in results]
        # a tape pairs by `Re(conj(w) y)`, so that the gradient points uphill
        gradients = inner.gradient(results, variables, weights, unconnected_gradients="zero")
        moved = accumulator.jvp(results, unconnected_gradients="zero")
    forwards = [np.real(np.conjugate(w) * plain(t)) for w, t in zip(weights, moved, strict=True)]
    backwards = [np.real(np.conjugate(plain(g)) * t) for g, t in zip(gradients, tangents, strict=True)]
    compare("forward", total(forwards), "reverse", total(backwards), rtol * (1e-300 + size(forwards) + size(backwards)))
    if order < 2:
        return
    ahead = accumulator.jvp(gradients, unconnected_gradients="zero")
    pairs = [g for g in gradients if is_differentiable(plain(g))]
    back = outer.gradient(pairs, variables, tangents, unconnected_gradients="zero")
    for k, (a, b) in enumerate(zip(ahead, back, strict=True)):
        a, b = plain(a), np.conjugate(plain(b)) if plain(b).dtype.kind == "c" else plain(b)
        compare(f"argument {k}: forward over reverse", a, "reverse over reverse", b, rtol * (1e-300 + np.max(np.abs(a), initial=0.0) + np.max(np.abs(b), initial=0.0)))


def direction(rng: np.random.Generator, like: Any) -> Any:
    """Return random numbers of the same shape and dtype, none of them small."""
    values = rng.uniform(0.3, 1.0, np.shape(like))
    if like.dtype.kind == "c":
        values = values + 1j * rng.uniform(0.3, 1.0, np.shape(like))
    return np.asarray(values).astype(like.dtype)[()]


def total(terms: Sequence[Any]) -> Any:
    """Add up everything."""
    return np.asarray(sum(float(np.sum(t)) for t in terms))


def size(terms: Sequence[Any]) -> float:
    """Add up the sizes."""
    return sum(float(np.sum(np.abs(t))) for t in terms)


def compare(one: str, a: Any, other: str, b: Any, tolerance: float) -> None:
    """Insist that two results agree."""
    if not np.all(np.abs(a - b) <= tolerance):
        raise AssertionError(f"{one} gives {a}, {other} {b}")
