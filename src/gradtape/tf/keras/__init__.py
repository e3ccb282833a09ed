"""The parts of Keras that are here: `tf.keras.activations`, normalizations of `tf.keras.ops`, `tf.keras.optimizers`.

Layers and models are not.
"""

from __future__ import annotations

from typing import Any

from gradtape.tf.calls import refuse
from gradtape.tf.keras import activations, ops, optimizers


def __getattr__(name: str) -> Any:
    raise refuse("tf.keras", name)


__all__ = ["activations", "ops", "optimizers"]
