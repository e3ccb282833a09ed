"""What is measured of each labelled part of an array. Labels are positions: plain whole numbers without derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.ops import Index
from gradtape.scipy._values import plain, xp


def groups(input: Any, labels: Any, index: Any) -> tuple[Any, Any, int, Any]:
    """Return the values in groups, the group of each, how many groups there are, and which ones were asked for."""
    x = xp.shaped(input)
    flat = xp.ravel(x)
    if labels is None:
        return flat, np.zeros(flat.shape[0], int), 1, np.array(0)
    names_of = np.broadcast_to(plain(labels), x.shape).ravel()
    if index is None:
        kept = np.flatnonzero(names_of > 0)
        return xp.getitem(flat, Index(kept)), np.zeros(kept.size, int), 1, np.array(0)
    wanted = np.asarray(plain(index))
    names, asked = np.unique(wanted, return_inverse=True)
    kept = np.flatnonzero(np.isin(names_of, names))
    group = np.searchsorted(names, names_of[kept])
    return xp.getitem(flat, Index(kept)), group, names.size, asked.reshape(wanted.shape)


def per_group(values: Any, group: Any, count: int) -> Any:
    """Add up the values of each group."""
    return xp.untake(values * 1.0, group, shape=(count,), axis=0)


def sum_labels(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Add up the values of each label.

    Parameters
    ----------
    input : Tensor or array_like
    labels : array_like of int, optional
        Of a shape that broadcasts to that of `input`; without it everything is one part.
    index : int or sequence of int, optional
        The labels to measure; without it all positive labels are one part.

    Returns
    -------
    Tensor
        A number, or one for each element of `index`.
    """
    values, group, count, asked = groups(input, labels, index)
    return xp.take(per_group(values, group, count), asked)


def mean(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Average the values of each label; the arguments are those of `sum_labels`."""
    values, group, count, asked = groups(input, labels, index)
    return xp.take(per_group(values, group, count) / np.bincount(group, minlength=count), asked)


def variance(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Return the variance of the values of each label; the arguments are those of `sum_labels`."""
    values, group, count, asked = groups(input, labels, index)
    sizes = np.bincount(group, minlength=count)
    average = per_group(values, group, count) / sizes
    spread = per_group(xp.square(values - xp.take(average, group)), group, count) / sizes
    return xp.take(spread, asked)


def standard_deviation(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Return the standard deviation of the values of each label; the arguments are those of `sum_labels`."""
    return xp.sqrt(variance(input, labels, index))


def _extreme(choose: Any, input: Any, labels: Any, index: Any) -> Any:
    values, group, count, asked = groups(input, labels, index)
    found = [
        choose(xp.getitem(values, Index(places))) if places.size else 0.0 * xp.sum(values)
        for places in (np.flatnonzero(group == k) for k in range(count))
    ]
    return xp.take(xp.stack(found, axis=0), asked)


def maximum(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Return the largest value of each label, 0 where there is none; the arguments are those of `sum_labels`."""
    return _extreme(xp.max, input, labels, index)


def minimum(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Return the smallest value of each label, 0 where there is none; the arguments are those of `sum_labels`."""
    return _extreme(xp.min, input, labels, index)


def center_of_mass(input: Any, labels: Any = None, index: Any = None) -> Any:
    """Return the place averaged by the values: a tuple of coordinates, or a list of one tuple for each label.

    The arguments are those of `sum_labels`.
    """
    x = xp.shaped(input)
    total = sum_labels(x, labels, index)
    grid = np.meshgrid(*map(np.arange, x.shape), indexing="ij")
    sums = [sum_labels(x * axis, labels, index) / total for axis in grid]
    if not total.shape:
        return tuple(sums)
    return [tuple(xp.getitem(s, Index(k)) for s in sums) for k in range(total.shape[0])]
