"""One mode against another: forward and reverse, a batch and its members, which read the same rules differently."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import is_differentiable
from gradtape.arrays.variable import Variable
from gradtape.tape.accumulator import ForwardAccumulator
from gradtape.tape.asked import Leaf
from gradtape.tape.gradient_tape import GradientTape
from gradtape.tape.jacobian import columns, run_of
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
    variables = [Variable(p) for p in points]
    tangents = [direction(rng, plain(v)) for v in variables]
    with GradientTape() as outer, ForwardAccumulator(variables, tangents) as accumulator:
        with GradientTape() as inner:
            results = [y for y in outputs(f(*variables)) if is_differentiable(plain(y))]
            weights = [direction(rng, plain(y)) for y in results]
        gradients = inner.gradient(results, variables, weights, unconnected_gradients="zero")
        ahead = accumulator.jvp(results, unconnected_gradients="zero")
    compare("first", pairing(weights, ahead), pairing(gradients, tangents), rtol)
    if order == 2:
        weights = [direction(rng, plain(g)) for g in gradients]
        ahead = accumulator.jvp(gradients, unconnected_gradients="zero")
        back = outer.gradient(gradients, variables, weights, unconnected_gradients="zero")
        compare("second", pairing(weights, ahead), pairing(back, tangents), rtol)


def check_jacobians(f: Callable[..., Any], points: Sequence[Any], *, rtol: float = 1e-9) -> None:
    """Compare the Jacobian from one batched sweep, backwards and forwards, with that from one sweep per element.

    Parameters
    ----------
    f : callable
        Takes tensors, returns one tensor or several.
    points : sequence of array_like
        Where to compare.
    rtol : float
        The tolerance, relative to the largest element.

    Raises
    ------
    AssertionError
        If they differ.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.testing.modes import check_jacobians
    >>> check_jacobians(lambda x: np.cumsum(x * x), [np.array([0.5, 1.0])])
    """
    variables = [Variable(p) for p in points]
    with GradientTape(persistent=True) as tape:
        results = [y for y in outputs(f(*variables)) if is_differentiable(plain(y))]
    run = run_of(tape._opened("jacobian", _getframe()))
    for y in results:
        slow = tape.jacobian(y, variables, "zero", experimental_use_pfor=False)
        fast = tape.jacobian(y, variables, "zero")
        # the gradient of a complex number is one of its real part; the two modes agree on real ones
        ahead = fast if plain(y).dtype.kind == "c" else [columns(run, [Leaf("", y)], Leaf("", v))[0] for v in variables]
        for k, (one, other, third) in enumerate(zip(slow, fast, ahead, strict=True)):
            by_element = plain(one)
            for what, value in (("backwards", other), ("forwards", third)):
                found = np.zeros_like(by_element) if value is None else plain(value)
                size = np.max(np.abs(by_element), initial=1e-4)
                if found.shape != by_element.shape or not np.all(np.abs(found - by_element) <= rtol * size):
                    raise AssertionError(
                        f"argument {k}: the Jacobian in one batched sweep {what} is {found}, element by element "
                        f"{by_element}"
                    )


def direction(rng: np.random.Generator, like: Any) -> Any:
    """Return random numbers of the same shape and dtype, none of them small."""
    values = rng.uniform(0.3, 1.0, np.shape(like))
    if like.dtype.kind == "c":
        values = values + 1j * rng.uniform(0.3, 1.0, np.shape(like))
    return np.asarray(values).astype(like.dtype)[()]


def pairing(gradients: Sequence[Any], tangents: Sequence[Any]) -> Any:
    """Return all products of gradients with tangents; a gradient points uphill, so its conjugate multiplies."""
    pairs = zip(gradients, tangents, strict=True)
    return np.concatenate([[0.0], *[np.ravel(np.real(np.conjugate(plain(g)) * plain(t))) for g, t in pairs]])


def compare(what: str, forward: Any, reverse: Any, rtol: float) -> None:
    """Insist that two pairings have one sum."""
    size = np.sum(np.abs(forward)) + np.sum(np.abs(reverse))
    if not abs(np.sum(forward) - np.sum(reverse)) <= rtol * size + 1e-14:
        raise AssertionError(
            f"{what} derivatives: forward mode gives {np.sum(forward):.12g}, reverse mode {np.sum(reverse):.12g}"
        )
