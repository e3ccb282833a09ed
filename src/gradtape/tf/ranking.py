"""The largest elements and their places, under the names that `tf.math` and `tf.nn` share; Sobol's points."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from gradtape.errors import MissingLibraryError
from gradtape.tf.arrays import TopK, top_k
from gradtape.tf.calls import row, static, tensor


def approx_max_k(
    operand: Any,
    k: Any,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> TopK:
    """Return the `k` largest elements along an axis and their positions; they are exact here."""
    moved = row("moveaxis")(tensor(operand), reduction_dimension, -1)
    return TopK(*(row("moveaxis")(part, -1, reduction_dimension) for part in top_k(moved, k)))


def approx_min_k(
    operand: Any,
    k: Any,
    reduction_dimension: int = -1,
    recall_target: float = 0.95,
    reduction_input_size_override: int = -1,
    aggregate_to_topk: bool = True,
    name: str | None = None,
) -> TopK:
    """Return the `k` smallest elements along an axis and their positions; they are exact here."""
    values, indices = approx_max_k(-tensor(operand), k, reduction_dimension)
    return TopK(-values, indices)


def in_top_k(targets: Any, predictions: Any, k: Any, name: str | None = None) -> Any:
    """Return whether fewer than `k` scores of a row are larger than that of the row's class; nothing flows back."""
    return row("in_top_k")(tensor(predictions), tensor(targets), k=int(static(k)))


def sobol_sample(dim: Any, num_results: Any, skip: Any = 0, dtype: Any = np.float32, name: str | None = None) -> Any:
    """Return points of Sobol's sequence, without the origin, after `skip` of them; computed by SciPy."""
    try:
        from scipy.stats import qmc
    except ModuleNotFoundError:
        error = MissingLibraryError("sobol_sample is computed by SciPy, which is not installed")
        error.add_note("install it: `pip install 'gradtape[scipy]'`")
        raise error from None
    source = qmc.Sobol(int(static(dim)), scramble=False).fast_forward(1 + int(static(skip)))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the balance of powers of 2, which TensorFlow does not ask for
        return tensor(source.random(int(static(num_results))).astype(dtype))
