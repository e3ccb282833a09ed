"""`Embedding`: a table of vectors that is read by number; `Masking`: which steps count."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer
from gradtape.nn.layers.dense import whole
from gradtape.nn.masks import plain

xp = doors.SPACE


class Embedding(Layer):
    """Rows of a table, picked by number; the gradient goes to the rows that were picked.

    Parameters
    ----------
    input_dim : int
        How many rows.
    output_dim : int
        How long each is.
    embeddings_initializer : str or callable
        `"uniform"` draws from -0.05 to 0.05.
    embeddings_regularizer, embeddings_constraint : str or callable, optional
    mask_zero : bool
        Whether the number 0 stands for "nothing here": the result has a mask, which layers and losses go by.
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    embeddings : Variable
        Of shape (input_dim, output_dim).

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.Embedding(10, 4)([[1, 2, 2]]).shape
    (1, 3, 4)
    """

    casts_inputs: ClassVar[bool] = False

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        embeddings_initializer: Any = "uniform",
        embeddings_regularizer: Any = None,
        embeddings_constraint: Any = None,
        mask_zero: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.input_dim, self.output_dim = whole("input_dim", input_dim), whole("output_dim", output_dim)
        self.mask_zero = self.supports_masking = mask_zero
        self.keep(
            embeddings_initializer=embeddings_initializer,
            embeddings_regularizer=embeddings_regularizer,
            embeddings_constraint=embeddings_constraint,
        )

    def build(self, input_shape: Any) -> None:  # noqa: ARG002
        """Make the table."""
        self.embeddings = self.weight("embeddings", (self.input_dim, self.output_dim))

    def call(self, inputs: Any) -> Any:
        """Read the table; the result has one axis more than the numbers."""
        numbers = plain(inputs)
        if numbers.dtype.kind not in "iu":
            if not np.array_equal(numbers, np.floor(numbers)):
                self.refuse(f"the input is whole numbers, got {numbers.dtype} with fractions")
            numbers = numbers.astype(np.int64)
        if numbers.size and (numbers.min() < 0 or numbers.max() >= self.input_dim):
            self.refuse(
                f"the input is numbers from 0 to {self.input_dim - 1}, got {numbers.min()} to {numbers.max()}",
                "`input_dim` is the largest number plus 1",
            )
        return xp.take(self.embeddings, numbers, axis=0)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return which numbers are not 0, if they count."""
        return plain(inputs) != 0 if self.mask_zero else None


class Masking(Layer):
    """Sets steps to 0 whose features all have one value, and gives the result a mask, which layers and losses go by.

    Parameters
    ----------
    mask_value : float
    **options
        `dtype`, `name`; see `Layer`.
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(self, mask_value: float = 0.0, **options: Any) -> None:
        super().__init__(**options)
        self.mask_value = mask_value

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        return inputs * self.compute_mask(inputs)[..., None].astype(inputs.dtype)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return which steps count."""
        return (plain(inputs) != self.mask_value).any(-1)
