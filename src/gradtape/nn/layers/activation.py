"""Activations as layers."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn import activations
from gradtape.nn.layer import Layer
from gradtape.nn.masks import plain

xp = doors.SPACE


class Activation(Layer):
    """An activation by its name, or a function.

    Parameters
    ----------
    activation : str or callable
    **options
        `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.Activation("relu")([-1.0, 2.0])
    Tensor([0., 2.], dtype=float32)
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(self, activation: Any, **options: Any) -> None:
        super().__init__(**options)
        self.activation = activations.get(activation)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        return self.activation(inputs)


class ReLU(Layer):
    """The positive part; the arguments are those of `gradtape.nn.relu`.

    Parameters
    ----------
    max_value : float, optional
    negative_slope : float
    threshold : float
    **options
        `dtype`, `name`; see `Layer`.
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(
        self, max_value: float | None = None, negative_slope: float = 0.0, threshold: float = 0.0, **options: Any
    ) -> None:
        super().__init__(**options)
        self.max_value, self.negative_slope, self.threshold = max_value, negative_slope, threshold

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        return activations.relu(inputs, self.negative_slope, self.max_value, self.threshold)


class LeakyReLU(Layer):
    """The positive part plus `negative_slope` times the negative part.

    Parameters
    ----------
    negative_slope : float
    **options
        `dtype`, `name`; see `Layer`.
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(self, negative_slope: float = 0.3, **options: Any) -> None:
        super().__init__(**options)
        self.negative_slope = float(negative_slope)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        return xp.leaky_relu(inputs, self.negative_slope)


class ELU(Layer):
    """The positive part plus `alpha * (exp(x) - 1)` of the negative part.

    Parameters
    ----------
    alpha : float
    **options
        `dtype`, `name`; see `Layer`.
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(self, alpha: float = 1.0, **options: Any) -> None:
        super().__init__(**options)
        self.alpha = float(alpha)

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        return xp.elu(inputs, self.alpha)


class PReLU(Layer):
    """The positive part plus a learned multiple of the negative part (He et al. 2015).

    Parameters
    ----------
    alpha_initializer : str or callable
    alpha_regularizer, alpha_constraint : str or callable, optional
    shared_axes : int or sequence of int, optional
        Axes (from 1 on) along which the multiple is the same.
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Attributes
    ----------
    alpha : Variable
        Of the shape of the input without the batch; 1 along shared axes.
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(
        self,
        alpha_initializer: Any = "zeros",
        alpha_regularizer: Any = None,
        alpha_constraint: Any = None,
        shared_axes: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.keep(
            alpha_initializer=alpha_initializer,
            alpha_regularizer=alpha_regularizer,
            alpha_constraint=alpha_constraint,
        )
        self.shared_axes = (shared_axes,) if isinstance(shared_axes, int) else tuple(shared_axes or ())

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.alpha = self.weight(
            "alpha", [1 if k in self.shared_axes else n for k, n in enumerate(input_shape) if k > 0]
        )

    def call(self, inputs: Any) -> Any:
        """Compute the output, of the input's shape."""
        return xp.relu(inputs) - self.alpha * xp.relu(-inputs)


class Softmax(Layer):
    """Weights that add up to 1 along an axis.

    Parameters
    ----------
    axis : int or sequence of int
    **options
        `dtype`, `name`; see `Layer`.
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(self, axis: Any = -1, **options: Any) -> None:
        super().__init__(**options)
        self.axis = axis if isinstance(axis, int) else tuple(axis)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Compute the output, of the input's shape; elements that a mask leaves out have weight 0.

        A mask of steps, with fewer axes than the input, says so of all elements of a step.
        """
        if mask is not None:
            kept = plain(mask).astype(bool)
            kept = kept.reshape(kept.shape + (1,) * (inputs.ndim - kept.ndim))
            inputs = xp.where(kept, inputs, np.finfo(inputs.dtype).min)
        return xp.softmax(inputs, axis=self.axis)
