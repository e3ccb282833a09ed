"""Batches: cut from arrays, shuffled by a seed, or as an iterable gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.nn.random import fresh_seed
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Iterator


class Batch(NamedTuple):
    """What one step gets; `size` is how many examples it has."""

    x: Any
    y: Any
    sample_weight: Any
    size: int


class Arrays:
    """Examples along the first axis of arrays.

    Parameters
    ----------
    x, y, sample_weight : structure of array_like or None
    batch_size : int
    shuffle : bool
    seed : int, optional
        What the order of each epoch comes from, with the epoch's number.
    """

    def __init__(self, given: tuple[Any, ...], batch_size: int, shuffle: bool, seed: int | None, name: str) -> None:
        if batch_size < 1:
            raise ValueError(f"fit: `batch_size` is 1 or more, got {batch_size}")
        self.parts = tuple(None if part is None else as_arrays(part) for part in given)
        lengths = {len(leaf) for part in self.parts for _, leaf in flatten(part) if leaf is not None}
        if len(lengths) != 1:
            raise ValueError(f"fit: the arrays of `{name}` have one number of examples, got {sorted(lengths)}")
        (self.examples,) = lengths
        if not self.examples:
            raise ValueError(f"fit: `{name}` has no examples")
        self.batch_size, self.shuffle = batch_size, shuffle
        self.seed = fresh_seed() if seed is None else seed

    def __len__(self) -> int:
        return (self.examples + self.batch_size - 1) // self.batch_size

    def epoch(self, number: int) -> Iterator[Batch]:
        """Yield the batches of an epoch."""
        order = np.random.default_rng([self.seed, number]).permutation(self.examples) if self.shuffle else None
        for start in range(0, self.examples, self.batch_size):
            chosen = slice(start, start + self.batch_size) if order is None else order[start : start + self.batch_size]
            x, y, weight = (None if part is None else picked(part, chosen) for part in self.parts)
            yield Batch(x, y, weight, min(self.batch_size, self.examples - start))


class Given:
    """Batches of an iterable: `(x, y)` or `(x, y, sample_weight)`, begun anew in each epoch."""

    def __init__(self, batches: Any, steps: int | None, name: str) -> None:
        self.batches, self.steps, self.name = batches, steps, name
        self.once = iter(batches) is batches
        if self.once and steps is None:
            raise ValueError(
                f"fit: `{name}` can be gone through only once; say how many batches an epoch has with `steps_per_epoch`"
            )

    def __len__(self) -> int:
        if self.steps is not None:
            return self.steps
        return len(self.batches) if hasattr(self.batches, "__len__") else 0

    def epoch(self, number: int) -> Iterator[Batch]:  # noqa: ARG002
        """Yield the batches of an epoch."""
        taken = 0
        for batch in self.batches:
            x, y, weight = (*batch, None)[:3] if isinstance(batch, tuple | list) else (batch, None, None)
            first = next((leaf for _, leaf in flatten(x) if hasattr(leaf, "shape") and leaf.shape), None)
            yield Batch(x, y, weight, 1 if first is None else int(first.shape[0]))
            taken += 1
            if taken == self.steps:
                return
        if not taken:
            raise ValueError(f"fit: `{self.name}` gave no batch")


def batches_of(
    data: Any, batch_size: int, *, shuffle: bool, seed: int | None, steps: int | None, name: str
) -> Arrays | Given:
    """Read what `fit` was given: a tuple of arrays, or an iterable of batches.

    Raises
    ------
    TypeError
        If it is neither.
    ValueError
        If arrays have different numbers of examples, or an iterable can be gone through only once and has no steps.
    """
    if isinstance(data, tuple) and 1 <= len(data) <= 3:
        return Arrays((*data, None, None)[:3], batch_size, shuffle, seed, name)
    if isinstance(data, np.ndarray | Node):
        return Arrays((data, None, None), batch_size, shuffle, seed, name)
    if not hasattr(data, "__iter__"):
        raise TypeError(f"fit: `{name}` is (x, y), (x, y, sample_weight) or an iterable of such batches, got {data!r}")
    return Given(data, steps, name)


def as_arrays(part: Any) -> Any:
    """Make arrays of lists of numbers; structures of arrays stay structures, tensors leave the tape."""
    if isinstance(part, dict) or (isinstance(part, tuple | list) and any(hasattr(p, "shape") for p in part)):
        leaves = (as_arrays(leaf) for _, leaf in flatten(part))
        return rebuild(part, leaves.__next__)
    return np.asarray(part._value if isinstance(part, Node) else part)


def picked(part: Any, chosen: Any) -> Any:
    """Pick examples of arrays."""
    leaves = (leaf[chosen] for _, leaf in flatten(part))
    return rebuild(part, leaves.__next__)
