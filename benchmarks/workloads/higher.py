"""Second derivatives and Jacobians."""

from __future__ import annotations

from typing import Any

import numpy as np

from workloads.workload import Workload

Made = tuple[tuple[np.ndarray, ...], dict[str, Any]]


def make_rosenbrock(rng: np.random.Generator) -> Made:
    """Draw a point, and a direction."""
    return (rng.normal(size=1000),), {"v": rng.normal(size=1000)}


def rosenbrock(xp: Any, inputs: Any, data: Any) -> Any:
    """Return the banana function of 1,000 variables."""
    del data
    (x,) = inputs
    off, short = x[1:] - x[:-1] * x[:-1], 1.0 - x[:-1]
    return xp.sum(100.0 * (off * off) + short * short)


def rosenbrock_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Multiply with the tridiagonal Hessian."""
    (x,), v = inputs, data["v"]
    low, side = x[:-1], -400.0 * x[:-1]
    product = np.zeros_like(v)
    product[:-1] = (1200.0 * (low * low) - 400.0 * x[1:] + 2.0) * v[:-1] + side * v[1:]
    product[1:] += 200.0 * v[1:] + side * v[:-1]
    return (product,)


def make_layer(rng: np.random.Generator) -> Made:
    """Draw the weights of 64 units."""
    return (rng.normal(size=64),), {"w": rng.normal(0, 0.125, (64, 64))}


def layer(xp: Any, inputs: Any, data: Any) -> Any:
    """Apply one layer."""
    return xp.tanh(xp.matvec(data["w"], inputs[0]))


def layer_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Scale the rows of the weights."""
    y = np.tanh(data["w"] @ inputs[0])
    return ((1.0 - y * y)[:, None] * data["w"],)


def make_wave(rng: np.random.Generator) -> Made:
    """Draw 1,000 places."""
    return (rng.normal(size=1000),), {}


def wave(xp: Any, inputs: Any, data: Any) -> Any:
    """Return a wave packet."""
    del data
    (x,) = inputs
    return xp.sin(x) * xp.exp(-0.5 * x * x)


def wave_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Differentiate twice."""
    del data
    (x,) = inputs
    return (np.exp(-0.5 * x * x) * ((x * x - 2.0) * np.sin(x) - 2.0 * x * np.cos(x)),)


WORKLOADS = [
    Workload("Hessian-vector product", make_rosenbrock, rosenbrock, rosenbrock_by_hand, kind="hvp"),
    Workload("Jacobian, 64 x 64", make_layer, layer, layer_by_hand, kind="jacobian"),
    Workload("second derivative, n = 1,000", make_wave, wave, wave_by_hand, kind="second"),
]
