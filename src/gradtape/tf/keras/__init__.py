"""The functions of Keras that are only mathematics: `tf.keras.activations` and normalizations of `tf.keras.ops`.

Layers, models and optimizers are not here.
"""

from __future__ import annotations

from typing import Any

from gradtape.tf.calls import refuse
from gradtape.tf.keras import activations, ops


def __getattr__(name: str) -> Any:
    raise refuse("tf.keras", name)


__all__ = ["activations", "ops"]
