"""Layers that keep values in range: by statistics of the batch, of each example, or of groups of channels."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer

xp = doors.SPACE


def spread_out(weight: Any, shape: Any, axes: tuple[int, ...]) -> Any:
    """Give a weight of some axes the axes between them, with length 1."""
    if axes == (len(shape) - 1,):
        return weight
    return xp.reshape(weight, shape=tuple(n if k in axes else 1 for k, n in enumerate(shape)))


class Normalization(Layer):
    """What normalisations have: a centre, a scale, and a small number."""

    casts_integers: ClassVar[bool] = True
    center = False
    scale = False
    gamma: Any = None
    beta: Any = None

    def _scales(self, shape: Any) -> None:
        """Make the weights that stretch and move what is normalised."""
        if self.scale:
            self.gamma = self.weight("gamma", shape)
        if self.center:
            self.beta = self.weight("beta", shape)

    def _stretched(self, normal: Any, axes: tuple[int, ...]) -> Any:
        """Stretch and move what is normalised."""
        if self.gamma is not None:
            normal = normal * spread_out(self.gamma, normal.shape, axes)
        return normal if self.beta is None else normal + spread_out(self.beta, normal.shape, axes)

    def _axis(self, shape: Any, axis: int) -> int:
        """Read an axis of a shape."""
        if not -len(shape) <= axis < len(shape):
            self.refuse(f"there is no axis {axis} in an input of shape {tuple(shape)}")
        return axis % len(shape)


class BatchNormalization(Normalization):
    """Moves and stretches every channel to the mean 0 and the variance 1, over a batch while training.

    In training the statistics are the batch's, and moving ones are kept for later; else the moving ones are used, also
    when the layer is frozen (Ioffe and Szegedy 2015).

    Parameters
    ----------
    axis : int
        The axis of the channels.
    momentum : float
        What part of a moving statistic stays at each step.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset `beta` and a factor `gamma`.
    beta_initializer, gamma_initializer, moving_mean_initializer, moving_variance_initializer : str or callable
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : str or callable, optional
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    gamma, beta : Variable or None
        Of shape (channels,).
    moving_mean, moving_variance : Variable
        Of shape (channels,); they do not learn.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.BatchNormalization()
    >>> y = layer(np.array([[1.0], [3.0]]), training=True)
    >>> y.numpy().round(2), layer.moving_mean
    (array([[-1.],
           [ 1.]], dtype=float32), Variable 'moving_mean' ([0.02], dtype=float32))
    """

    supports_masking = True

    def __init__(
        self,
        axis: int = -1,
        momentum: float = 0.99,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        moving_mean_initializer: Any = "zeros",
        moving_variance_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis, self.momentum, self.epsilon, self.center, self.scale = axis, momentum, epsilon, center, scale
        self.keep(
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            moving_mean_initializer=moving_mean_initializer,
            moving_variance_initializer=moving_variance_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shape = (input_shape[self._axis(input_shape, self.axis)],)
        self._scales(shape)
        self.moving_mean = self.weight("moving_mean", shape, trainable=False)
        self.moving_variance = self.weight("moving_variance", shape, trainable=False)

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:
        """Compute the output, of the input's shape."""
        axis = self._axis(inputs.shape, self.axis)
        self.wants(inputs, axis, self.moving_mean.shape[0], "channels")
        if not (training and self.trainable):
            factor = xp.rsqrt(self.moving_variance + self.epsilon)
            factor = factor if self.gamma is None else factor * self.gamma
            offset = -self.moving_mean * factor
            offset = offset if self.beta is None else offset + self.beta
            return inputs * spread_out(factor, inputs.shape, (axis,)) + spread_out(offset, inputs.shape, (axis,))
        mean, apart, variance = self._moments(inputs, axis, mask)
        for moving, seen in ((self.moving_mean, mean), (self.moving_variance, variance)):
            now = seen._value.reshape(moving.shape)
            moving.assign(moving._value * self.momentum + now * (1.0 - self.momentum))
        factor = xp.rsqrt(variance + self.epsilon)
        if self.gamma is not None:
            factor = factor * spread_out(self.gamma, inputs.shape, (axis,))
        y = apart * factor
        return y if self.beta is None else y + spread_out(self.beta, inputs.shape, (axis,))

    def _moments(self, x: Any, axis: int, mask: Any) -> tuple[Any, Any, Any]:
        """Return the mean of each channel, the distances from it, and their mean square, of what a mask leaves."""
        axes = tuple(k for k in range(x.ndim) if k != axis)
        if mask is None:
            mean = xp.mean(x, axis=axes, keepdims=True)
            apart = x - mean
            return mean, apart, xp.mean(xp.square(apart), axis=axes, keepdims=True)
        if mask.ndim != x.ndim - 1:
            self.refuse(f"`mask` has the axes of the input without the channels, got shape {tuple(mask.shape)}")
        weight = xp.expand_dims(xp.cast(mask, dtype=x.dtype), axis) + xp.zeros_like(x)
        count = xp.sum(weight, axis=axes, keepdims=True) + 1e-7
        mean = xp.sum(x * weight, axis=axes, keepdims=True) / count
        apart = x - mean
        return mean, apart, xp.sum(xp.square(apart) * weight, axis=axes, keepdims=True) / count


