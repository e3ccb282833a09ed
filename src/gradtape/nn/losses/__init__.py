"""Losses with Keras's names: classes, which weight and reduce, and functions, which give one value per example.

Examples
--------
>>> import gradtape as gt
>>> loss = gt.nn.losses.MeanSquaredError()
>>> loss([[0.0], [1.0]], [[1.0], [3.0]], sample_weight=[1.0, 0.5])
Tensor(1.5)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.nn.losses.crossentropy import (
    BinaryCrossentropy,
    BinaryFocalCrossentropy,
    CategoricalCrossentropy,
    CategoricalFocalCrossentropy,
    SparseCategoricalCrossentropy,
    binary_crossentropy,
    binary_focal_crossentropy,
    categorical_crossentropy,
    categorical_focal_crossentropy,
    sparse_categorical_crossentropy,
)
from gradtape.nn.losses.ctc import CTC, ctc
from gradtape.nn.losses.hinges import (
    CategoricalHinge,
    Hinge,
    SquaredHinge,
    categorical_hinge,
    hinge,
    squared_hinge,
)
from gradtape.nn.losses.loss import Loss, LossFunctionWrapper
from gradtape.nn.losses.overlap import Dice, Tversky, dice, tversky
from gradtape.nn.losses.regression import (
    CosineSimilarity,
    Huber,
    KLDivergence,
    LogCosh,
    MeanAbsoluteError,
    MeanAbsolutePercentageError,
    MeanSquaredError,
    MeanSquaredLogarithmicError,
    Poisson,
    cosine_similarity,
    huber,
    kl_divergence,
    log_cosh,
    mean_absolute_error,
    mean_absolute_percentage_error,
    mean_squared_error,
    mean_squared_logarithmic_error,
    poisson,
)
from gradtape.nn.named import named

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = [
    "CTC",
    "BinaryCrossentropy",
    "BinaryFocalCrossentropy",
    "CategoricalCrossentropy",
    "CategoricalFocalCrossentropy",
    "CategoricalHinge",
    "CosineSimilarity",
    "Dice",
    "Hinge",
    "Huber",
    "KLDivergence",
    "LogCosh",
    "Loss",
    "LossFunctionWrapper",
    "MeanAbsoluteError",
    "MeanAbsolutePercentageError",
    "MeanSquaredError",
    "MeanSquaredLogarithmicError",
    "Poisson",
    "SparseCategoricalCrossentropy",
    "SquaredHinge",
    "Tversky",
    "binary_crossentropy",
    "binary_focal_crossentropy",
    "categorical_crossentropy",
    "categorical_focal_crossentropy",
    "categorical_hinge",
    "cosine_similarity",
    "ctc",
    "dice",
    "hinge",
    "huber",
    "kl_divergence",
    "log_cosh",
    "mean_absolute_error",
    "mean_absolute_percentage_error",
    "mean_squared_error",
    "mean_squared_logarithmic_error",
    "poisson",
    "sparse_categorical_crossentropy",
    "squared_hinge",
    "tversky",
]

NAMED = {
    **{name: globals()[name] for name in __all__ if name[0].islower()},
    "kld": kl_divergence,
    "logcosh": log_cosh,
    "mae": mean_absolute_error,
    "mape": mean_absolute_percentage_error,
    "mse": mean_squared_error,
    "msle": mean_squared_logarithmic_error,
}


def get(identifier: Any) -> Callable[..., Any]:
    """Return a loss for a name (`"mse"`), a function of truth and prediction, or a loss; it reduces to a mean.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.losses.get("mse")([[0.0]], [[2.0]])
    Tensor(4.)
    """
    found = named("loss", NAMED, identifier)
    made: Any = found if isinstance(found, Loss) or found is None else LossFunctionWrapper(found)
    return made  # type: ignore[no-any-return]
