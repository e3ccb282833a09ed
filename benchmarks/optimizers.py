"""Adam against the same rule by hand in NumPy, in processor time per variable: python benchmarks/optimizers.py.

By hand twice: as it is written down, and with every result put into an array that is there already.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np

import gradtape as gt

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = {(10,): 20, (16, 16): 20, (32, 32): 20, (64, 64): 20, (256, 256): 8, (1024, 1024): 2, (3000, 2000): 1}
"""Shapes of variables, and how many of each are updated together."""

RATE, BETA_1, BETA_2, EPSILON = 1e-3, 0.9, 0.999, 1e-7
SECONDS, TURNS = 0.3, 5


def written_down(w: Any, g: Any, m: Any, v: Any, step: int) -> Any:
    """Return the new value."""
    m += (g - m) * (1 - BETA_1)
    v += (g * g - v) * (1 - BETA_2)
    alpha = RATE * np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step)
    return w - np.float32(alpha) * m / (np.sqrt(v) + np.float32(EPSILON))


def in_place(w: Any, g: Any, m: Any, v: Any, step: int, scratch: Any) -> Any:
    """Change the value."""
    np.subtract(g, m, out=scratch)
    scratch *= np.float32(1 - BETA_1)
    m += scratch
    np.multiply(g, g, out=scratch)
    scratch -= v
    scratch *= np.float32(1 - BETA_2)
    v += scratch
    np.sqrt(v, out=scratch)
    scratch += np.float32(EPSILON)
    np.divide(m, scratch, out=scratch)
    scratch *= np.float32(RATE * np.sqrt(1 - BETA_2**step) / (1 - BETA_1**step))
    w -= scratch
    return w


def contenders(shape: tuple[int, ...], count: int) -> dict[str, Callable[[int], None]]:
    """Return what takes one step of all variables, by name."""
    rng = np.random.default_rng(0)
    gradients = [rng.standard_normal(shape, dtype=np.float32) for _ in range(count)]

    def state() -> list[Any]:
        return [[g * np.float32(0.1), np.zeros_like(g), np.zeros_like(g), np.empty_like(g)] for g in gradients]

    plain, reused = state(), state()
    variables = [gt.Variable(w) for w, *_ in state()]
    given = [gt.constant(g) for g in gradients]
    optimizer = gt.optim.Adam(RATE, BETA_1, BETA_2, EPSILON)

    def by_hand(step: int) -> None:
        for g, kept in zip(gradients, plain, strict=True):
            kept[0] = written_down(kept[0], g, kept[1], kept[2], step)

    def by_hand_in_place(step: int) -> None:
        for g, (w, m, v, scratch) in zip(gradients, reused, strict=True):
            in_place(w, g, m, v, step, scratch)

    def ours(step: int) -> None:  # noqa: ARG001 - it counts itself
        optimizer.apply(given, variables)

    found = {"by hand": by_hand, "by hand, in place": by_hand_in_place, "gradtape.optim.Adam": ours}
    for step in (1, 2):
        for one in found.values():
            one(step)
    for variable, kept, other in zip(variables, plain, reused, strict=True):
        np.testing.assert_allclose(variable.numpy(), kept[0], rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(other[0], kept[0], rtol=1e-5, atol=1e-7)
    return found


def main() -> None:
    """Print a line per size: the best of some turns, and multiples of the rule by hand in place."""
    print(
        f"{'variables':<22}"
        + "".join(f"{name:>26}" for name in ("by hand", "by hand, in place", "gradtape.optim.Adam"))
    )
    for shape, count in SIZES.items():
        steps = contenders(shape, count)
        best = dict.fromkeys(steps, np.inf)
        for turn in range(TURNS):
            for name, step in steps.items():
                began, rounds = time.process_time(), 0
                while rounds < 3 or time.process_time() - began < SECONDS / TURNS:
                    step(turn * 1000 + rounds + 3)
                    rounds += 1
                best[name] = min(best[name], (time.process_time() - began) / rounds / count)
        base = best["by hand, in place"]
        told = "".join(f"{t * 1e6:14.1f} us {t / base:6.2f} x" for t in best.values())
        print(f"{f'{count} of {shape} float32':<22}{told}")


if __name__ == "__main__":
    main()
