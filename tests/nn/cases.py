"""What is asked of Keras and of `gradtape.nn` alike: layers, losses and metrics with their arguments and inputs."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


def wave(shape, start=0.0):
    """Numbers between -1 and 1 without ties."""
    return np.sin(start + 1.7 * np.arange(int(np.prod(shape)))).reshape(shape)


class Layer(NamedTuple):
    """A layer, the shapes of its inputs (or arrays), and what its call is given besides."""

    kind: str
    arguments: dict[str, Any]
    inputs: tuple[Any, ...]
    given: dict[str, Any]


def layer(kind, *inputs, given=None, **arguments):
    return Layer(kind, arguments, inputs, given or {})


LAYERS = {
    "dense": layer("Dense", (4, 3), units=2, activation="relu"),
    "dense of many axes": layer("Dense", (2, 3, 4), units=2, use_bias=False, activation="gelu"),
    "einsum dense": layer("EinsumDense", (2, 3, 4), equation="abc,cd->abd", output_shape=(None, 5), bias_axes="d"),
    "einsum dense heads": layer(
        "EinsumDense", (2, 3, 4), equation="abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"
    ),
}


def arrays(case):
    """The inputs of a layer."""
    return [
        (wave(x, k) if isinstance(x, tuple) else np.asarray(x)).astype(
            "float32" if isinstance(x, tuple) else np.asarray(x).dtype
        )
        for k, x in enumerate(case.inputs)
    ]


def weight_values(shapes, names):
    """The values that weights are given: those of variances and scales are positive."""
    return [
        (np.abs(wave(s, k)) + 0.5 if "variance" in n or "gamma" in n else 0.7 * wave(s, k)).astype("float32")
        for k, (s, n) in enumerate(zip(shapes, names, strict=True))
    ]


def weigh(y, xp_sum):
    """A number that depends on every element of an output in another way."""
    return xp_sum(y * wave(tuple(y.shape), 0.3).astype("float32"))


class Loss(NamedTuple):
    """A loss or metric, its arguments, truths, predictions and weights."""

    kind: str
    arguments: dict[str, Any]
    y_true: Any
    y_pred: Any
    sample_weight: Any = None


def loss(kind, y_true, y_pred, sample_weight=None, **arguments):
    return Loss(kind, arguments, np.asarray(y_true), np.asarray(y_pred), sample_weight)


NUMBERS = (wave((3, 4), 2.0).astype("float32"), wave((3, 4), 1.0).astype("float32"))
POSITIVE = tuple((np.abs(v) + 0.1).astype("float32") for v in NUMBERS)
SHARES = tuple((p / p.sum(-1, keepdims=True)).astype("float32") for p in POSITIVE)
TRUTHS = (np.array([[1, 0, 1, 0], [0, 0, 1, 1], [1, 1, 1, 0]], "float32"), (0.5 + 0.45 * NUMBERS[1]).astype("float32"))
ONE_HOT = (np.eye(4, dtype="float32")[[2, 0, 3]], SHARES[1])
CLASSES = (np.array([2, 0, 3]), SHARES[1])
WEIGHTS = np.array([1.0, 0.5, 2.0], "float32")
FULL_WEIGHTS = (0.5 + np.abs(wave((3, 4)))).astype("float32")
LABELS = np.array([[1, 2, 0], [3, 3, 1]])
SCORES = (2.0 * wave((2, 6, 4))).astype("float32")

LOSSES = {}
for _kind in (
    "MeanSquaredError", "MeanAbsoluteError", "MeanAbsolutePercentageError", "Huber", "LogCosh", "CosineSimilarity",
    "CategoricalHinge",
):  # fmt: skip
    LOSSES[_kind] = loss(_kind, *NUMBERS)
    LOSSES[f"{_kind} weighted"] = loss(_kind, *NUMBERS, WEIGHTS)
for _reduction in ("sum", "none", "mean", "mean_with_sample_weight"):
    LOSSES[f"MeanSquaredError {_reduction}"] = loss("MeanSquaredError", *NUMBERS, WEIGHTS, reduction=_reduction)
for _kind in ("MeanSquaredLogarithmicError", "Poisson"):
    LOSSES[_kind] = loss(_kind, *POSITIVE)
LOSSES |= {
    "MeanSquaredError of columns": loss("MeanSquaredError", NUMBERS[0][:, 0], NUMBERS[1][:, :1]),
    "Huber delta": loss("Huber", *NUMBERS, delta=0.3),
    "KLDivergence": loss("KLDivergence", *SHARES, WEIGHTS),
    "CosineSimilarity axis": loss("CosineSimilarity", *NUMBERS, axis=0),
    "Hinge": loss("Hinge", *TRUTHS),
    "Hinge of signs": loss("Hinge", 2 * TRUTHS[0] - 1, NUMBERS[1]),
    "SquaredHinge": loss("SquaredHinge", *TRUTHS, WEIGHTS),
    "BinaryCrossentropy": loss("BinaryCrossentropy", *TRUTHS),
    "BinaryCrossentropy logits": loss("BinaryCrossentropy", TRUTHS[0], NUMBERS[1], WEIGHTS, from_logits=True),
    "BinaryCrossentropy smooth": loss("BinaryCrossentropy", *TRUTHS, label_smoothing=0.2),
    "BinaryFocalCrossentropy": loss("BinaryFocalCrossentropy", *TRUTHS),
    "BinaryFocalCrossentropy balanced": loss(
        "BinaryFocalCrossentropy", TRUTHS[0], NUMBERS[1], apply_class_balancing=True, from_logits=True, gamma=1.5
    ),
    "CategoricalCrossentropy": loss("CategoricalCrossentropy", *ONE_HOT),
    "CategoricalCrossentropy unscaled": loss("CategoricalCrossentropy", ONE_HOT[0], POSITIVE[1], WEIGHTS),
    "CategoricalCrossentropy logits": loss(
        "CategoricalCrossentropy", ONE_HOT[0], NUMBERS[1], from_logits=True, label_smoothing=0.1
    ),
    "CategoricalFocalCrossentropy": loss("CategoricalFocalCrossentropy", *ONE_HOT, WEIGHTS, label_smoothing=0.1),
    "SparseCategoricalCrossentropy": loss("SparseCategoricalCrossentropy", *CLASSES, WEIGHTS),
    "SparseCategoricalCrossentropy logits": loss(
        "SparseCategoricalCrossentropy", CLASSES[0][:, None], NUMBERS[1], from_logits=True
    ),
    "SparseCategoricalCrossentropy ignoring": loss(
        "SparseCategoricalCrossentropy", [2, -1, 3], NUMBERS[1], from_logits=True, ignore_class=-1
    ),
    "SparseCategoricalCrossentropy of steps": loss(
        "SparseCategoricalCrossentropy", [[1, 0], [3, 1]], wave((2, 2, 4)).astype("float32"), from_logits=True
    ),
    "Dice": loss("Dice", *TRUTHS),
    "Dice axis": loss("Dice", *TRUTHS, axis=(1,)),
    "Tversky": loss("Tversky", *TRUTHS, alpha=0.3, beta=0.8),
    "CTC": loss("CTC", LABELS, SCORES),
}
