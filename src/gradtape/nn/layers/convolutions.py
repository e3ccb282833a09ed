"""Convolutions over one, two and three axes: all windows as rows of one matrix, and one product (row `convolution`)."""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

from gradtape.arrays import doors
from gradtape.nn.layers.dense import whole
from gradtape.nn.layers.images import ImageLayer, padding_of
from gradtape.nn.windows import per_axis

xp = doors.SPACE


class Convolution(ImageLayer):
    """What all convolutions have: a window, its steps, a kernel, an offset and an activation."""

    bias: Any = None
    activation: Any
    use_bias: bool

    def __init__(
        self,
        kernel_size: Any,
        strides: Any,
        padding: str,
        data_format: str | None,
        dilation_rate: Any,
        activation: Any,
        use_bias: bool,
        options: dict[str, Any],
    ) -> None:
        kept = {
            k: options.pop(k) for k in list(options) if k.startswith(("kernel_", "bias_", "depthwise_", "pointwise_"))
        }
        super().__init__(data_format, **options)
        kind = type(self).__name__
        self.kernel_size = per_axis(kind, "kernel_size", kernel_size, self.rank)
        self.strides = per_axis(kind, "strides", strides, self.rank)
        self.dilation_rate = per_axis(kind, "dilation_rate", dilation_rate, self.rank)
        self.padding = padding_of(kind, padding, self.rank)
        unknown = [k for k in kept if k not in ALLOWED]
        if unknown:
            raise TypeError(f"{kind} has no argument {unknown[0]!r}")
        self.keep(activation=activation, use_bias=bool(use_bias), **kept)

    def _offset(self, count: int) -> None:
        """Make the offset."""
        if self.use_bias:
            if not hasattr(self, "bias_initializer"):
                self.keep(bias_initializer="zeros")
            self.bias = self.weight("bias", (count,))

    def _convolve(self, x: Any, kernel: Any, groups: int, strides: Any = None, dilations: Any = None) -> Any:
        """Convolve an input with the channels last."""
        strides, dilations = strides or self.strides, dilations or self.dilation_rate
        size = tuple(kernel.shape[:-2])
        pairs = self.pairs(self.padding, x.shape[1:-1], size, strides, dilations)
        return xp.convolution(x, kernel, strides=strides, padding=pairs, dilations=dilations, groups=groups)

    def _finished(self, y: Any) -> Any:
        """Add the offset, put the channels back to their place, and apply the activation."""
        if self.bias is not None:
            y = y + self.bias
        return self.activation(self.lie.leave(y) if self.first else y)

    def _entered(self, inputs: Any, count: int) -> Any:
        """Insist on the channels, and put them last."""
        self.checked(inputs)
        self.wants(inputs, 1 if self.first else -1, count, "channels")
        return self.lie.enter(inputs) if self.first else inputs


_WEIGHT_OPTIONS = ("initializer", "regularizer", "constraint")
ALLOWED = {f"{w}_{o}" for w in ("kernel", "bias", "depthwise", "pointwise") for o in _WEIGHT_OPTIONS}


class Conv2D(Convolution):
    """A convolution of images with `filters` learned windows.

    Parameters
    ----------
    filters : int
        How many channels the result has.
    kernel_size, strides, dilation_rate : int or sequence of int
        The window's lengths, the steps between windows, and those inside of them: one number or one per axis.
    padding : {"valid", "same"}
        No zeros around, or as many as let the result have `ceil(length / stride)` places; `"causal"` along one axis
        (`Conv1D`): all zeros before.
    data_format : {"channels_last", "channels_first"}, optional
        None stands for the first.
    groups : int
        The channels fall into so many groups, each with filters of its own.
    activation : str or callable, optional
    use_bias : bool
    **options
        `kernel_initializer` ("glorot_uniform"), `kernel_regularizer`, `kernel_constraint`, `bias_initializer`
        ("zeros"), `bias_regularizer`, `bias_constraint`, `activity_regularizer`, `trainable`, `dtype`, `name`.

    Attributes
    ----------
    kernel : Variable
        Of shape (*kernel_size, channels / groups, filters).
    bias : Variable or None
        Of shape (filters,).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.Conv2D(8, 3, strides=2, padding="same", activation="relu")
    >>> layer(np.ones((4, 28, 28, 1))).shape
    (4, 14, 14, 8)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        groups: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, options)
        self.filters = whole("filters", filters)
        self.groups = whole("groups", groups)
        if self.filters % self.groups:
            raise ValueError(f"{type(self).__name__}: {filters} `filters` do not fall into {groups} equal `groups`")

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        count = self.channels(input_shape)
        if count % self.groups:
            self.refuse(f"{count} channels do not fall into {self.groups} equal `groups`")
        self.kernel = self.weight("kernel", (*self.kernel_size, count // self.groups, self.filters))
        self._offset(self.filters)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *places, filters)."""
        x = self._entered(inputs, self.kernel.shape[-2] * self.groups)
        return self._finished(self._convolve(x, self.kernel, self.groups))