class LayerNormalization(Normalization):
    """Moves and stretches each example to the mean 0 and the variance 1 along axes (Ba, Kiros and Hinton 2016).

    Parameters
    ----------
    axis : int or sequence of int
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset `beta` and a factor `gamma`.
    beta_initializer, gamma_initializer : str or callable
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : str or callable, optional
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    gamma, beta : Variable or None
        Of the shape of these axes.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.LayerNormalization(epsilon=1e-6)([[1.0, 3.0]]).round(2)
    Tensor([[-1.,  1.]], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        axis: Any = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.axis = (axis,) if isinstance(axis, int) else tuple(axis)
        self.epsilon, self.center, self.scale = epsilon, center, scale
        self.keep(
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self._scales([input_shape[self._axis(input_shape, a)] for a in self.axis])

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        axes = tuple(self._axis(inputs.shape, a) for a in self.axis)
        return self._stretched(xp.standardized(inputs, axis=axes, epsilon=self.epsilon), axes)


class RMSNormalization(Normalization):
    """Divides by the root of the mean square along axes, and multiplies by a weight (Zhang and Sennrich 2019).

    Parameters
    ----------
    axis : int or sequence of int
    epsilon : float
        Added to the mean square.
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    scale : Variable
        Of the shape of these axes.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.RMSNormalization()([[3.0, 4.0]]).round(4)
    Tensor([[0.8485, 1.1314]], dtype=float32)
    """

    scale: Any = False

    def __init__(self, axis: Any = -1, epsilon: float = 1e-6, **options: Any) -> None:
        super().__init__(**options)
        self.axis = (axis,) if isinstance(axis, int) else tuple(axis)
        self.epsilon = epsilon

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        shape = [input_shape[self._axis(input_shape, a)] for a in self.axis]
        self.scale = self.add_weight(shape, "ones", name="scale")

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        axes = tuple(self._axis(inputs.shape, a) for a in self.axis)
        even = xp.standardized(inputs, axis=axes, epsilon=self.epsilon, centered=False)
        return even * spread_out(self.scale, inputs.shape, axes)


class GroupNormalization(Normalization):
    """Moves and stretches groups of channels of each example to the mean 0 and the variance 1 (Wu and He 2018).

    Parameters
    ----------
    groups : int
        How many; -1 stands for one per channel.
    axis : int
        The axis of the channels.
    epsilon : float
        Added to the variance.
    center, scale : bool
        Whether there is an offset `beta` and a factor `gamma`.
    beta_initializer, gamma_initializer : str or callable
    beta_regularizer, gamma_regularizer, beta_constraint, gamma_constraint : str or callable, optional
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    gamma, beta : Variable or None
        Of shape (channels,).

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.GroupNormalization(groups=2)(np.arange(8.0).reshape(1, 2, 4)).round(2)[0, 0]
    Tensor([-1.21, -0.73, -1.21, -0.73], dtype=float32)
    """

    supports_masking = True

    def __init__(
        self,
        groups: int = 32,
        axis: int = -1,
        epsilon: float = 0.001,
        center: bool = True,
        scale: bool = True,
        beta_initializer: Any = "zeros",
        gamma_initializer: Any = "ones",
        beta_regularizer: Any = None,
        gamma_regularizer: Any = None,
        beta_constraint: Any = None,
        gamma_constraint: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.groups, self.axis, self.epsilon, self.center, self.scale = groups, axis, epsilon, center, scale
        self.keep(
            beta_initializer=beta_initializer,
            gamma_initializer=gamma_initializer,
            beta_regularizer=beta_regularizer,
            gamma_regularizer=gamma_regularizer,
            beta_constraint=beta_constraint,
            gamma_constraint=gamma_constraint,
        )

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        count = input_shape[self._axis(input_shape, self.axis)]
        self.groups = count if self.groups == -1 else self.groups
        if count % self.groups:
            self.refuse(f"{count} channels do not fall into {self.groups} equal `groups`")
        self._scales((count,))

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        axis = self._axis(inputs.shape, self.axis)
        shape = tuple(inputs.shape)
        x = xp.reshape(inputs, shape=(*shape[:axis], self.groups, shape[axis] // self.groups, *shape[axis + 1 :]))
        axes = tuple(k for k in range(1, x.ndim) if k != axis)
        even = xp.standardized(x, axis=axes, epsilon=self.epsilon)
        return self._stretched(xp.reshape(even, shape=shape), (axis,))


class UnitNormalization(Normalization):
    """Stretches vectors along axes to the length 1.

    Parameters
    ----------
    axis : int or sequence of int
    **options
        `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.UnitNormalization()([[3.0, 4.0]]).round(4)
    Tensor([[0.6, 0.8]], dtype=float32)
    """

    supports_masking = True

    def __init__(self, axis: Any = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = (axis,) if isinstance(axis, int) else tuple(axis)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        axes = tuple(self._axis(inputs.shape, a) for a in self.axis)
        size = xp.maximum(xp.sum(xp.square(inputs), axis=axes, keepdims=True), np.array(1e-12, inputs.dtype)[()])
        return inputs * xp.rsqrt(size)
