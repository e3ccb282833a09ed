"""Optimizers and learning-rate schedules under the names of Keras: `tf.keras.optimizers`, those of `gradtape.optim`."""

from __future__ import annotations

from typing import Any

from gradtape.optim import (
    SGD,
    Adadelta,
    Adafactor,
    Adagrad,
    Adam,
    Adamax,
    AdamW,
    Ftrl,
    Lamb,
    Lion,
    LossScaleOptimizer,
    Muon,
    Nadam,
    Optimizer,
    RMSprop,
    ScheduleFreeAdamW,
    deserialize,
    get,
    serialize,
)
from gradtape.tf.calls import refuse
from gradtape.tf.keras.optimizers import schedules


def __getattr__(name: str) -> Any:
    raise refuse("tf.keras.optimizers", name)


__all__ = [
    "SGD",
    "Adadelta",
    "Adafactor",
    "Adagrad",
    "Adam",
    "AdamW",
    "Adamax",
    "Ftrl",
    "Lamb",
    "Lion",
    "LossScaleOptimizer",
    "Muon",
    "Nadam",
    "Optimizer",
    "RMSprop",
    "ScheduleFreeAdamW",
    "deserialize",
    "get",
    "schedules",
    "serialize",
]