class Conv1D(Conv2D):
    """A convolution along one axis; see `Conv2D`. `padding` may be `"causal"`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.Conv1D(2, 3, padding="causal")(np.ones((1, 10, 4))).shape
    (1, 10, 2)
    """

    rank: ClassVar[int] = 1


class Conv3D(Conv2D):
    """A convolution of volumes; see `Conv2D`."""

    rank: ClassVar[int] = 3


class Conv2DTranspose(Convolution):
    """The transpose of a convolution of images: what its gradient does; it makes them larger.

    Parameters
    ----------
    filters : int
        How many channels the result has.
    kernel_size, strides, dilation_rate : int or sequence of int
        Those of the convolution that would lead back.
    padding : {"valid", "same"}
    output_padding : int or sequence of int, optional
        How much longer than the shortest possible the result is; less than the stride.
    data_format : {"channels_last", "channels_first"}, optional
    activation : str or callable, optional
    use_bias : bool
    **options
        See `Conv2D`.

    Attributes
    ----------
    kernel : Variable
        Of shape (*kernel_size, filters, channels).
    bias : Variable or None
        Of shape (filters,).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.Conv2DTranspose(3, 3, strides=2, padding="same")(np.ones((1, 7, 7, 8))).shape
    (1, 14, 14, 3)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        output_padding: Any = None,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, options)
        kind = type(self).__name__
        self.filters = whole("filters", filters)
        self.output_padding = None
        if self.padding == "causal":
            raise ValueError(f"{kind}: `padding` is 'valid' or 'same', got 'causal'")
        if output_padding is not None:
            self.output_padding = per_axis(kind, "output_padding", output_padding, self.rank, least=0)
            if any(p >= s for p, s in zip(self.output_padding, self.strides, strict=True)):
                raise ValueError(f"{kind}: `output_padding` {output_padding} is less than `strides` {self.strides}")

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.kernel = self.weight("kernel", (*self.kernel_size, self.filters, self.channels(input_shape)))
        self._offset(self.filters)

    def _length(self, n: int, axis: int) -> int:
        """Return how long an axis becomes."""
        stride = self.strides[axis]
        reach = (self.kernel_size[axis] - 1) * self.dilation_rate[axis] + 1
        more = None if self.output_padding is None else self.output_padding[axis]
        if self.padding == "valid":
            return (n - 1) * stride + reach + (max(reach, stride) - reach if more is None else more)
        return n * stride if more is None else (n - 1) * stride + reach % 2 + more

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *lengths, filters)."""
        x = self._entered(inputs, self.kernel.shape[-1])
        lengths = tuple(self._length(n, k) for k, n in enumerate(x.shape[1:-1]))
        pairs = self.pairs(self.padding, lengths, self.kernel_size, self.strides, self.dilation_rate)
        y = xp.convolution_spread(
            x,
            self.kernel,
            shape=(x.shape[0], *lengths, self.filters),
            strides=self.strides,
            padding=pairs,
            dilations=self.dilation_rate,
        )
        return self._finished(y)


class Conv1DTranspose(Conv2DTranspose):
    """The transpose of a convolution along one axis; see `Conv2DTranspose`."""

    rank: ClassVar[int] = 1


class Conv3DTranspose(Conv2DTranspose):
    """The transpose of a convolution of volumes; see `Conv2DTranspose`."""

    rank: ClassVar[int] = 3


