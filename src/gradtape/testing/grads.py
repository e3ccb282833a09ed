"""Reverse mode against central differences, to any order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.variable import Variable
from gradtape.tape.gradient_tape import GradientTape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int = 2,
    *,
    step: float = 1e-5,
    rtol: float = 1e-5,
    atol: float = 1e-6,
    seed: int = 0,
) -> None:
    """Compare the gradients of a function with central differences, and the gradients of those gradients.

    The output is contracted with a fixed random array, and each argument is moved along a fixed random direction, so
    one check costs two evaluations per argument whatever the sizes are.

    Parameters
    ----------
    f : callable
        Takes tensors, returns one tensor or several (a tuple or list) of floating-point numbers.
    args : sequence of array_like
        Where to check; made float64. The function should be smooth here.
    order : int
        How many derivatives to check.
    step : float
        How far the arguments are moved.
    rtol, atol : float
        How far the two may be apart, relative to the larger one and absolutely.
    seed : int
        Chooses the directions.

    Raises
    ------
    AssertionError
        If they differ; the message names the order and the argument, and shows both numbers.

    Examples
    --------
    >>> import numpy as np
    >>> from gradtape.testing import check_grads
    >>> check_grads(lambda x: np.sin(x) * x, [[0.3, 1.2]])
    """
    rng = np.random.default_rng(seed)
    points = [np.array(a, dtype=np.float64) for a in args]
    directions = [rng.uniform(0.3, 1.0, p.shape) * rng.choice([-1.0, 1.0], p.shape) for p in points]
    current = contracted(f, points, rng)
    for k in range(1, order + 1):
        try:
            check_order(current, points, directions, step, rtol, atol)
        except AssertionError as error:
            raise AssertionError(f"derivative of order {k}: {error}") from None
        current = along(current, directions)


def contracted(f: Callable[..., Any], points: Sequence[Any], rng: np.random.Generator) -> Callable[..., Any]:
    """Make the function that sums the outputs of `f` with fixed random weights."""
    weights = [
        rng.uniform(0.3, 1.0, np.shape(y)) * rng.choice([-1.0, 1.0], np.shape(y))
        + (1j * rng.uniform(0.3, 1.0, np.shape(y)) if np.asarray(y).dtype.kind == "c" else 0.0)
        for y in map(plain, outputs(f(*points)))
    ]

    def scalar(*xs: Any) -> Any:
        total: Any = 0.0
        for y, w in zip(outputs(f(*xs)), weights, strict=True):
            total = total + np.sum(np.real(y * w))
        return total

    return scalar


def along(scalar: Callable[..., Any], directions: Sequence[Any]) -> Callable[..., Any]:
    """Make the function that is the derivative of a scalar function along the directions of all arguments together."""

    def derivative(*xs: Any) -> Any:
        with GradientTape() as tape:
            held = [x if isinstance(x, Node) else Variable(x) for x in xs]
            for x in held:
                tape.watch(x)
            y = scalar(*held)
        total: Any = 0.0
        for g, d in zip(gradients(tape, y, held), directions, strict=True):
            if g is not None:
                total = total + np.sum(g * d)
        return total

    return derivative


def check_order(
    scalar: Callable[..., Any], points: Sequence[Any], directions: Sequence[Any], step: float, rtol: float, atol: float
) -> None:
    """Compare the gradient of a scalar function, along one direction per argument, with the central difference."""
    variables = [Variable(p) for p in points]
    with GradientTape() as tape:
        y = scalar(*variables)
    for k, (g, d) in enumerate(zip(gradients(tape, y, variables), directions, strict=True)):

        def value(step: float, k: int = k, d: Any = d) -> float:
            return float(plain(scalar(*[p + step * d if j == k else p for j, p in enumerate(points)])))

        ours = 0.0 if g is None else float(np.sum(plain(g) * d))
        up, down = value(step), value(-step)
        theirs = (up - down) / (2.0 * step)
        noise = 4e-16 * max(abs(up), abs(down)) / step
        if not abs(ours - theirs) <= atol + rtol * max(abs(ours), abs(theirs)) + noise:
            what = "no gradient (None)" if g is None else f"{ours:.10g} along the direction"
            raise AssertionError(
                f"argument {k} of shape {points[k].shape}: the tape says {what}, the difference quotient {theirs:.10g}"
            )
        refuse_kink(value, up, down, step, noise, f"argument {k} of shape {points[k].shape}")


def refuse_kink(value: Callable[[float], float], up: float, down: float, step: float, noise: float, where: str) -> None:
    """Refuse a point where the function has a kink: a rule that agrees with the mean of both sides proves nothing.

    Between two smooth sides the quotients to the left and to the right differ as much however small the step is; where
    there is only a bend, eight times less for an eighth of the step.
    """
    here = float(plain(value(0.0)))
    left, right = (here - down) / step, (up - here) / step
    jump = abs(right - left)
    if jump <= 1e-3 * max(abs(left), abs(right)) + 1e-6 + 4.0 * noise:
        return
    near = step / 8.0
    closer = abs(value(near) + value(-near) - 2.0 * here) / near
    if closer > 0.5 * jump:
        raise AssertionError(
            f"{where}: a kink, the difference quotient is {left:.10g} to the left and {right:.10g} to the right; "
            "sample elsewhere, and test the kink by itself"
        )


def gradients(tape: GradientTape, y: Any, sources: Sequence[Any]) -> list[Any]:
    """Return the gradients, None for a missing one, without the warning about it."""
    if not isinstance(y, Node):
        return [None] * len(sources)
    zeros = tape.gradient(y, list(sources), unconnected_gradients="zero")
    return list(zeros)


def outputs(y: Any) -> list[Any]:
    """Return one or several outputs as a list."""
    return list(y) if isinstance(y, tuple | list) else [y]


def plain(value: Any) -> Any:
    """Take the array out of a tensor without leaving a trace on any tape."""
    return value._value if isinstance(value, Node) else np.asarray(value)
