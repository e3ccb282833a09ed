"""Functions that count, compare orders and turn positions round; nothing flows back from whole numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

import gradtape as gt
from gradtape.tf import dtypes
from gradtape.tf.arrays import positions_of, top_k
from gradtape.tf.calls import operands, row, static, tensor


def _counted(x: Any) -> Any:
    """Look at a value, and leave a record that nothing flows back from what is made of it."""
    return np.asarray(row("stop_gradient")(x)._value if isinstance(x, gt.Tensor) else x)


def count_nonzero(
    input: Any, axis: Any = None, keepdims: Any = None, dtype: Any = dtypes.int64, name: str | None = None
) -> Any:
    """Count the elements that are not 0."""
    counts = np.count_nonzero(_counted(tensor(input)), axis=static(axis), keepdims=bool(keepdims))
    return tensor(np.asarray(counts, dtype)[()])


def zero_fraction(value: Any, name: str | None = None) -> Any:
    """Return the share of elements that are 0, as float32."""
    x = _counted(tensor(value))
    return tensor(np.float32(np.mean(x == 0)))


def bincount(
    arr: Any,
    weights: Any = None,
    minlength: Any = None,
    maxlength: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
    axis: Any = None,
    binary_output: bool = False,
) -> Any:
    """Count how often each whole number occurs, or add up weights, which have a gradient."""
    if axis is not None or binary_output:
        raise NotImplementedError("bincount: `axis` and `binary_output` are not in this version's stand-in")
    numbers = positions_of(tensor(arr)).reshape(-1)
    length = max(int(numbers.max(initial=-1)) + 1, int(static(minlength) or 0))
    if maxlength is not None:
        length = min(length, int(static(maxlength)))
    inside = np.flatnonzero(numbers < length)
    if weights is None:
        return tensor(np.bincount(numbers[inside], minlength=length).astype(dtype))
    flat = row("reshape")(tensor(weights), shape=(-1,))
    return row("untake")(row("take")(flat, inside, axis=0), numbers[inside], shape=(length,), axis=0)


def confusion_matrix(
    labels: Any,
    predictions: Any,
    num_classes: Any = None,
    weights: Any = None,
    dtype: Any = dtypes.int32,
    name: str | None = None,
) -> Any:
    """Count the pairs of a label (row) and a prediction (column), or add up their weights."""
    truth, guess = (positions_of(tensor(v)).reshape(-1).astype(np.int64) for v in (labels, predictions))
    largest = max(truth.max(initial=-1), guess.max(initial=-1)) + 1
    n = int(largest if num_classes is None else static(num_classes))
    counts = np.zeros((n, n), dtype)
    np.add.at(counts, (truth, guess), 1 if weights is None else _counted(tensor(weights)).reshape(-1).astype(dtype))
    return tensor(counts)


def in_top_k(targets: Any, predictions: Any, k: Any, name: str | None = None) -> Any:
    """Whether the prediction of each target is among the `k` largest of its row, ties counting for it."""
    x, wanted = _counted(tensor(predictions)), positions_of(tensor(targets)).astype(np.int64)
    least = top_k(tensor(x), static(k))[0].numpy()[..., -1]
    chosen = x[np.arange(len(wanted)), wanted]
    return tensor(np.isfinite(chosen) & (chosen >= least))


def invert_permutation(x: Any, name: str | None = None) -> Any:
    """Return where each position went: `y[x[k]]` is `k`."""
    order = positions_of(tensor(x))
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return tensor(places)


def is_non_decreasing(x: Any, name: str | None = None) -> Any:
    """Whether no element is smaller than the one before it."""
    flat = _counted(tensor(x)).reshape(-1)
    return tensor(np.bool_((flat[1:] >= flat[:-1]).all()))


def is_strictly_increasing(x: Any, name: str | None = None) -> Any:
    """Whether every element is larger than the one before it."""
    flat = _counted(tensor(x)).reshape(-1)
    return tensor(np.bool_((flat[1:] > flat[:-1]).all()))


def histogram_fixed_width_bins(
    values: Any, value_range: Any, nbins: Any = 100, dtype: Any = dtypes.int32, name: str | None = None
) -> Any:
    """Return the number of the bin of equal width that each element falls in, the first or the last if outside."""
    low, high = (float(v) for v in _counted(tensor(value_range)))
    place = np.floor((_counted(tensor(values)) - low) / (high - low) * static(nbins))
    return tensor(np.clip(place, 0, static(nbins) - 1).astype(dtype))


def sequence_mask(lengths: Any, maxlen: Any = None, dtype: Any = dtypes.bool, name: str | None = None) -> Any:
    """Mark the first elements of rows, as many as each length says."""
    counts = positions_of(tensor(lengths))
    width = int(counts.max(initial=0)) if maxlen is None else static(maxlen)
    return tensor((np.arange(width) < counts[..., None]).astype(dtype))


def unravel_index(indices: Any, dims: Any, name: str | None = None) -> Any:
    """Turn positions in the flat order into positions along each axis, one row per axis."""
    return tensor(np.stack(np.unravel_index(positions_of(tensor(indices)), static(dims))))


def polyval(coeffs: Any, x: Any, name: str | None = None) -> Any:
    """Evaluate a polynomial by Horner's rule, highest power first; everything has a gradient."""
    parts = operands(tensor(x), *coeffs)
    point, result = parts[0], None
    for coefficient in parts[1:]:
        result = coefficient if result is None else result * point + coefficient
    return row("zeros_like")(point) if result is None else result