class DepthwiseConv2D(Convolution):
    """A convolution of every channel by itself, with `depth_multiplier` filters each.

    Parameters
    ----------
    kernel_size, strides, dilation_rate : int or sequence of int
    padding : {"valid", "same"}
    depth_multiplier : int
    data_format : {"channels_last", "channels_first"}, optional
    activation : str or callable, optional
    use_bias : bool
    **options
        `depthwise_initializer` ("glorot_uniform") and the like; see `Conv2D`.

    Attributes
    ----------
    kernel : Variable
        Of shape (*kernel_size, channels, depth_multiplier).
    bias : Variable or None
        Of shape (channels * depth_multiplier,).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.DepthwiseConv2D(3, depth_multiplier=2)(np.ones((1, 8, 8, 4))).shape
    (1, 6, 6, 8)
    """

    def __init__(
        self,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        depth_multiplier: int = 1,
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, options)
        self.depth_multiplier = whole("depth_multiplier", depth_multiplier)
        for option in _WEIGHT_OPTIONS:
            self.keep(**{f"kernel_{option}": getattr(self, f"depthwise_{option}", None)})

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        count = self.channels(input_shape)
        self.kernel = self.weight("kernel", (*self.kernel_size, count, self.depth_multiplier))
        self._offset(count * self.depth_multiplier)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *places, channels * depth_multiplier)."""
        x = self._entered(inputs, self.kernel.shape[-2])
        return self._finished(self._convolve(x, per_channel(self.kernel), x.shape[-1]))


class DepthwiseConv1D(DepthwiseConv2D):
    """A convolution of every channel by itself along one axis; see `DepthwiseConv2D`."""

    rank: ClassVar[int] = 1


class SeparableConv2D(Convolution):
    """A convolution of every channel by itself, and then a mix of the channels.

    Parameters
    ----------
    filters : int
        How many channels the result has.
    kernel_size, strides, dilation_rate : int or sequence of int
    padding : {"valid", "same"}
    data_format : {"channels_last", "channels_first"}, optional
    depth_multiplier : int
    activation : str or callable, optional
    use_bias : bool
    **options
        `depthwise_initializer`, `pointwise_initializer` and the like; see `Conv2D`.

    Attributes
    ----------
    depthwise_kernel : Variable
        Of shape (*kernel_size, channels, depth_multiplier).
    pointwise_kernel : Variable
        Of shape (1, ..., channels * depth_multiplier, filters).
    bias : Variable or None
        Of shape (filters,).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.SeparableConv2D(5, 3)
    >>> layer(np.ones((1, 8, 8, 4))).shape, layer.count_params()
    ((1, 6, 6, 5), 61)
    """

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        depth_multiplier: int = 1,
        activation: Any = None,
        use_bias: bool = True,
        **options: Any,
    ) -> None:
        super().__init__(kernel_size, strides, padding, data_format, dilation_rate, activation, use_bias, options)
        self.filters = whole("filters", filters)
        self.depth_multiplier = whole("depth_multiplier", depth_multiplier)
        for option in _WEIGHT_OPTIONS:
            for part in ("depthwise", "pointwise"):
                self.keep(**{f"{part}_kernel_{option}": getattr(self, f"{part}_{option}", None)})

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        count = self.channels(input_shape)
        self.depthwise_kernel = self.weight("depthwise_kernel", (*self.kernel_size, count, self.depth_multiplier))
        shape = (*(1,) * self.rank, count * self.depth_multiplier, self.filters)
        self.pointwise_kernel = self.weight("pointwise_kernel", shape)
        self._offset(self.filters)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of shape (batch, *places, filters)."""
        x = self._entered(inputs, self.depthwise_kernel.shape[-2])
        each = self._convolve(x, per_channel(self.depthwise_kernel), x.shape[-1])
        mix = xp.reshape(self.pointwise_kernel, shape=self.pointwise_kernel.shape[-2:])
        return self._finished(xp.matmul(each, mix))


class SeparableConv1D(SeparableConv2D):
    """A convolution of every channel by itself along one axis, and then a mix; see `SeparableConv2D`."""

    rank: ClassVar[int] = 1


def per_channel(kernel: Any) -> Any:
    """Write a kernel of shape (*window, channels, multiplier) as one of groups of one channel each."""
    return xp.reshape(kernel, shape=(*kernel.shape[:-2], 1, prod(kernel.shape[-2:])))
