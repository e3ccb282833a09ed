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


IMAGE, LINE, VOLUME, FIRST = (2, 5, 4, 3), (2, 6, 3), (1, 3, 4, 3, 2), (2, 3, 5, 4)
MASK = np.array([[True, True, False], [True, False, False]])
NUMBERED = np.array([[1, 3, 0], [2, 2, 4]])

LAYERS = {
    "dense": layer("Dense", (4, 3), units=2, activation="relu"),
    "dense of many axes": layer("Dense", (2, 3, 4), units=2, use_bias=False, activation="gelu"),
    "einsum dense": layer("EinsumDense", (2, 3, 4), equation="abc,cd->abd", output_shape=(None, 5), bias_axes="d"),
    "einsum dense heads": layer(
        "EinsumDense", (2, 3, 4), equation="abc,cde->abde", output_shape=(None, 2, 3), bias_axes="de"
    ),
    "conv 1": layer("Conv1D", LINE, filters=2, kernel_size=3, activation="tanh"),
    "conv 1 causal": layer("Conv1D", LINE, filters=2, kernel_size=3, padding="causal", dilation_rate=2),
    "conv 2": layer("Conv2D", IMAGE, filters=2, kernel_size=(3, 2)),
    "conv 2 same": layer("Conv2D", IMAGE, filters=2, kernel_size=3, strides=2, padding="same", use_bias=False),
    "conv 2 dilated": layer("Conv2D", IMAGE, filters=2, kernel_size=2, dilation_rate=(2, 1), activation="relu"),
    "conv 2 groups": layer("Conv2D", (1, 4, 4, 4), filters=6, kernel_size=2, groups=2),
    "conv 3": layer("Conv3D", VOLUME, filters=2, kernel_size=2, padding="same"),
    "conv 1 transpose": layer("Conv1DTranspose", LINE, filters=2, kernel_size=3, strides=2),
    "conv 2 transpose": layer("Conv2DTranspose", (2, 3, 2, 3), filters=2, kernel_size=3, strides=2, padding="same"),
    "conv 2 transpose valid": layer("Conv2DTranspose", (2, 3, 2, 3), filters=2, kernel_size=2, strides=3),
    "conv 2 transpose more": layer(
        "Conv2DTranspose", (1, 3, 2, 2), filters=2, kernel_size=3, strides=2, padding="same", output_padding=1
    ),
    "conv 3 transpose": layer("Conv3DTranspose", (1, 2, 2, 2, 2), filters=1, kernel_size=2, strides=(1, 2, 1)),
    "depthwise conv 1": layer("DepthwiseConv1D", LINE, kernel_size=3, depth_multiplier=2),
    "depthwise conv 2": layer("DepthwiseConv2D", IMAGE, kernel_size=(2, 3), depth_multiplier=2, padding="same"),
    "separable conv 1": layer("SeparableConv1D", LINE, filters=4, kernel_size=3, strides=2, padding="same"),
    "separable conv 2": layer("SeparableConv2D", IMAGE, filters=4, kernel_size=2, depth_multiplier=2),
    "max pooling 1": layer("MaxPooling1D", LINE, pool_size=2),
    "max pooling 2": layer("MaxPooling2D", IMAGE, pool_size=(2, 3), strides=1, padding="same"),
    "max pooling 3": layer("MaxPooling3D", VOLUME, pool_size=2),
    "average pooling 1": layer("AveragePooling1D", LINE, pool_size=3, strides=2, padding="same"),
    "average pooling 2": layer("AveragePooling2D", IMAGE, pool_size=2),
    "average pooling 3": layer("AveragePooling3D", VOLUME, pool_size=(2, 2, 1)),
    "global max pooling 1": layer("GlobalMaxPooling1D", LINE),
    "global max pooling 2": layer("GlobalMaxPooling2D", IMAGE, keepdims=True),
    "global max pooling 3": layer("GlobalMaxPooling3D", VOLUME),
    "global average pooling 1": layer("GlobalAveragePooling1D", (2, 3, 2), given={"mask": MASK}),
    "global average pooling 2": layer("GlobalAveragePooling2D", FIRST, data_format="channels_first"),
    "global average pooling 3": layer("GlobalAveragePooling3D", VOLUME),
    "adaptive average pooling 1": layer("AdaptiveAveragePooling1D", LINE, output_size=4),
    "adaptive average pooling 2": layer(
        "AdaptiveAveragePooling2D", FIRST, output_size=(2, 3), data_format="channels_first"
    ),
    "adaptive average pooling 3": layer("AdaptiveAveragePooling3D", VOLUME, output_size=(3, 2, 2)),
    "adaptive max pooling 1": layer("AdaptiveMaxPooling1D", LINE, output_size=4),
    "adaptive max pooling 2": layer("AdaptiveMaxPooling2D", IMAGE, output_size=3),
    "adaptive max pooling 3": layer("AdaptiveMaxPooling3D", VOLUME, output_size=2),
    "batch normalization": layer("BatchNormalization", (6, 3)),
    "batch normalization training": layer("BatchNormalization", IMAGE, momentum=0.8, given={"training": True}),
    "batch normalization first": layer("BatchNormalization", FIRST, axis=1, scale=False, given={"training": True}),
    "batch normalization masked": layer("BatchNormalization", (2, 3, 2), given={"training": True, "mask": MASK}),
    "batch normalization frozen": layer("BatchNormalization", (6, 3), trainable=False, given={"training": True}),
    "layer normalization": layer("LayerNormalization", (4, 5)),
    "layer normalization axes": layer("LayerNormalization", (2, 3, 4), axis=(1, 2), epsilon=1e-5, center=False),
    "layer normalization inner": layer("LayerNormalization", (2, 3, 4), axis=1),
    "rms normalization": layer("RMSNormalization", (4, 5)),
    "group normalization": layer("GroupNormalization", (2, 3, 2, 6), groups=3),
    "group normalization first": layer("GroupNormalization", (2, 4, 3), groups=-1, axis=1),
    "unit normalization": layer("UnitNormalization", (3, 4)),
    "dropout off": layer("Dropout", (3, 4), rate=0.5),
    "embedding": layer("Embedding", NUMBERED, input_dim=5, output_dim=2),
    "masking": layer("Masking", (2, 3, 2)),
    "activation": layer("Activation", (3, 4), activation="softmax"),
    "relu": layer("ReLU", (3, 4), max_value=0.6, negative_slope=0.2, threshold=0.1),
    "leaky relu": layer("LeakyReLU", (3, 4)),
    "elu": layer("ELU", (3, 4), alpha=0.7),
    "prelu": layer("PReLU", (2, 3, 2), shared_axes=[1]),
    "softmax": layer("Softmax", (3, 4), axis=0),
    "softmax masked": layer("Softmax", (2, 3), given={"mask": MASK}),
    "flatten": layer("Flatten", (2, 3, 2)),
    "flatten first": layer("Flatten", FIRST, data_format="channels_first"),
    "reshape": layer("Reshape", (2, 6), target_shape=(3, -1)),
    "permute": layer("Permute", (2, 3, 4), dims=(2, 1)),
    "repeat vector": layer("RepeatVector", (2, 3), n=2),
    "zero padding 1": layer("ZeroPadding1D", LINE, padding=(1, 2)),
    "zero padding 2": layer("ZeroPadding2D", IMAGE, padding=((1, 0), (2, 1))),
    "zero padding 3": layer("ZeroPadding3D", VOLUME, padding=(1, 0, 2)),
    "cropping 1": layer("Cropping1D", LINE, cropping=(1, 2)),
    "cropping 2": layer("Cropping2D", IMAGE, cropping=((1, 0), (1, 1))),
    "cropping 3": layer("Cropping3D", VOLUME, cropping=((1, 0), (0, 1), (1, 1))),
    "up sampling 1": layer("UpSampling1D", (2, 3, 2), size=2),
    "up sampling 2": layer("UpSampling2D", (1, 2, 3, 2), size=(2, 3)),
    "up sampling 2 bilinear": layer("UpSampling2D", (1, 3, 2, 2), size=2, interpolation="bilinear"),
    "up sampling 2 bicubic": layer("UpSampling2D", (1, 4, 3, 1), size=2, interpolation="bicubic"),
    "up sampling 3": layer("UpSampling3D", (1, 1, 2, 1, 2), size=(1, 2, 2)),
    "identity": layer("Identity", (2, 3)),
    "add": layer("Add", [(2, 3), (2, 3), (2, 3)]),
    "subtract": layer("Subtract", [(2, 3), (2, 3)]),
    "multiply": layer("Multiply", [(2, 3), (2, 3)]),
    "average": layer("Average", [(2, 3), (2, 3)]),
    "maximum": layer("Maximum", [(2, 3), (2, 3)]),
    "minimum": layer("Minimum", [(2, 3), (2, 3)]),
    "concatenate": layer("Concatenate", [(2, 3), (2, 2)]),
    "dot": layer("Dot", [(2, 3, 4), (2, 5, 4)], axes=2),
    "simple rnn": layer("SimpleRNN", (2, 3, 2), units=3),
    "simple rnn sequences": layer("SimpleRNN", (2, 3, 2), units=2, return_sequences=True, go_backwards=True),
    "lstm": layer("LSTM", (2, 4, 2), units=3),
    "lstm states": layer("LSTM", (2, 3, 2), units=2, return_sequences=True, return_state=True, use_bias=False),
    "lstm masked": layer("LSTM", (2, 3, 2), units=2, return_sequences=True, given={"mask": MASK}),
    "lstm masked zero": layer(
        "LSTM", (2, 3, 2), units=2, return_sequences=True, zero_output_for_mask=True, given={"mask": MASK}
    ),
    "gru": layer("GRU", (2, 4, 2), units=3, activation="relu"),
    "gru masked backwards": layer("GRU", (2, 3, 2), units=2, go_backwards=True, given={"mask": MASK}),
    "gru before": layer("GRU", (2, 3, 2), units=2, reset_after=False, return_sequences=True),
    "rnn of cells": layer(
        "RNN", (2, 3, 2), cell=[layer("GRUCell", units=2), layer("SimpleRNNCell", units=3), layer("LSTMCell", units=2)]
    ),
    "rnn of stacked cells": layer(
        "RNN", (2, 3, 2), cell=layer("StackedRNNCells", cells=[layer("GRUCell", units=2), layer("LSTMCell", units=2)])
    ),
    "conv lstm 1": layer("ConvLSTM1D", (2, 3, 5, 2), filters=2, kernel_size=3),
    "conv lstm 2": layer(
        "ConvLSTM2D",
        (1, 3, 4, 3, 2),
        filters=2,
        kernel_size=2,
        padding="same",
        return_sequences=True,
        return_state=True,
    ),
    "conv lstm 2 strides": layer(
        "ConvLSTM2D", (2, 2, 5, 4, 1), filters=2, kernel_size=(3, 2), strides=2, go_backwards=True, use_bias=False
    ),
    "conv lstm 2 dilated": layer("ConvLSTM2D", (1, 2, 4, 4, 1), filters=1, kernel_size=2, dilation_rate=2),
    "conv lstm 2 masked": layer(
        "ConvLSTM2D", (2, 3, 3, 2, 1), filters=2, kernel_size=2, padding="same", given={"mask": MASK}
    ),
    "conv lstm 3": layer("ConvLSTM3D", (1, 2, 2, 3, 2, 1), filters=2, kernel_size=2, padding="same"),
    "simple rnn cell": layer("SimpleRNNCell", (2, 3), [(2, 2)], units=2),
    "lstm cell": layer("LSTMCell", (2, 3), [(2, 2), (2, 2)], units=2),
    "gru cell": layer("GRUCell", (2, 3), [(2, 2)], units=2),
    "bidirectional": layer("Bidirectional", (2, 3, 2), layer=layer("LSTM", units=2, return_sequences=True)),
    "bidirectional sum": layer("Bidirectional", (2, 3, 2), layer=layer("GRU", units=2), merge_mode="sum"),
    "bidirectional both": layer(
        "Bidirectional", (2, 3, 2), layer=layer("GRU", units=2, return_state=True), merge_mode=None
    ),
    "time distributed": layer("TimeDistributed", (2, 3, 4), layer=layer("Dense", units=2, activation="tanh")),
    "attention": layer("Attention", [(2, 3, 4), (2, 5, 4)], use_scale=True),
    "attention keys": layer("Attention", [(2, 3, 4), (2, 5, 2), (2, 5, 4)], given={"use_causal_mask": True}),
    "attention concat": layer(
        "Attention",
        [(2, 3, 4), (2, 3, 4)],
        score_mode="concat",
        given={"mask": [MASK, ~MASK], "return_attention_scores": True},
    ),
    "additive attention": layer("AdditiveAttention", [(2, 3, 4), (2, 5, 4)]),
    "multi head attention": layer("MultiHeadAttention", (2, 3, 4), (2, 5, 3), num_heads=2, key_dim=3),
    "multi head attention causal": layer(
        "MultiHeadAttention",
        (2, 3, 4),
        (2, 3, 4),
        num_heads=2,
        key_dim=2,
        value_dim=3,
        output_shape=5,
        use_bias=False,
        given={"use_causal_mask": True, "return_attention_scores": True},
    ),
    "multi head attention masked": layer(
        "MultiHeadAttention", (2, 3, 4), (2, 3, 4), num_heads=1, key_dim=2, given={"value_mask": MASK}
    ),
    "dot of vectors": layer("Dot", [(2, 3), (2, 3)], axes=1, normalize=True),
}


