"""A Gaussian process's likelihood by Cholesky's decomposition, and a filter in the frequency domain."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from workloads.workload import LARGE, SMALL, Workload

Made = tuple[tuple[np.ndarray, ...], dict[str, Any]]


def make_process(rng: np.random.Generator, n: int) -> Made:
    """Start from logarithms of length, size and noise; distances are given."""
    t = np.sort(rng.uniform(0, 10, n))
    data = {"square": (t[:, None] - t[None, :]) ** 2, "eye": np.eye(n), "y": np.sin(t) + rng.normal(0, 0.1, n)}
    return (np.array(0.1), np.array(-0.1), np.array(-2.0)), data


def process(xp: Any, inputs: Any, data: Any) -> Any:
    """Return the negative log-likelihood, without its constant."""
    length, size, noise = inputs
    covariance = xp.exp(size - data["square"] * xp.exp(-2.0 * length) * 0.5) + xp.exp(noise) * data["eye"]
    lower = xp.cholesky(covariance)
    z = xp.solve_lower(lower, data["y"])
    return 0.5 * xp.sum(z * z) + xp.sum(xp.log(xp.diagonal(lower)))


def process_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Use the closed form: half the trace of (inverse - alpha alpha') times the covariance's derivative."""
    from scipy.linalg import cho_solve, solve_triangular

    length, size, noise = inputs
    square, eye, y = data["square"], data["eye"], data["y"]
    scaled = square * np.exp(-2.0 * length)
    kernel = np.exp(size - scaled * 0.5)
    lower = np.linalg.cholesky(kernel + np.exp(noise) * eye)
    z = solve_triangular(lower, y, lower=True)
    0.5 * np.sum(z * z) + np.sum(np.log(np.diagonal(lower)))
    alpha = solve_triangular(lower, z, lower=True, trans=1)
    inverse = cho_solve((lower, True), eye)
    half = (inverse - alpha[:, None] * alpha) * 0.5
    weighed = half * kernel
    return np.sum(weighed * scaled), np.sum(weighed), np.trace(half) * np.exp(noise)


def make_filter(rng: np.random.Generator) -> Made:
    """Draw a signal of 4,096 samples, and a gain for each frequency."""
    return (rng.normal(size=4096), rng.uniform(0.5, 1.5, 2049)), {"target": rng.normal(size=4096)}


def filtered(xp: Any, inputs: Any, data: Any) -> Any:
    """Weigh frequencies and compare with what it should be."""
    x, gain = inputs
    error = xp.irfft(xp.weighed(xp.rfft(x), gain)) - data["target"]
    return xp.mean(error * error)


def filtered_by_hand(inputs: Any, data: Any) -> tuple[np.ndarray, ...]:
    """Filter once more: a filter with real gains is its own transpose."""
    x, gain = inputs
    spectrum = np.fft.rfft(x)
    error = np.fft.irfft(spectrum * gain) - data["target"]
    np.mean(error * error)
    g = np.fft.rfft(error * (2.0 / error.size))
    of_gain = (spectrum.real * g.real + spectrum.imag * g.imag) * (2.0 / error.size)
    of_gain[[0, -1]] *= 0.5
    return np.fft.irfft(g * gain), of_gain


WORKLOADS = [
    Workload("Gaussian process, n = 50", partial(make_process, n=50), process, process_by_hand),
    Workload("Gaussian process, n = 500", partial(make_process, n=500), process, process_by_hand, aim=LARGE),
    Workload("FFT filter, n = 4,096", make_filter, filtered, filtered_by_hand, aim=SMALL),
]
