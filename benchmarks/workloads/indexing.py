"""Rows that are looked up, differences of slices, and sums by label."""

from __future__ import annotations

from typing import Any

import numpy as np

from workloads.workload import Workload, float32

SEGMENTS = 50


def make(rng: np.random.Generator) -> tuple[tuple[np.ndarray, ...], dict[str, Any]]:
    """Draw a table of 1,000 rows, of which 256 are used."""
    data = {"rows": rng.integers(0, 1000, 256), "labels": rng.integers(0, SEGMENTS, 256)}
    return float32(rng.normal(size=(1000, 16))), data


def looked_up(xp: Any, inputs: Any, data: Any) -> Any:
    """Pick rows, and penalise how much neighbours differ."""
    (table,) = inputs
    rows = xp.take(table, data["rows"])
    steps = rows[1:] - rows[:-1]
    return xp.sum(steps * steps) + xp.sum(rows[:, 0] * rows[:, -1])


def looked_up_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Add in place."""
    (table,) = inputs
    rows = table[data["rows"]]
    steps = rows[1:] - rows[:-1]
    np.sum(steps * steps) + np.sum(rows[:, 0] * rows[:, -1])
    g = np.zeros_like(rows)
    g[:, 0] = rows[:, -1]
    g[:, -1] += rows[:, 0]
    steps = 2.0 * steps
    g[1:] += steps
    g[:-1] -= steps
    found = np.zeros_like(table)
    np.add.at(found, data["rows"], g)
    return (found,)


def summed(xp: Any, inputs: Any, data: Any) -> Any:
    """Add picked rows up by label."""
    (table,) = inputs
    sums = xp.segment_sum(xp.take(table, data["rows"]), data["labels"], SEGMENTS)
    return xp.sum(sums * sums)


def summed_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Pick by label on the way back."""
    (table,) = inputs
    sums = np.zeros((SEGMENTS, table.shape[1]), table.dtype)
    np.add.at(sums, data["labels"], table[data["rows"]])
    np.sum(sums * sums)
    found = np.zeros_like(table)
    np.add.at(found, data["rows"], (2.0 * sums)[data["labels"]])
    return (found,)


WORKLOADS = [
    Workload("indexing: rows and slices", make, looked_up, looked_up_by_hand),
    Workload("scatter: sums by label", make, summed, summed_by_hand),
]
