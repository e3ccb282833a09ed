"""Learning-rate schedules under the names of Keras: `tf.keras.optimizers.schedules`."""

from __future__ import annotations

from typing import Any

from gradtape.optim.schedules import (
    CosineDecay,
    CosineDecayRestarts,
    ExponentialDecay,
    InverseTimeDecay,
    LearningRateSchedule,
    PiecewiseConstantDecay,
    PolynomialDecay,
    deserialize,
    serialize,
)
from gradtape.tf.calls import refuse


def __getattr__(name: str) -> Any:
    raise refuse("tf.keras.optimizers.schedules", name)


__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]
