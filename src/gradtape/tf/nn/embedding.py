"""Rows picked by number, alone or in weighted groups: `tf.nn.embedding_lookup` and its sparse form."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf import math
from gradtape.tf.arrays import gather, positions_of
from gradtape.tf.calls import operands, row, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.segments import segment_sum


def embedding_lookup(params: Any, ids: Any, max_norm: Any = None, name: str | None = None) -> Any:
    """Pick rows by number; with `max_norm`, longer rows are shortened to it."""
    if isinstance(params, list | tuple):
        if len(params) != 1:
            raise InvalidArgumentError("embedding_lookup: `params` is one table here; join the shards with `tf.concat`")
        (params,) = params
    rows, places = gather(params, ids), positions_of(ids)
    return rows if max_norm is None else _shortened(rows, max_norm, tuple(range(places.ndim, rows.ndim)))


def _shortened(rows: Any, longest: Any, axes: tuple[int, ...]) -> Any:
    """Scale down what is longer than allowed; the length has derivative 0 at 0."""
    size = row("vector_norm")(rows, axis=axes, keepdims=True)
    size, longest = operands(size, longest)
    return rows * row("divide")(longest, row("maximum")(size, longest))


def embedding_lookup_sparse(
    params: Any,
    sp_ids: Any,
    sp_weights: Any,
    combiner: str | None = None,
    max_norm: Any = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Any:
    """Pick rows by the numbers in each row of a sparse matrix, and add them up.

    Parameters
    ----------
    params : array_like
        The table.
    sp_ids : SparseTensor
        Which rows, in groups: the first index is the group's.
    sp_weights : SparseTensor or None
        The weight of each.
    combiner : str, optional
        `"sum"`, `"mean"` (the usual one: divided by the sum of weights), `"sqrtn"` (by the root of the sum of squares).
    max_norm : float, optional
        Longer rows are shortened to it first.
    """
    how = combiner or "mean"
    if how not in {"sum", "mean", "sqrtn"}:
        raise InvalidArgumentError(f"embedding_lookup_sparse: `combiner` is 'sum', 'mean' or 'sqrtn', got {combiner!r}")
    groups = positions_of(sp_ids.indices)[:, 0]
    rows = embedding_lookup(params, sp_ids.values, max_norm)
    narrow = (-1, *(1,) * (rows.ndim - 1))
    if sp_weights is None:
        weights = np.ones(len(groups), rows.dtype)
    else:
        weights = operands(rows, sp_weights.values)[1]
        rows = rows * row("reshape")(weights, shape=narrow)
    total = segment_sum(rows, groups)
    if how == "sum":
        return total
    weight = tensor(weights)
    size = segment_sum(weight if how == "mean" else math.square(weight), groups)
    size = row("reshape")(size if how == "mean" else math.sqrt(size), shape=narrow)
    return math.divide_no_nan(total, size)


def safe_embedding_lookup_sparse(
    embedding_weights: Any,
    sparse_ids: Any,
    sparse_weights: Any = None,
    combiner: str = "mean",
    default_id: Any = None,
    max_norm: Any = None,
    name: str | None = None,
    allow_fast_lookup: bool = False,
) -> Any:
    """Do what `embedding_lookup_sparse` does, without numbers below 0 and weights of 0 or less; empty groups are zeros.

    With `default_id`, an empty group is that row of the table.
    """
    ids, places = positions_of(sparse_ids.values), positions_of(sparse_ids.indices)
    kept = ids >= 0
    if sparse_weights is not None:
        kept &= positions_of(sparse_weights.values) > 0
    kept = np.flatnonzero(kept)
    count = int(positions_of(sparse_ids.dense_shape)[0])
    there = _Entries(places[kept], ids[kept])
    weights = None if sparse_weights is None else _Entries(there.indices, tensor(sparse_weights.values)[kept])
    found = embedding_lookup_sparse(embedding_weights, there, weights, combiner, max_norm)
    missing = count - found.shape[0]
    if missing:
        found = row("pad")(found, pad_width=((0, missing), *((0, 0),) * (found.ndim - 1)))
    empty = ~np.isin(np.arange(count), there.indices[:, 0])
    if default_id is None or not empty.any():
        return found
    other = embedding_lookup(embedding_weights, np.full(count, default_id), max_norm)
    return row("where")(empty.reshape(-1, *(1,) * (found.ndim - 1)), other, found)


class _Entries:
    """What of a sparse tensor counts in a lookup."""

    def __init__(self, indices: Any, values: Any) -> None:
        self.indices, self.values = indices, values
