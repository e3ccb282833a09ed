"""`TensorArray`: a list of tensors that is written in a loop."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.tf.arrays import concat, split, stack, unstack
from gradtape.tf.calls import static, tensor
from gradtape.tf.errors import InvalidArgumentError


class TensorArray:
    """A list of tensors. `write` returns a new one and leaves the old one as it was.

    Parameters
    ----------
    dtype : dtype
        Of its elements.
    size : int
        How many there are.
    dynamic_size : bool
        Whether writing past the end makes it longer.
    element_shape : tuple of int, optional
        What `stack` puts in the place of an element that was never written.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> squares = tf.TensorArray(tf.float32, size=2)
    >>> for k in range(2):
    ...     squares = squares.write(k, float(k) ** 2)
    >>> squares.stack()
    <tf.Tensor: shape=(2,), dtype=float32, numpy=array([0., 1.], dtype=float32)>
    """

    def __init__(
        self,
        dtype: Any,
        size: Any = 0,
        dynamic_size: bool = False,
        clear_after_read: Any = None,
        tensor_array_name: str | None = None,
        handle: Any = None,
        flow: Any = None,
        infer_shape: bool = True,
        element_shape: Any = None,
        colocate_with_first_write_call: bool = True,
        name: str | None = None,
    ) -> None:
        self.dtype = np.dtype(dtype)
        self.dynamic_size = dynamic_size
        self.element_shape = None if element_shape is None else static(element_shape)
        self._items: list[Any] = [None] * static(size)

    def _holding(self, items: list[Any]) -> TensorArray:
        made = TensorArray(self.dtype, 0, self.dynamic_size, element_shape=self.element_shape)
        made._items = items
        return made

    def write(self, index: Any, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with an element put in.

        Raises
        ------
        InvalidArgumentError
            If the index is outside and the size is fixed, or if the element has another dtype.
        """
        place, element = static(index), tensor(value)
        if element.dtype != self.dtype:
            raise InvalidArgumentError(f"TensorArray of {self.dtype}: the element to write has dtype {element.dtype}")
        missing = place + 1 - len(self._items)
        if place < 0 or (missing > 0 and not self.dynamic_size):
            raise InvalidArgumentError(f"TensorArray: index {place} is not in [0, {len(self._items)})")
        items = self._items + [None] * max(missing, 0)
        items[place] = element
        return self._holding(items)

    def read(self, index: Any, name: str | None = None) -> Any:
        """Return an element.

        Raises
        ------
        InvalidArgumentError
            If the index is outside, or nothing was ever written.
        """
        place = static(index)
        if not 0 <= place < len(self._items):
            raise InvalidArgumentError(f"TensorArray: index {place} is not in [0, {len(self._items)})")
        if self._items[place] is None:
            raise InvalidArgumentError(f"TensorArray: nothing was written at index {place}")
        return self._items[place]

    def _all(self) -> list[Any]:
        written = [item.shape for item in self._items if item is not None]
        shape = written[0] if written else self.element_shape
        if shape is None:
            raise InvalidArgumentError("TensorArray: nothing was written, and no `element_shape` given")
        return [tensor(np.zeros(shape, self.dtype)) if item is None else item for item in self._items]

    def stack(self, name: str | None = None) -> Any:
        """Join the elements along a new first axis; those never written are zeros."""
        items = self._all()
        return stack(items) if items else tensor(np.zeros((0, *(self.element_shape or ())), self.dtype))

    def concat(self, name: str | None = None) -> Any:
        """Join the elements along their first axis."""
        return concat(self._all(), 0)

    def gather(self, indices: Any, name: str | None = None) -> Any:
        """Join some of the elements along a new first axis."""
        items = self._all()
        return stack([items[k] for k in static(indices)])

    def unstack(self, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with the slices of a tensor as its elements."""
        return self._holding(unstack(tensor(value)))

    def scatter(self, indices: Any, value: Any, name: str | None = None) -> TensorArray:
        """Return the array with the slices of a tensor written at positions."""
        made = self
        for place, element in zip(static(indices), unstack(tensor(value)), strict=True):
            made = made.write(place, element)
        return made

    def split(self, value: Any, lengths: Any, name: str | None = None) -> TensorArray:
        """Return the array with pieces of a tensor as its elements."""
        return self._holding(split(value, lengths))

    def size(self, name: str | None = None) -> Any:
        """Return how many elements there are."""
        return tensor(len(self._items))

    def identity(self) -> TensorArray:
        """Return the array."""
        return self
