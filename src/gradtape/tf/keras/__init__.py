"""Keras's names: layers, losses, metrics, optimizers and their like are those of `gradtape.nn` and `gradtape.optim`.

They are the same objects. Models are subclasses of `Model`, a `Sequential`, or `Model(inputs, outputs)`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gradtape.tf.calls import refuse
from gradtape.tf.keras import activations, ops, optimizers

ROOMS = {
    "callbacks": "gradtape.nn.fitting.callbacks",
    "constraints": "gradtape.nn.constraints",
    "initializers": "gradtape.nn.initializers",
    "layers": "gradtape.nn.layers",
    "losses": "gradtape.nn.losses",
    "metrics": "gradtape.nn.metrics",
    "regularizers": "gradtape.nn.regularizers",
}
CLASSES = ("Input", "Model", "Sequential")


def __getattr__(name: str) -> Any:
    if name in ROOMS:
        return import_module(ROOMS[name])
    if name in CLASSES:
        return getattr(import_module("gradtape.nn"), name)
    raise refuse("tf.keras", name)


__all__ = ["activations", "ops", "optimizers", *ROOMS, *CLASSES]  # noqa: PLE0604
