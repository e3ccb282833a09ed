"""Draws of a few classes out of many: the candidate samplers of `tf.random`."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from gradtape.tf.arrays import positions_of
from gradtape.tf.calls import tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.random import generator_for


class Candidates(NamedTuple):
    """What a sampler returns: the classes, and how often the true and the drawn ones are expected."""

    sampled_candidates: Any
    true_expected_count: Any
    sampled_expected_count: Any


def log_uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes `k` with the probability `log((k + 2) / (k + 1)) / log(range_max + 1)`; low numbers are frequent."""
    edges = np.log(np.arange(1, range_max + 2))
    return _draw("log_uniform_candidate_sampler", np.diff(edges) / edges[-1], true_classes, num_sampled, unique, seed)


def uniform_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    seed: Any = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes, all with the same probability."""
    even = np.full(range_max, 1.0 / range_max)
    return _draw("uniform_candidate_sampler", even, true_classes, num_sampled, unique, seed)


def fixed_unigram_candidate_sampler(
    true_classes: Any,
    num_true: int,
    num_sampled: int,
    unique: bool,
    range_max: int,
    distortion: float = 1.0,
    unigrams: Any = (),
    seed: Any = None,
    name: str | None = None,
) -> Candidates:
    """Draw classes with probabilities proportional to given counts, each to the power `distortion`."""
    counts = np.asarray(unigrams, np.float64) ** distortion
    if len(counts) != range_max:
        raise InvalidArgumentError(
            f"fixed_unigram_candidate_sampler: `unigrams` has {len(counts)} counts for {range_max} classes"
        )
    return _draw("fixed_unigram_candidate_sampler", counts / counts.sum(), true_classes, num_sampled, unique, seed)


def _draw(what: str, shares: Any, true_classes: Any, count: int, unique: bool, seed: Any) -> Candidates:
    """Draw, and count the draws: without repetition, a class is expected once if any of them hit it."""
    if unique and count > len(shares):
        raise InvalidArgumentError(f"{what}: {count} different classes out of {len(shares)}")
    generator = generator_for(seed)
    tries = count
    drawn = generator.choice(len(shares), count, p=shares)
    if unique:
        found: dict[int, None] = {}
        tries = 0
        while len(found) < count:
            more = generator.choice(len(shares), count, p=shares).tolist()
            for value in more:
                tries += 1
                found[value] = None
                if len(found) == count:
                    break
        drawn = np.array(list(found))

    def expected(classes: Any) -> Any:
        p = shares[classes]
        return tensor((-np.expm1(tries * np.log1p(-p)) if unique else p * count).astype(np.float32))

    true = positions_of(true_classes).astype(np.int64)
    return Candidates(tensor(drawn.astype(np.int64)), expected(true), expected(drawn))
