"""How images lie, and what padding, strides and sizes of windows mean: what layers and `gradtape.tf.nn` share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.arrays import doors
from gradtape.ops import load_families

if TYPE_CHECKING:
    from collections.abc import Sequence

load_families("nn")
xp = doors.SPACE


class Layout(NamedTuple):
    """How an array of images lies: `axes` of lengths, channels first or last, and what is before them."""

    axes: int
    first: bool
    batch: tuple[int, ...]

    def enter(self, x: Any) -> Any:
        """Make the channels the last axis and the batch one axis."""
        if self.first:
            k = x.ndim - self.axes
            x = xp.transpose(x, axes=(*range(k - 1), *range(k, x.ndim), k - 1))
        return x if len(self.batch) == 1 else xp.reshape(x, shape=(-1, *x.shape[len(self.batch) :]))

    def leave(self, y: Any) -> Any:
        """Undo `enter` for a result with the same batch."""
        if len(self.batch) != 1:
            y = xp.reshape(y, shape=(*self.batch, *y.shape[1:]))
        if not self.first:
            return y
        k = y.ndim - self.axes - 1
        return xp.transpose(y, axes=(*range(k), y.ndim - 1, *range(k, y.ndim - 1)))


def same_pairs(
    lengths: Sequence[int], size: Sequence[int], strides: Sequence[int], dilations: Sequence[int]
) -> tuple[tuple[int, int], ...]:
    """Write the padding `"SAME"` out: as much as every stride needs, the odd one behind."""
    pairs = []
    for n, k, s, d in zip(lengths, size, strides, dilations, strict=True):
        whole = max((-(-n // s) - 1) * s + (k - 1) * d + 1 - n, 0)
        pairs.append((whole // 2, whole - whole // 2))
    return tuple(pairs)


def per_axis(layer: str, name: str, value: Any, axes: int, least: int = 1) -> tuple[int, ...]:
    """Read one whole number per axis: a number stands for all of them.

    Raises
    ------
    ValueError
        If there are more or fewer, or one is too small.
    """
    given = (value,) * axes if hasattr(value, "__index__") else tuple(value)
    if len(given) != axes or any(not hasattr(n, "__index__") or int(n) < least for n in given):
        raise ValueError(
            f"{layer}: `{name}` is a whole number from {least} on, or {axes} of them, one per axis; got {value!r}"
        )
    return tuple(int(n) for n in given)


def one_of(layer: str, name: str, value: Any, words: tuple[str, ...]) -> str:
    """Read a word.

    Raises
    ------
    ValueError
        If it is none of those that mean something.
    """
    word = value.lower() if isinstance(value, str) else value
    if word not in words:
        raise ValueError(f"{layer}: `{name}` is {' or '.join(map(repr, words))}, got {value!r}")
    return str(word)


def channels_first(layer: str, data_format: str | None) -> bool:
    """Read a data format; None stands for `"channels_last"`."""
    return one_of(layer, "data_format", data_format or "channels_last", FORMATS) == "channels_first"


FORMATS = ("channels_last", "channels_first")
