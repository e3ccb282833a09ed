"""Random tensors from seeded generators of NumPy: `tf.random`. What arguments move smoothly stays on the tape."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from gradtape.tf.calls import refuse
from gradtape.tf.random.draws import categorical, gamma, normal, poisson, shuffle, truncated_normal, uniform
from gradtape.tf.random.generators import Generator, get_global_generator, set_global_generator
from gradtape.tf.random.seeds import fold_in, generator_for, set_seed, split, stateless_seed
from gradtape.tf.random.stateless import (
    stateless_binomial,
    stateless_categorical,
    stateless_gamma,
    stateless_normal,
    stateless_parameterized_truncated_normal,
    stateless_poisson,
    stateless_shuffle,
    stateless_truncated_normal,
    stateless_uniform,
)

experimental = SimpleNamespace(
    Generator=Generator,
    get_global_generator=get_global_generator,
    set_global_generator=set_global_generator,
    stateless_fold_in=fold_in,
    stateless_shuffle=stateless_shuffle,
    stateless_split=split,
)
"""`tf.random.experimental`."""


def __getattr__(name: str) -> Any:
    if name.endswith("candidate_sampler"):
        from gradtape.tf.nn import candidates

        return getattr(candidates, name)
    raise refuse("tf.random", name)


__all__ = [
    "Generator",
    "categorical",
    "experimental",
    "fold_in",
    "gamma",
    "generator_for",
    "get_global_generator",
    "normal",
    "poisson",
    "set_global_generator",
    "set_seed",
    "shuffle",
    "split",
    "stateless_binomial",
    "stateless_categorical",
    "stateless_gamma",
    "stateless_normal",
    "stateless_parameterized_truncated_normal",
    "stateless_poisson",
    "stateless_seed",
    "stateless_shuffle",
    "stateless_truncated_normal",
    "stateless_uniform",
    "truncated_normal",
    "uniform",
]
