"""Kernels of the rows in `ops/sampling.py`: random draws."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable


def _poisson(lam: Any, size: Any = None, seed: Any = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).poisson(lam, size))[()]


def _binomial(counts: Any, probs: Any, size: Any = None, seed: Any = 0) -> Any:
    return np.asarray(np.random.default_rng(seed).binomial(np.asarray(counts).astype(np.int64), probs, size))[()]


def _categorical(logits: Any, count: int, seed: Any = 0) -> Any:
    """Take the largest of scores with noise: Gumbel, "Statistical theory of extreme values" (1954)."""
    noise = np.random.default_rng(seed).gumbel(size=(logits.shape[0], count, logits.shape[1]))
    return np.argmax(logits[:, None, :] + noise, -1)


KERNELS: dict[str, Callable[..., Any]] = {
    "binomial": _binomial,
    "categorical": _categorical,
    "poisson": _poisson,
}