def arrays(case):
    """The inputs of a layer: shapes become waves, lists stay lists."""

    def made(x, k):
        if isinstance(x, list):
            return [made(part, 2 * j + 1) for j, part in enumerate(x)]
        return wave(x, k + 0.2).astype("float32") if isinstance(x, tuple) else np.asarray(x)

    return [made(x, k) for k, x in enumerate(case.inputs)]


def leaves(values):
    """The arrays in lists."""
    return [leaf for v in values for leaf in (leaves(v) if isinstance(v, list | tuple) else [v])]


def floats(values):
    """Those that have gradients."""
    return [v for v in leaves(values) if "float" in str(v.dtype)]


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


GUESSES = np.array([[0.1, 0.6, 0.3, 0.0], [0.5, 0.2, 0.2, 0.1], [0.25, 0.3, 0.05, 0.4]], "float32")
FLAT = (np.array([0, 0, 1, 1, 1, 0, 1, 0], "float32"), np.array([0.1, 0.5, 0.35, 0.8, 0.5, 0.62, 0.9, 0.05], "float32"))
FLAT_WEIGHTS = np.array([1.0, 0.5, 2.0, 0.3, 1.0, 0.7, 1.5, 0.2], "float32")
TABLES = (np.array([0, 0, 1, 2, 1, 2]), np.array([0, 1, 1, 2, 0, 1]))

