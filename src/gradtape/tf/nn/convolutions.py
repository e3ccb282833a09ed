"""Convolutions of `tf.nn`: TensorFlow's spellings of one operation and of its transpose."""

from __future__ import annotations

from typing import Any

from gradtape.tf.calls import operands, row, run_row, static, tensor
from gradtape.tf.errors import InvalidArgumentError
from gradtape.tf.nn.windows import layout, numbers, padding_pairs


def convolution(
    input: Any,
    filters: Any,
    strides: Any = None,
    padding: Any = "VALID",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolve over all axes between the batch and the channels.

    Parameters
    ----------
    input : array_like
        Of shape (*batch, *lengths, channels), or with the channels before the lengths for a format `"NC..."`.
    filters : array_like
        Of shape (*window, channels / groups, outputs).
    strides, dilations : int or sequence of int, optional
        One number, one per axis, or with a 1 for the batch and the channels.
    padding : str or list of pairs
        `"VALID"`, `"SAME"`, or the numbers of zeros before and after along each axis.
    data_format : str, optional
        `"NWC"`, `"NHWC"`, `"NDHWC"` or `"NCW"`, `"NCHW"`, `"NCDHW"`.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        If the shapes do not fit.

    Examples
    --------
    >>> import gradtape.tf as tf
    >>> image = tf.reshape(tf.range(9.0), [1, 3, 3, 1])
    >>> tf.nn.convolution(image, tf.ones([2, 2, 1, 1]))[0, :, :, 0]
    <tf.Tensor: shape=(2, 2), dtype=float32, numpy=array([[ 8., 12.],
           [20., 24.]], dtype=float32)>
    """
    x, w = operands(tensor(input), filters)
    return _convolve("convolution", x, tensor(w), strides, padding, data_format, dilations)


def _convolve(
    what: str, x: Any, w: Any, strides: Any, padding: Any, data_format: str | None, dilations: Any, groups: int = 0
) -> Any:
    axes = w.ndim - 2
    lie = layout(what, x, axes, data_format)
    steps, apart = (numbers(what, n, v, axes, data_format) for n, v in (("strides", strides), ("dilations", dilations)))
    x = lie.enter(x)
    if x.shape[-1] % w.shape[-2]:
        raise InvalidArgumentError(f"{what}: {x.shape[-1]} channels are no groups of the {w.shape[-2]} of the filter")
    pairs = padding_pairs(what, padding, x.shape[1:-1], w.shape[:-2], steps, apart, data_format)
    return lie.leave(
        run_row(
            "convolution",
            x,
            w,
            strides=steps,
            padding=pairs,
            dilations=apart,
            groups=groups or x.shape[-1] // w.shape[-2],
        )
    )


def conv1d(
    input: Any,
    filters: Any,
    stride: Any,
    padding: Any,
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolve along one axis; see `convolution`."""
    x, w = _fitting("conv1d", input, filters, 1)
    return _convolve("conv1d", x, w, stride, padding, data_format, dilations)


def conv2d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolve over height and width; see `convolution`. A filter of fewer channels makes groups of them."""
    x, w = _fitting("conv2d", input, filters, 2)
    return _convolve("conv2d", x, w, strides, padding, data_format, dilations)


def conv3d(
    input: Any,
    filters: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolve over depth, height and width; see `convolution`."""
    x, w = _fitting("conv3d", input, filters, 3)
    return _convolve("conv3d", x, w, strides, padding, data_format, dilations)


def _fitting(what: str, input: Any, filters: Any, axes: int) -> tuple[Any, Any]:
    x, w = map(tensor, operands(tensor(input), filters))
    if w.ndim != axes + 2:
        raise InvalidArgumentError(
            f"{what}: a filter has {axes + 2} axes (*window, channels, outputs), got shape {w.shape}"
        )
    return x, w


def atrous_conv2d(value: Any, filters: Any, rate: Any, padding: Any, name: str | None = None) -> Any:
    """Convolve with `rate - 1` holes between the elements of the filter."""
    return conv2d(value, filters, 1, padding, "NHWC", rate)


def conv_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Do the transpose of a convolution: what its gradient in the image is.

    Parameters
    ----------
    input : array_like
        Of shape (batch, *places, channels).
    filters : array_like
        Of shape (*window, outputs, channels): outputs come before channels.
    output_shape : sequence of int
        The shape of the result; the lengths alone are enough.
    strides, padding, data_format, dilations
        Those of the convolution that would lead from the result to `input`.

    Returns
    -------
    Tensor

    Raises
    ------
    InvalidArgumentError
        If that convolution would not give the shape of `input`.
    """
    x, w = map(tensor, operands(tensor(input), filters))
    return _transposed("conv_transpose", x, w, output_shape, strides, padding, data_format, dilations)


def _transposed(
    what: str, x: Any, w: Any, output_shape: Any, strides: Any, padding: Any, data_format: str | None, dilations: Any
) -> Any:
    axes = w.ndim - 2
    lie = layout(what, x, axes, data_format)
    steps, apart = (numbers(what, n, v, axes, data_format) for n, v in (("strides", strides), ("dilations", dilations)))
    given = static(output_shape)
    given = (given,) if isinstance(given, int) else given
    lengths = given if len(given) == axes else given[2:] if lie.first else given[1:-1]
    pairs = padding_pairs(what, padding, lengths, w.shape[:-2], steps, apart, data_format)
    x = lie.enter(x)
    there = tuple(
        (n + sum(p) - (k - 1) * d - 1) // s + 1
        for n, k, s, p, d in zip(lengths, w.shape[:-2], steps, pairs, apart, strict=True)
    )
    if there != tuple(x.shape[1:-1]) or w.shape[-1] != x.shape[-1]:
        raise InvalidArgumentError(
            f"{what}: a convolution of `output_shape` {tuple(given)} gives {(*there, w.shape[-1])}, not the input's "
            f"{tuple(x.shape[1:])}"
        )
    shape = (x.shape[0], *lengths, w.shape[-2])
    return lie.leave(run_row("convolution_spread", x, w, shape=shape, strides=steps, padding=pairs, dilations=apart))


def conv1d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Do the transpose of `conv1d`; see `conv_transpose`."""
    x, w = _fitting("conv1d_transpose", input, filters, 1)
    return _transposed("conv1d_transpose", x, w, output_shape, strides, padding, data_format, dilations)


def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Do the transpose of `conv2d`; see `conv_transpose`."""
    x, w = _fitting("conv2d_transpose", input, filters, 2)
    return _transposed("conv2d_transpose", x, w, output_shape, strides, padding, data_format, dilations)


def conv3d_transpose(
    input: Any,
    filters: Any,
    output_shape: Any,
    strides: Any,
    padding: Any = "SAME",
    data_format: str | None = "NDHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Do the transpose of `conv3d`; see `conv_transpose`."""
    x, w = _fitting("conv3d_transpose", input, filters, 3)
    return _transposed("conv3d_transpose", x, w, output_shape, strides, padding, data_format, dilations)


def atrous_conv2d_transpose(
    value: Any, filters: Any, output_shape: Any, rate: Any, padding: Any, name: str | None = None
) -> Any:
    """Do the transpose of `atrous_conv2d`."""
    x, w = _fitting("atrous_conv2d_transpose", value, filters, 2)
    return _transposed("atrous_conv2d_transpose", x, w, output_shape, 1, padding, "NHWC", rate)


def _per_channel(w: Any) -> Any:
    """Write a filter of shape (*window, channels, multiplier) as one of groups of one channel each."""
    return row("reshape")(w, shape=(*w.shape[:-2], 1, w.shape[-2] * w.shape[-1]))


def depthwise_conv2d(
    input: Any,
    filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolve every channel with filters of its own, of shape (height, width, channels, multiplier)."""
    x, w = _fitting("depthwise_conv2d", input, filter, 2)
    return _convolve("depthwise_conv2d", x, _per_channel(w), strides, padding, data_format, dilations)


def depthwise_conv2d_backprop_input(
    input_sizes: Any,
    filter: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Do the transpose of `depthwise_conv2d` in its image."""
    what = "depthwise_conv2d_backprop_input"
    g, w = _fitting(what, out_backprop, filter, 2)
    lie = layout(what, g, 2, data_format)
    steps, apart = (numbers(what, n, v, 2, data_format) for n, v in (("strides", strides), ("dilations", dilations)))
    sizes = static(input_sizes)
    lengths = sizes[2:] if lie.first else sizes[1:-1]
    pairs = padding_pairs(what, padding, lengths, w.shape[:-2], steps, apart, data_format)
    return lie.leave(
        run_row(
            "convolution_spread",
            lie.enter(g),
            _per_channel(w),
            shape=(sizes[0], *lengths, w.shape[-2]),
            strides=steps,
            padding=pairs,
            dilations=apart,
            groups=w.shape[-2],
        )
    )


def depthwise_conv2d_backprop_filter(
    input: Any,
    filter_sizes: Any,
    out_backprop: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = "NHWC",
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Do the transpose of `depthwise_conv2d` in its filter."""
    what = "depthwise_conv2d_backprop_filter"
    x, g = map(tensor, operands(tensor(input), out_backprop))
    lie = layout(what, x, 2, data_format)
    steps, apart = (numbers(what, n, v, 2, data_format) for n, v in (("strides", strides), ("dilations", dilations)))
    x, g, sizes = lie.enter(x), lie.enter(g), static(filter_sizes)
    pairs = padding_pairs(what, padding, x.shape[1:-1], sizes[:-2], steps, apart, data_format)
    made = run_row(
        "convolution_filter",
        x,
        g,
        shape=(*sizes[:-2], 1, sizes[-2] * sizes[-1]),
        strides=steps,
        padding=pairs,
        dilations=apart,
        groups=sizes[-2],
    )
    return row("reshape")(made, shape=sizes)


def separable_conv2d(
    input: Any,
    depthwise_filter: Any,
    pointwise_filter: Any,
    strides: Any,
    padding: Any,
    data_format: str | None = None,
    dilations: Any = None,
    name: str | None = None,
) -> Any:
    """Convolve every channel by itself, then mix the channels."""
    each = depthwise_conv2d(input, depthwise_filter, strides, padding, data_format, dilations)
    return conv2d(each, pointwise_filter, 1, "VALID", data_format)
