"""Networks: modules, layers, losses, metrics and `fit` with Keras's names, and functions with those of JAX and PyTorch.

The functions take tensors or plain arrays and return tensors; layers do, too, and compute in float32 unless they are
given another `dtype`. TensorFlow's own names are in `gradtape.tf`.

Examples
--------
A layer is a function with weights, and a training step is an ordinary tape:

>>> import numpy as np
>>> import gradtape as gt
>>> with gt.nn.seeded(0):
...     net = gt.nn.Sequential([gt.nn.Dense(8, activation="tanh"), gt.nn.Dense(1)])
...     x = np.linspace(-1.0, 1.0, 16)[:, None]
...     loss = gt.nn.losses.MeanSquaredError()
...     before = float(loss(x**2, net(x)))
>>> for _ in range(200):
...     with gt.GradientTape() as tape:
...         error = loss(x**2, net(x))
...     for w, g in zip(net.trainable_variables, tape.gradient(error, net.trainable_variables)):
...         _ = w.assign_sub(0.1 * g)
>>> bool(float(error) < before / 3)
True

>>> x = gt.Variable([-1.0, 0.5])
>>> with gt.GradientTape() as tape:
...     y = gt.nn.mish(x).sum()
>>> tape.gradient(y, x).numpy().round(4)
array([0.0592, 0.8864])
"""

from __future__ import annotations

from importlib import import_module as _import_module
from typing import Any

from gradtape.arrays import doors as _doors
from gradtape.nn import activations as _activations
from gradtape.ops import load_families as _load_families

_load_families("nn")

FUNCTIONS = (
    "cummax",
    "dot_product_attention",
    "frac",
    "group_norm",
    "layer_norm",
    "lerp",
    "log1mexp",
    "logmeanexp",
    "rms_norm",
    "standardize",
)
"""Functions that are one row or composition of the table."""

CLASSES = {
    "fitting.loop": ("evaluate", "fit", "predict"),
    "module": ("Module",),
    "layer": ("Layer",),
    "random": (
        "SeedGenerator",
        "seeded",
    ),
    "layers.activation": (
        "Activation",
        "ELU",
        "LeakyReLU",
        "PReLU",
        "ReLU",
        "Softmax",
    ),
    "layers.attention": ("AdditiveAttention", "Attention", "MultiHeadAttention"),
    "layers.cells": ("GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"),
    "layers.containers": (
        "Input",
        "InputLayer",
        "Lambda",
        "Model",
        "Sequential",
    ),
    "layers.adaptive": (
        "AdaptiveAveragePooling1D",
        "AdaptiveAveragePooling2D",
        "AdaptiveAveragePooling3D",
        "AdaptiveMaxPooling1D",
        "AdaptiveMaxPooling2D",
        "AdaptiveMaxPooling3D",
    ),
    "layers.conv_lstm": ("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"),
    "layers.convolutions": (
        "Conv1D",
        "Conv1DTranspose",
        "Conv2D",
        "Conv2DTranspose",
        "Conv3D",
        "Conv3DTranspose",
        "DepthwiseConv1D",
        "DepthwiseConv2D",
        "SeparableConv1D",
        "SeparableConv2D",
    ),
    "layers.dense": (
        "Dense",
        "EinsumDense",
    ),
    "layers.embedding": (
        "Embedding",
        "Masking",
    ),
    "layers.merging": (
        "Add",
        "Average",
        "Concatenate",
        "Dot",
        "Maximum",
        "Minimum",
        "Multiply",
        "Subtract",
    ),
    "layers.noise": (
        "ActivityRegularization",
        "AlphaDropout",
        "Dropout",
        "GaussianDropout",
        "GaussianNoise",
        "SpatialDropout1D",
        "SpatialDropout2D",
        "SpatialDropout3D",
    ),
    "layers.normalization": (
        "BatchNormalization",
        "GroupNormalization",
        "LayerNormalization",
        "RMSNormalization",
        "UnitNormalization",
    ),
    "layers.pooling": (
        "AveragePooling1D",
        "AveragePooling2D",
        "AveragePooling3D",
        "GlobalAveragePooling1D",
        "GlobalAveragePooling2D",
        "GlobalAveragePooling3D",
        "GlobalMaxPooling1D",
        "GlobalMaxPooling2D",
        "GlobalMaxPooling3D",
        "MaxPooling1D",
        "MaxPooling2D",
        "MaxPooling3D",
    ),
    "layers.recurrent": ("Bidirectional", "GRU", "LSTM", "RNN", "SimpleRNN", "TimeDistributed"),
    "layers.reshaping": (
        "Cropping1D",
        "Cropping2D",
        "Cropping3D",
        "Flatten",
        "Identity",
        "Permute",
        "RepeatVector",
        "Reshape",
        "UpSampling1D",
        "UpSampling2D",
        "UpSampling3D",
        "ZeroPadding1D",
        "ZeroPadding2D",
        "ZeroPadding3D",
    ),
}
"""Where the classes are, which are imported when somebody asks for one."""

ROOMS = ("activations", "callbacks", "constraints", "initializers", "layers", "losses", "metrics", "regularizers")

_PLACES = {name: module for module, names in CLASSES.items() for name in names}

ALIASES = {
    name.replace(long, short): name
    for long, short in (("AveragePooling", "AvgPool"), ("MaxPooling", "MaxPool"), ("Conv", "Convolution"))
    for name in _PLACES
    if long in name and not name.startswith(("Adaptive", "ConvLSTM", "Depthwise"))
}
"""Keras's other names of layers."""

for _name in FUNCTIONS:
    globals()[_name] = _doors.door(_name)
for _name in _activations.__all__:
    globals()[_name] = getattr(_activations, _name)

__all__ = sorted([*FUNCTIONS, *_activations.__all__, *_PLACES, *ROOMS])  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    """Import a class or a part of the room when it is first asked for."""
    name = ALIASES.get(name, name)
    if name in _PLACES:
        globals()[name] = getattr(_import_module(f"{__name__}.{_PLACES[name]}"), name)
        return globals()[name]
    if name == "callbacks":
        return _import_module(f"{__name__}.fitting.callbacks")
    if name in ROOMS:
        return _import_module(f"{__name__}.{name}")
    raise AttributeError(f"gradtape.nn has no {name!r}")


def __dir__() -> list[str]:
    return __all__
