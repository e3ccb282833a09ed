"""A chain of 600 operations on 1 to 100,000 numbers: what a tape costs per operation, and when it stops mattering."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from workloads.workload import LARGE, SMALL, Workload, float32

LINKS = 200


def make(rng: np.random.Generator, n: int) -> tuple[tuple[np.ndarray, ...], dict[str, Any]]:
    """Start between 0 and 1. All slopes are close to 1, so that their product stays a number of ordinary size."""
    del rng
    return float32(np.linspace(0.0, 1.0, n + 1)[1:]), {}


def program(xp: Any, inputs: Any, data: Any) -> Any:
    """Take sines."""
    del data
    (y,) = inputs
    for _ in range(LINKS):
        y = xp.sin(y) * 1.01 + 0.001
    return xp.sum(y)


def by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Remember what each sine was taken of."""
    del data
    (y,) = inputs
    passed = []
    for _ in range(LINKS):
        passed.append(y)
        y = np.sin(y) * 1.01 + 0.001
    y.sum()
    g = np.ones_like(y)
    for y in reversed(passed):
        g = g * 1.01 * np.cos(y)
    return (g,)


WORKLOADS = [
    Workload(f"chain of 600, n = {n:,}", partial(make, n=n), program, by_hand, aim=LARGE if n >= 100_000 else SMALL)
    for n in (1, 10, 1_000, 100_000)
]