METRICS = {
    "Accuracy": loss("Accuracy", TABLES[0], TABLES[1], np.arange(6.0)),
    "BinaryAccuracy": loss("BinaryAccuracy", *TRUTHS, WEIGHTS),
    "BinaryAccuracy threshold": loss("BinaryAccuracy", *TRUTHS, threshold=0.8),
    "CategoricalAccuracy": loss("CategoricalAccuracy", ONE_HOT[0], GUESSES, WEIGHTS),
    "SparseCategoricalAccuracy": loss("SparseCategoricalAccuracy", np.array([[1], [2], [3]]), GUESSES, WEIGHTS),
    "TopKCategoricalAccuracy": loss("TopKCategoricalAccuracy", ONE_HOT[0], GUESSES, k=2),
    "SparseTopKCategoricalAccuracy": loss("SparseTopKCategoricalAccuracy", [2, 1, 0], GUESSES, WEIGHTS, k=2),
    "RootMeanSquaredError": loss("RootMeanSquaredError", *NUMBERS, WEIGHTS[:, None]),
    "MeanSquaredError": loss("MeanSquaredError", *NUMBERS, WEIGHTS),
    "MeanAbsoluteError": loss("MeanAbsoluteError", *NUMBERS),
    "MeanAbsolutePercentageError": loss("MeanAbsolutePercentageError", *NUMBERS),
    "MeanSquaredLogarithmicError": loss("MeanSquaredLogarithmicError", *POSITIVE),
    "LogCoshError": loss("LogCoshError", *NUMBERS),
    "CosineSimilarity": loss("CosineSimilarity", *NUMBERS, WEIGHTS),
    "Hinge": loss("Hinge", *TRUTHS),
    "SquaredHinge": loss("SquaredHinge", *TRUTHS),
    "CategoricalHinge": loss("CategoricalHinge", *NUMBERS),
    "KLDivergence": loss("KLDivergence", *SHARES, WEIGHTS),
    "Poisson": loss("Poisson", *POSITIVE),
    "BinaryCrossentropy": loss("BinaryCrossentropy", *TRUTHS, label_smoothing=0.1),
    "CategoricalCrossentropy": loss("CategoricalCrossentropy", ONE_HOT[0], NUMBERS[1], from_logits=True),
    "SparseCategoricalCrossentropy": loss("SparseCategoricalCrossentropy", *CLASSES, WEIGHTS),
    "R2Score": loss("R2Score", *NUMBERS),
    "R2Score weighted": loss("R2Score", *NUMBERS, WEIGHTS[:, None], class_aggregation="variance_weighted_average"),
    "R2Score each": loss("R2Score", *NUMBERS, class_aggregation=None),
    "R2Score adjusted": loss("R2Score", FLAT[0][:, None], FLAT[1][:, None], num_regressors=2),
    "TruePositives": loss("TruePositives", *FLAT, FLAT_WEIGHTS),
    "FalsePositives": loss("FalsePositives", *FLAT, thresholds=[0.2, 0.5, 0.7]),
    "TrueNegatives": loss("TrueNegatives", *TRUTHS, WEIGHTS),
    "FalseNegatives": loss("FalseNegatives", *FLAT, FLAT_WEIGHTS, thresholds=[0.5, 0.8]),
    "Precision": loss("Precision", *FLAT, FLAT_WEIGHTS),
    "Precision thresholds": loss("Precision", *FLAT, thresholds=[0.1, 0.5, 0.95]),
    "Precision top": loss("Precision", TRUTHS[0], GUESSES, top_k=2),
    "Recall": loss("Recall", *TRUTHS, WEIGHTS),
    "Recall class": loss("Recall", TRUTHS[0], GUESSES, class_id=2, thresholds=0.25),
    "AUC": loss("AUC", *FLAT),
    "AUC weighted": loss("AUC", *FLAT, FLAT_WEIGHTS, num_thresholds=5, summation_method="minoring"),
    "AUC precision": loss("AUC", *FLAT, curve="PR"),
    "AUC precision majoring": loss("AUC", *FLAT, FLAT_WEIGHTS, curve="PR", summation_method="majoring"),
    "AUC thresholds": loss("AUC", *FLAT, thresholds=[0.2, 0.5, 0.6]),
    "AUC labels": loss("AUC", *TRUTHS, WEIGHTS, multi_label=True, num_labels=4),
    "AUC logits": loss("AUC", FLAT[0], 4 * FLAT[1] - 2, from_logits=True),
    "SensitivityAtSpecificity": loss("SensitivityAtSpecificity", *FLAT, specificity=0.5),
    "SpecificityAtSensitivity": loss("SpecificityAtSensitivity", *FLAT, FLAT_WEIGHTS, sensitivity=0.6),
    "PrecisionAtRecall": loss("PrecisionAtRecall", *FLAT, recall=0.8),
    "RecallAtPrecision": loss("RecallAtPrecision", *FLAT, FLAT_WEIGHTS, precision=0.7, num_thresholds=20),
    "F1Score": loss("F1Score", ONE_HOT[0], GUESSES),
    "F1Score macro": loss("F1Score", TRUTHS[0], GUESSES, WEIGHTS, average="macro", threshold=0.25),
    "FBetaScore weighted": loss("FBetaScore", TRUTHS[0], GUESSES, average="weighted", beta=2.0, threshold=0.25),
    "FBetaScore micro": loss("FBetaScore", TRUTHS[0], GUESSES, average="micro", beta=0.5),
    "IoU": loss("IoU", *TABLES, num_classes=3, target_class_ids=[0, 2]),
    "MeanIoU": loss("MeanIoU", *TABLES, np.arange(1, 7), num_classes=4),
    "MeanIoU ignoring": loss("MeanIoU", *TABLES, num_classes=3, ignore_class=1),
    "BinaryIoU": loss("BinaryIoU", *FLAT, np.arange(1, 9), target_class_ids=[1], threshold=0.5),
    "OneHotIoU": loss("OneHotIoU", ONE_HOT[0], GUESSES, num_classes=4, target_class_ids=[0, 2, 3]),
    "OneHotMeanIoU": loss("OneHotMeanIoU", ONE_HOT[0], GUESSES, [1.0, 3.0, 2.0], num_classes=4),
}
"""The mean and the sum, of values alone, are not here. Keras cuts the weights of areas to whole numbers."""


