"""`Dense`: a matrix, an offset and an activation; and `EinsumDense`, for sums over any axes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer

xp = doors.SPACE


class Dense(Layer):
    """`activation(inputs @ kernel + bias)` over the last axis.

    Parameters
    ----------
    units : int
        How many outputs.
    activation : str or callable, optional
        None stands for none.
    use_bias : bool
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    kernel : Variable
        Of shape (inputs, units).
    bias : Variable or None
        Of shape (units,).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.Dense(2, kernel_initializer="ones")
    >>> layer(np.array([[1.0, 2.0, 3.0]]))
    Tensor([[6., 6.]], dtype=float32)
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True
    least_ndim: ClassVar[int] = 2
    activation: Any
    use_bias: bool
    bias: Any = None

    def __init__(
        self,
        units: int,
        activation: Any = None,
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.units = whole("units", units)
        self.keep(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.kernel = self.weight("kernel", (input_shape[-1], self.units))
        if self.use_bias:
            self.bias = self.weight("bias", (self.units,))

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (..., units)."""
        self.wants(inputs, -1, self.kernel.shape[0], "features")
        if self.bias is None:
            return self.activation(xp.matmul(inputs, self.kernel))
        return self.activation(xp.linear(inputs, self.kernel, self.bias))


class EinsumDense(Layer):
    """A product of the input and a kernel that sums over the axes which an equation names.

    Parameters
    ----------
    equation : str
        As in `numpy.einsum`, with two operands: `"abc,cd->abd"`. `...` may stand for axes of the input and output.
    output_shape : int or sequence of int
        The lengths of the output's axes without the batch; None for those of the input.
    activation : str or callable, optional
    bias_axes : str, optional
        The axes of the output that the offset has.
    kernel_initializer, bias_initializer : str or callable
    kernel_regularizer, bias_regularizer, activity_regularizer : str or callable, optional
    kernel_constraint, bias_constraint : str or callable, optional
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.EinsumDense("abc,cd->abd", output_shape=(None, 4), bias_axes="d")
    >>> layer(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True
    activation: Any
    bias_axes: str | None
    bias: Any = None

    def __init__(
        self,
        equation: str,
        output_shape: Any,
        activation: Any = None,
        bias_axes: str | None = None,
        kernel_initializer: Any = "glorot_uniform",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        bias_regularizer: Any = None,
        activity_regularizer: Any = None,
        kernel_constraint: Any = None,
        bias_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(activity_regularizer=activity_regularizer, **options)
        self.equation = equation
        self.output_shape = (output_shape,) if isinstance(output_shape, int) else tuple(output_shape)
        self.keep(
            activation=activation,
            bias_axes=bias_axes,
            kernel_initializer=kernel_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            bias_constraint=bias_constraint,
        )

    def _lengths(self, input_shape: Any) -> tuple[str, str, dict[str, int]]:
        """Return the kernel's and the output's axes, and how long each named axis is."""
        into, _, out = self.equation.replace(" ", "").partition("->")
        first, _, second = into.partition(",")
        if not out or not second:
            raise ValueError(f"EinsumDense: `equation` is like 'ab,bc->ac', got {self.equation!r}")
        lengths: dict[str, int] = {}
        head, dots, tail = first.partition("...")
        lengths |= dict(zip(head, input_shape, strict=False))
        if dots:
            lengths |= dict(zip(reversed(tail), reversed(input_shape), strict=False))
        wanted = out.replace("...", "")
        for letter, n in zip(reversed(wanted), reversed(self.output_shape), strict=False):
            if n is not None:
                lengths[letter] = n
        unknown = sorted(set(second) - set(lengths))
        if unknown:
            raise ValueError(
                f"EinsumDense: neither the input of shape {tuple(input_shape)} nor `output_shape` {self.output_shape} "
                f"says how long the axes {unknown} of {self.equation!r} are"
            )
        return second, wanted, lengths

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        second, out, lengths = self._lengths(input_shape)
        self.kernel = self.weight("kernel", [lengths[c] for c in second])
        if self.bias_axes is not None:
            first = min(out.index(c) for c in self.bias_axes)
            self.bias = self.weight("bias", [lengths[c] if c in self.bias_axes else 1 for c in out[first:]])

    def call(self, inputs: Any) -> Any:
        """Compute the output."""
        y = xp.einsum([inputs, self.kernel], subscripts=self.equation.replace(" ", ""))
        if self.bias is not None:
            y = y + self.bias
        return self.activation(y)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return the mask if the output has its axes, in the same order."""
        if mask is None:
            return None
        into, _, out = self.equation.replace(" ", "").partition("->")
        same = out.startswith("...") or into.startswith(out[: np.ndim(mask)])
        return mask if same else None


def whole(name: str, value: Any) -> int:
    """Read a number of units, filters or groups.

    Raises
    ------
    ValueError
        If it is no whole number above 0.
    """
    if isinstance(value, bool) or not hasattr(value, "__index__") or int(value) < 1:
        raise ValueError(f"`{name}` is a whole number above 0, got {value!r}")
    return int(value)
