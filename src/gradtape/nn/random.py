"""Random numbers of layers: every draw comes from a seed that somebody gave, or from a block that says `seeded`."""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gradtape.arrays.variable import Variable
from gradtape.nn.module import Module

if TYPE_CHECKING:
    from collections.abc import Iterator

_SEEDS: ContextVar[np.random.SeedSequence | None] = ContextVar("gradtape seeds", default=None)


@contextmanager
def seeded(seed: int | None) -> Iterator[None]:
    """Give everything in a block that asks for a seed and has none one after the other of one family.

    Weights that are made in the block, and layers with random numbers that run for the first time in it, are the same
    for the same `seed`. Outside such blocks they are different in every run.

    Parameters
    ----------
    seed : int or None
        None leaves everything as it is.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> with gt.nn.seeded(0):
    ...     a = gt.nn.Dense(2)(np.ones((1, 3)))
    >>> with gt.nn.seeded(0):
    ...     b = gt.nn.Dense(2)(np.ones((1, 3)))
    >>> bool(np.all(a == b))
    True
    """
    if seed is None:
        yield
        return
    token = _SEEDS.set(np.random.SeedSequence(seed))
    try:
        yield
    finally:
        _SEEDS.reset(token)


def fresh_seed() -> int:
    """Return the next seed of the block, or one that the operating system makes up."""
    family = _SEEDS.get()
    source = np.random.SeedSequence() if family is None else family.spawn(1)[0]
    return int(source.generate_state(1)[0])


class SeedGenerator(Module):
    """A row of random generators; which one comes next is kept in a variable, so that checkpoints have it.

    Parameters
    ----------
    seed : int, Generator or None
        Where the row starts. None takes the next seed of a `seeded` block when it is first used.
    name : str, optional

    Examples
    --------
    >>> import gradtape as gt
    >>> seeds = gt.nn.SeedGenerator(7)
    >>> first, second = seeds.next().random(), seeds.next().random()
    >>> again = gt.nn.SeedGenerator(7)
    >>> (again.next().random() == first, again.next().random() == second, first == second)
    (True, True, False)
    """

    is_seed: ClassVar[bool] = True

    def __init__(self, seed: Any = None, name: str | None = None) -> None:
        super().__init__(name)
        self.seed = None if seed is None else checked_seed(seed)
        self.state_of_row: Variable | None = None
        if self.seed is not None:
            self._start()

    def _start(self) -> Variable:
        seed = fresh_seed() if self.seed is None else self.seed
        self.state_of_row = Variable(np.array([seed, 0], np.uint64), trainable=False, name="seed")
        return self.state_of_row

    def next(self) -> np.random.Generator:
        """Return the next generator."""
        row = self._start() if self.state_of_row is None else self.state_of_row
        seed, count = (int(n) for n in row._value)
        row.assign(np.array([seed, count + 1], np.uint64))
        return np.random.default_rng([seed, count])

    def __repr__(self) -> str:
        return f"SeedGenerator({self.seed})"


def checked_seed(seed: Any) -> int:
    """Read a seed: a whole number, or one that a generator of NumPy draws.

    Raises
    ------
    TypeError
        If it is neither.
    """
    if isinstance(seed, np.random.Generator):
        return int(seed.integers(2**32))
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer):
        raise TypeError(f"`seed` is a whole number, a numpy.random.Generator, a SeedGenerator or None, not {seed!r}")
    return int(seed)


def generator_of(seed: Any) -> np.random.Generator:
    """Return a generator for a seed: itself, the next one of a row, or a new one."""
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, SeedGenerator):
        return seed.next()
    return np.random.default_rng(fresh_seed() if seed is None else checked_seed(seed))


def row_of(seed: Any) -> SeedGenerator:
    """Return the row of generators that a layer draws from."""
    return seed if isinstance(seed, SeedGenerator) else SeedGenerator(seed)
