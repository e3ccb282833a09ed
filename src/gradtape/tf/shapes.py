"""`TensorShape`: a tuple of lengths with TensorFlow's names."""

from __future__ import annotations

from math import prod
from typing import Any


class TensorShape(tuple[int, ...]):
    """The lengths of the axes of a tensor: a tuple of ints.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> tf.zeros([2, 3]).shape.as_list()
    [2, 3]
    """

    __slots__ = ()

    def as_list(self) -> list[int]:
        """Return the lengths as a list."""
        return list(self)

    @property
    def rank(self) -> int:
        """The number of axes."""
        return len(self)

    ndims = rank

    @property
    def dims(self) -> list[int]:
        """The lengths as a list."""
        return list(self)

    def num_elements(self) -> int:
        """Return the number of elements."""
        return prod(self)

    def is_fully_defined(self) -> bool:
        """Whether every length is known; it always is here."""
        return True

    def is_compatible_with(self, other: Any) -> bool:
        """Whether a shape with unknown lengths, None, may be this one."""
        wanted = tuple(other)
        return len(wanted) == len(self) and all(w is None or w == n for w, n in zip(wanted, self, strict=True))

    def __eq__(self, other: object) -> bool:
        return tuple(self) == (tuple(other) if isinstance(other, list) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return tuple.__hash__(self)

    def __getitem__(self, key: Any) -> Any:
        found = tuple.__getitem__(self, key)
        return TensorShape(found) if isinstance(key, slice) else found

    def __add__(self, other: Any) -> TensorShape:
        return TensorShape((*self, *other))

    def concatenate(self, other: Any) -> TensorShape:
        """Return these lengths followed by others."""
        return TensorShape((*self, *other))
