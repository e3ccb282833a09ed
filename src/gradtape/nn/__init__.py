"""Functions of neural networks with the names of JAX, Keras and PyTorch: activations, normalisations, attention.

The functions take tensors or plain arrays and return tensors. TensorFlow's own are in `gradtape.tf.nn`.

Examples
--------
>>> import gradtape as gt
>>> x = gt.Variable([-1.0, 0.5])
>>> with gt.GradientTape() as tape:
...     y = gt.nn.mish(x).sum()
>>> tape.gradient(y, x).numpy().round(4)
array([0.0592, 0.8864])
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.arrays import doors as _doors
from gradtape.ops import load_families as _load_families

_load_families("nn")

__all__ = [
    "celu",
    "cummax",
    "dot_product_attention",
    "frac",
    "glu",
    "group_norm",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "layer_norm",
    "lerp",
    "log1mexp",
    "logmeanexp",
    "mish",
    "rms_norm",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "standardize",
]

for _name in __all__:
    globals()[_name] = _doors.door(_name)

if TYPE_CHECKING:

    def __getattr__(name: str) -> Any: ...
