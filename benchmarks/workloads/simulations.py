"""Simulations: long loops of small operations whose last state is differentiated."""

from __future__ import annotations

from typing import Any

import numpy as np

from workloads.workload import Workload

Made = tuple[tuple[np.ndarray, ...], dict[str, Any]]

STEPS, STEP = 2000, 0.001
BODIES, LEAPS, LEAP = 32, 10, 0.01


def make_muscles(rng: np.random.Generator) -> Made:
    """Draw five muscles of Hill's type: strength, tendon stiffness and slack length; excitations are given."""
    parameters = (rng.uniform(0.8, 1.2, 5), rng.uniform(20.0, 30.0, 5), rng.uniform(0.9, 1.0, 5))
    times = np.arange(STEPS) * STEP
    excitation = 0.5 + 0.4 * np.sin(times[:, None] * np.arange(3.0, 8.0))
    return parameters, {"u": excitation, "start": np.full(5, 0.1), "length": np.full(5, 1.0)}


def muscles(xp: Any, inputs: Any, data: Any) -> Any:
    """Step activation and fibre length: the fibre gives way to what the tendon pulls more than it pulls itself."""
    strength, stiffness, slack = inputs

    def step(state: Any, u: Any) -> Any:
        a, fibre = state
        stretch = 2.1 - fibre - slack
        from_optimum = fibre - 1.0
        active = strength * a * xp.exp(-(from_optimum * from_optimum) * 5.0)
        passive = 0.02 * xp.exp(from_optimum * 4.0)
        rate = (stiffness * stretch * stretch - active - passive) * 2.0
        return a + (u - a) * (STEP / 0.04), fibre + rate * STEP

    a, fibre = xp.loop(step, (data["start"], data["length"]), data["u"])
    return xp.sum(a * fibre * fibre)


def muscles_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Keep both exponentials and the state of every step; the adjoint of activation is needed for no parameter."""
    strength, stiffness, slack = inputs
    a, fibre = data["start"], data["length"]
    kept = []
    for u in data["u"]:
        stretch = 2.1 - fibre - slack
        from_optimum = fibre - 1.0
        bell = a * np.exp(-(from_optimum * from_optimum) * 5.0)
        active = strength * bell
        passive = 0.02 * np.exp(from_optimum * 4.0)
        rate = (stiffness * stretch * stretch - active - passive) * 2.0
        kept.append((stretch, from_optimum, bell, active, passive))
        a, fibre = a + (u - a) * (STEP / 0.04), fibre + rate * STEP
    np.sum(a * fibre * fibre)
    g = 2.0 * a * fibre
    of_strength, of_stiffness, of_slack = np.zeros(5), np.zeros(5), np.zeros(5)
    for stretch, from_optimum, bell, active, passive in reversed(kept):
        through = g * (STEP * 2.0)
        of_strength -= through * bell
        of_stiffness += through * stretch * stretch
        pull = through * stiffness * stretch * 2.0
        of_slack -= pull
        g = g - pull + through * (active * from_optimum * 10.0 - passive * 4.0)
    return of_strength, of_stiffness, of_slack


def make_bodies(rng: np.random.Generator) -> Made:
    """Draw places, velocities and masses."""
    return (rng.normal(size=(BODIES, 3)), rng.normal(0, 0.1, (BODIES, 3)), rng.uniform(0.5, 1.5, BODIES)), {}


def bodies(xp: Any, inputs: Any, data: Any) -> Any:
    """Leap; gravity is softened so that no distance is zero."""
    del data
    x, v, m = inputs
    for _ in range(LEAPS):
        x = x + v * LEAP
        d = x[None, :, :] - x[:, None, :]
        square = xp.sum(d * d, 2) + 0.01
        pull = m / (square * xp.sqrt(square))
        v = v + xp.sum(pull[:, :, None] * d, 1) * LEAP
    return xp.sum(x * x)


def bodies_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Keep differences, distances and pulls."""
    del data
    x, v, m = inputs
    kept = []
    for _ in range(LEAPS):
        x = x + v * LEAP
        d = x[None, :, :] - x[:, None, :]
        square = np.sum(d * d, 2) + 0.01
        inverse = 1.0 / (square * np.sqrt(square))
        pull = m * inverse
        kept.append((d, square, inverse, pull))
        v = v + np.sum(pull[:, :, None] * d, 1) * LEAP
    np.sum(x * x)
    gx, gv, gm = 2.0 * x, np.zeros_like(v), np.zeros_like(m)
    for d, square, inverse, pull in reversed(kept):
        ga = (gv * LEAP)[:, None, :]
        gpull = np.sum(ga * d, 2)
        gm += np.sum(gpull * inverse, 0)
        gsquare = gpull * pull * -1.5 / square
        gd = pull[:, :, None] * ga + (2.0 * gsquare)[:, :, None] * d
        gx = gx + np.sum(gd, 0) - np.sum(gd, 1)
        gv = gv + gx * LEAP
    return gx, gv, gm


WORKLOADS = [
    Workload("Hill-type muscles, 2,000 steps", make_muscles, muscles, muscles_by_hand),
    Workload("32 bodies, 10 steps", make_bodies, bodies, bodies_by_hand),
]
