"""Penalties on weights, with Keras's names: objects that are called with a tensor and give a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.arrays import doors
from gradtape.nn.named import named, told

if TYPE_CHECKING:
    from collections.abc import Callable

xp = doors.SPACE


class Regularizer:
    """The base class of penalties."""

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor, a tensor without axes."""
        raise NotImplementedError

    __repr__ = told


class L1L2(Regularizer):
    """`l1 * sum(abs(x)) + l2 * sum(square(x))`.

    Parameters
    ----------
    l1, l2 : float

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.regularizers.L1L2(l1=1.0, l2=0.5)(gt.Variable([1.0, -2.0]))
    Tensor(5.5)
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1, self.l2 = l1, l2

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a tensor."""
        parts = [xp.sum(xp.abs(x)) * self.l1] if self.l1 else []
        parts += [xp.sum(xp.square(x)) * self.l2] if self.l2 else []
        return sum(parts[1:], parts[0]) if parts else xp.sum(x) * 0.0


class L1(L1L2):
    """`l1 * sum(abs(x))`.

    Parameters
    ----------
    l1 : float
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)


class L2(L1L2):
    """`l2 * sum(square(x))`.

    Parameters
    ----------
    l2 : float
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)


class OrthogonalRegularizer(Regularizer):
    """The mean absolute cosine between different rows (or columns) of a matrix, times `factor`.

    Parameters
    ----------
    factor : float
    mode : {"rows", "columns"}

    Raises
    ------
    ValueError
        If `mode` is another word, or the value has not two axes.
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        if mode not in {"rows", "columns"}:
            raise ValueError(f"`mode` is 'rows' or 'columns', got {mode!r}")
        self.factor, self.mode = factor, mode

    def __call__(self, x: Any) -> Any:
        """Return the penalty of a matrix."""
        if x.ndim != 2:
            raise ValueError(f"OrthogonalRegularizer takes a matrix, got shape {tuple(x.shape)}")
        axis = 1 if self.mode == "rows" else 0
        size = x.shape[1 - axis]
        unit = x / xp.sqrt(xp.maximum(xp.sum(xp.square(x), axis=axis, keepdims=True), 1e-12))
        cosines = unit @ xp.transpose(unit) if self.mode == "rows" else xp.transpose(unit) @ unit
        total = xp.sum(xp.abs(cosines)) - xp.sum(xp.abs(xp.diagonal(cosines)))
        return total * (self.factor * 0.5 / max(size * (size - 1.0) / 2.0, 1.0))


NAMED = {
    "l1": L1,
    "l1_l2": L1L2,
    "l2": L2,
    "orthogonal": OrthogonalRegularizer,
    "orthogonal_regularizer": OrthogonalRegularizer,
}


def get(identifier: Any) -> Callable[[Any], Any] | None:
    """Return a regularizer by its name; objects and functions stand for themselves, None for none."""
    return named("regularizer", NAMED, identifier)  # type: ignore[no-any-return]
