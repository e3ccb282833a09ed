"""Optimizers that see a matrix as a matrix: Adafactor, Muon."""

from __future__ import annotations

import math
import re
from dataclasses import KW_ONLY, field
from typing import Any

import numpy as np

from gradtape.optim.adam import adam_constants, adam_moments, adam_step
from gradtape.optim.optimizer import Optimizer
from gradtape.optim.updates import mix


class Adafactor(Optimizer):
    """Adam's second moment from the means of rows and columns, so that a matrix needs two vectors of state.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        An upper bound if `relative_step`.
    beta_2_decay : float
        The power of the step that the second moment forgets with.
    epsilon_1 : float
        Added to squared gradients.
    epsilon_2 : float
        The least size of a variable.
    clip_threshold : float
        The largest root of the mean square of an update.
    relative_step : bool
        Bound a rate that is a number by `1 / sqrt(step)`.
    **common
        As `Optimizer`.

    References
    ----------
    Shazeer and Stern, "Adafactor: adaptive learning rates with sublinear memory cost", ICML 2018, arXiv:1804.04235,
    algorithms 4 and 5.
    """

    BLOCKWISE = False
    PAIRS = False
    learning_rate: Any = 0.001
    beta_2_decay: float = -0.8
    epsilon_1: float = 1e-30
    epsilon_2: float = 1e-3
    clip_threshold: float = 1.0
    relative_step: bool = True

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return means of rows and columns along the last two axes, or a full second moment for a vector."""
        if value.ndim < 2:
            return {"velocity": 0.0}
        return {"row": np.zeros(value.shape[:-1]), "column": np.zeros(value.shape[:-2] + value.shape[-1:])}

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return the relative rate, what stays of the moments, and the bounds."""
        rho = min(rate, real(1) / np.sqrt(real(step)))
        keep = real(1) - real(step) ** real(self.beta_2_decay)
        return rho, keep, real(1) - keep, real(self.epsilon_1), real(self.epsilon_2), real(self.clip_threshold)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step in units of the factored moments, relative to the size of the variable."""
        rho, keep, rest, epsilon_1, epsilon_2, threshold = constants
        square = g * g
        square += epsilon_1
        if len(slots) == 1:
            mix(slots[0], keep, square, rest, square)
            np.divide(g, np.sqrt(slots[0]), out=out)
        else:
            row, column = slots
            for slot, axis in ((row, -1), (column, -2)):
                mean = square.mean(axis)
                mix(slot, keep, mean, rest, mean)
            moment = (row / row.mean(-1, keepdims=True))[..., None] * column[..., None, :]
            np.divide(g, np.sqrt(moment), out=out)
        size = max(epsilon_2, _root_mean_square(w))
        out *= rho * size / max(type(rho)(1), _root_mean_square(out) / threshold)
        np.subtract(w, out, out=out)


def _root_mean_square(array: Any) -> Any:
    flat = array.ravel()
    return np.sqrt(np.dot(flat, flat) / flat.dtype.type(flat.size))


class Muon(Optimizer):
    """Steps along the nearest semi-orthogonal matrix to a momentum; AdamW for what is no matrix.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    adam_beta_1, adam_beta_2, adam_weight_decay, epsilon : float
        For the variables of AdamW.
    weight_decay : float, optional
        For matrices.
    exclude_layers : list of str, optional
        Regular expressions: variables with one of them in their name are left to AdamW.
    exclude_embeddings : bool
        Leave variables with "embedding" in their name to AdamW.
    muon_a, muon_b, muon_c : float
        The coefficients of the Newton-Schulz polynomial `a*x + b*x**3 + c*x**5`.
    adam_lr_ratio : float
        AdamW's rate in units of the learning rate.
    momentum : float
    ns_steps : int
        Of the iteration.
    nesterov : bool
    rms_rate : float, optional
        Scale steps by `rms_rate * sqrt(max(shape))`.
    **common
        As `Optimizer`.

    References
    ----------
    Jordan et al., "Muon: an optimizer for hidden layers in neural networks", 2024; Liu et al., "Muon is scalable for
    LLM training", 2025, arXiv:2502.16982, equation (4) (`rms_rate`).
    """

    BLOCKWISE = False
    PAIRS = False
    learning_rate: Any = 0.001
    adam_beta_1: float = 0.9
    adam_beta_2: float = 0.999
    adam_weight_decay: float | None = 0.004
    epsilon: float = 1e-7
    weight_decay: float | None = field(default=0.004, kw_only=True)
    _: KW_ONLY
    exclude_layers: list[str] | None = None
    exclude_embeddings: bool = True
    muon_a: float = 3.4445
    muon_b: float = -4.7750
    muon_c: float = 2.0315
    adam_lr_ratio: float = 1
    momentum: float = 0.95
    ns_steps: int = 5
    nesterov: bool = True
    rms_rate: float | None = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        self.exclude_layers = list(self.exclude_layers or [])

    def slots(self, value: Any, name: str) -> dict[str, Any]:
        """Return a momentum, and a velocity for what AdamW updates."""
        return {"momentum": 0.0} | ({} if self._is_matrix(value, name) else {"velocity": 0.0})

    def _is_matrix(self, value: Any, name: str) -> bool:
        if value.ndim != 2 or (self.exclude_embeddings and "embedding" in name.lower()):
            return False
        return not any(re.search(pattern, name) for pattern in self.exclude_layers or ())

    def decay_for(self, place: int) -> float | None:
        """Return the decay of matrices or that of AdamW."""
        return self.adam_weight_decay if "velocity" in self._kept[place] else self.weight_decay

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return the rate and what AdamW needs."""
        adam = adam_constants(real, rate * real(self.adam_lr_ratio), step, self.adam_beta_1, self.adam_beta_2)
        return rate, adam, real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the orthogonalized momentum, or as AdamW."""
        rate, (alpha, rest_1, rest_2), epsilon = constants
        if len(slots) == 2:
            adam_moments(g, out, *slots, rest_1, rest_2)
            adam_step(w, out, *slots, alpha, epsilon)
            return
        (momentum,) = slots
        momentum += g + momentum * (self.momentum - 1)
        update = self._orthogonal(g + self.momentum * momentum if self.nesterov else momentum)
        scale = 1 if self.rms_rate is None else math.sqrt(max(w.shape)) * self.rms_rate
        np.multiply(update, rate * scale, out=out)
        np.subtract(w, out, out=out)

    def _orthogonal(self, x: Any) -> Any:
        """Bring the singular values of a matrix near to 1."""
        tall = x.shape[0] > x.shape[1]
        x = x.T if tall else x
        x = x / (np.linalg.norm(x) + 1e-7)
        for _ in range(self.ns_steps):
            square = x @ x.T
            x = self.muon_a * x + (self.muon_b * square + self.muon_c * square @ square) @ x
        return x.T if tall else x
