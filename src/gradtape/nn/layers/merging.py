"""Layers of several inputs that make one: sums, products, extremes, joints."""

from __future__ import annotations

from functools import reduce
from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer
from gradtape.nn.masks import plain

xp = doors.SPACE


class Merge(Layer):
    """A layer that is called with a list of arrays."""

    casts_integers: ClassVar[bool] = True
    supports_masking = True
    exactly_two: ClassVar[bool] = False
    row: ClassVar[str] = ""

    def call(self, inputs: Any) -> Any:
        """Compute the output."""
        if not isinstance(inputs, list | tuple) or len(inputs) < 2:
            self.refuse(f"the input is a list of two arrays or more, got a {type(inputs).__name__}")
        if self.exactly_two and len(inputs) != 2:
            self.refuse(f"the input is a list of two arrays, got {len(inputs)}")
        return self.merged(list(inputs))

    def merged(self, inputs: list[Any]) -> Any:
        """Make one array of several."""
        return reduce(getattr(xp, self.row), inputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return what counts in one of the inputs at least; an input without a mask counts everywhere."""
        if mask is None or any(m is None for m in mask):
            return None
        return reduce(np.logical_or, [plain(m).astype(bool) for m in mask])


class Add(Merge):
    """The sum of arrays.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.Add()([gt.constant([1.0]), gt.constant([2.0])])
    Tensor([3.], dtype=float32)
    """

    row: ClassVar[str] = "add"


class Subtract(Merge):
    """The difference of two arrays."""

    exactly_two: ClassVar[bool] = True
    row: ClassVar[str] = "subtract"


class Multiply(Merge):
    """The product of arrays, element by element."""

    row: ClassVar[str] = "multiply"


class Average(Add):
    """The mean of arrays."""

    def merged(self, inputs: list[Any]) -> Any:
        """Make one array of several."""
        return super().merged(inputs) / float(len(inputs))


class Maximum(Merge):
    """The largest of arrays, element by element."""

    row: ClassVar[str] = "maximum"


class Minimum(Merge):
    """The smallest of arrays, element by element."""

    row: ClassVar[str] = "minimum"


class Concatenate(Merge):
    """Arrays joined along an axis.

    Parameters
    ----------
    axis : int
    **options
        `dtype`, `name`; see `Layer`.
    """

    def __init__(self, axis: int = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis

    def merged(self, inputs: list[Any]) -> Any:
        """Make one array of several."""
        return xp.concatenate(inputs, axis=self.axis)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the masks joined as the inputs are; of joined features, what counts in one input at least."""
        if mask is None:
            return None
        parts = []
        for x, m in zip(inputs, mask, strict=True):
            kept = np.ones(x.shape[:-1], bool) if m is None else plain(m).astype(bool)
            parts.append(np.broadcast_to(kept.reshape(kept.shape + (1,) * (x.ndim - kept.ndim)), x.shape))
        return np.concatenate(parts, axis=self.axis).any(-1)


class Dot(Merge):
    """Products of two arrays that are summed along one axis of each, for each example.

    Parameters
    ----------
    axes : int or pair of int
        The axis of each, from 1 on or from the end.
    normalize : bool
        Whether vectors are stretched to the length 1 first.
    **options
        `dtype`, `name`; see `Layer`.
    """

    exactly_two: ClassVar[bool] = True

    def __init__(self, axes: Any, normalize: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.axes = axes if isinstance(axes, int) else tuple(axes)
        self.normalize = normalize

    def merged(self, inputs: list[Any]) -> Any:
        """Make one array of several."""
        axes = (self.axes, self.axes) if isinstance(self.axes, int) else self.axes
        a, b = inputs
        names = [list("Bcdefgh")[: a.ndim], ["B", *list("pqrstuv")][: b.ndim]]
        for names_of, axis in zip(names, axes, strict=True):
            names_of[axis] = "z"
        if self.normalize:
            a, b = (
                x * xp.rsqrt(xp.maximum(xp.sum(xp.square(x), axis=axis, keepdims=True), 1e-12))
                for x, axis in zip((a, b), axes, strict=True)
            )
        left, right = ("".join(n) for n in names)
        out = left.replace("z", "") + right[1:].replace("z", "")
        y = xp.einsum([a, b], subscripts=f"{left},{right}->{out}")
        return y if y.ndim > 1 else xp.expand_dims(y, 1)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return no mask: the axes are others."""
        return None