class Net(NamedTuple):
    """Layers that are called one after the other with whole numbers, of which 0 is no step, and a loss's truth."""

    layers: list[Layer]
    y_true: Any
    loss: str = "MeanSquaredError"
    metric: str = "MeanAbsoluteError"
    sample_weight: Any = None


PADDED = np.array([[1, 3, 0, 0], [2, 0, 0, 0], [4, 1, 1, 2]])
WORDS = layer("Embedding", input_dim=5, output_dim=3, mask_zero=True)
STEPS = wave((3, 4, 2)).astype("float32")
FEATURES = wave((3, 4, 3), 2.0).astype("float32")


def sequences(kind, **arguments):
    return layer(kind, units=2, return_sequences=True, **arguments)


NETS = {
    "embedding": Net([WORDS], FEATURES),
    "no mask": Net([WORDS._replace(arguments={**WORDS.arguments, "mask_zero": False})], FEATURES),
    "masking": Net([layer("Embedding", input_dim=5, output_dim=3), layer("Masking")], FEATURES),
    "dense": Net([WORDS, layer("Dense", units=2, activation="tanh")], STEPS),
    "weights of steps": Net(
        [WORDS, layer("Dense", units=2)], STEPS, sample_weight=(0.5 + np.abs(wave((3, 4)))).astype("float32")
    ),
    "classes": Net(
        [WORDS, layer("Dense", units=2, activation="softmax")],
        np.array([[1, 0, 0, 1], [0, 0, 1, 1], [1, 1, 0, 0]]),
        "SparseCategoricalCrossentropy",
        "SparseCategoricalAccuracy",
    ),
    "lstm": Net([WORDS, sequences("LSTM"), layer("Dense", units=2)], STEPS),
    "last of a gru": Net([WORDS, layer("GRU", units=2)], STEPS[:, 0]),
    "two recurrent layers": Net([WORDS, sequences("SimpleRNN"), sequences("GRU", zero_output_for_mask=True)], STEPS),
    "bidirectional": Net([WORDS, layer("Bidirectional", layer=sequences("LSTM"), merge_mode="sum")], STEPS),
    "time distributed": Net([WORDS, layer("TimeDistributed", layer=layer("Dense", units=2))], STEPS),
    "mean": Net([WORDS, layer("GlobalAveragePooling1D")], FEATURES[:, 0]),
    "layer normalization": Net([WORDS, layer("LayerNormalization"), layer("ReLU")], FEATURES),
    "group normalization": Net([WORDS, layer("GroupNormalization", groups=1), layer("LeakyReLU")], FEATURES),
    "dropouts": Net([WORDS, layer("Dropout", rate=0.5), layer("SpatialDropout1D", rate=0.2)], FEATURES),
    "identity": Net([WORDS, layer("Identity"), layer("Activation", activation="tanh")], FEATURES),
}
