"""Long short-term memory of images: an `RNN` whose products are convolutions."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layers.cells import LSTMCell
from gradtape.nn.layers.images import padding_of
from gradtape.nn.layers.recurrent import RNN
from gradtape.nn.windows import channels_first, per_axis, same_pairs

xp = doors.SPACE


class ConvLSTMCell(LSTMCell):
    """One step of `ConvLSTM1D`, `ConvLSTM2D` or `ConvLSTM3D`; the channels are last."""

    def __init__(
        self, filters: int, kernel_size: Any, strides: Any, padding: str, dilation_rate: Any, rank: int, **named: Any
    ) -> None:
        super().__init__(filters, **named)
        kind = f"ConvLSTM{rank}D"
        self.rank = rank
        self.kernel_size = per_axis(kind, "kernel_size", kernel_size, rank)
        self.strides = per_axis(kind, "strides", strides, rank)
        self.dilation_rate = per_axis(kind, "dilation_rate", dilation_rate, rank)
        self.padding = padding_of(kind, padding, 2)
        self.lengths: tuple[int, ...] = ()

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        count = self.gates * self.units
        self.kernel = self.weight("kernel", (*self.kernel_size, input_shape[-1], count))
        self.recurrent_kernel = self.weight("recurrent_kernel", (*self.kernel_size, self.units, count))
        self._make_bias()

    def project(self, inputs: Any, drop: Any) -> Any:
        """Convolve the images of all steps at once."""
        self.wants(inputs, -1, self.kernel.shape[-2], "channels")
        if drop is not None:
            inputs = inputs * (drop if inputs.ndim == self.rank + 2 else drop[:, None])
        images = xp.reshape(inputs, shape=(-1, *inputs.shape[-self.rank - 1 :]))
        y = self._convolve(images, self.kernel, self.padding, self.strides, self.dilation_rate)
        y = y if self.bias is None else y + self.bias
        self.lengths = tuple(y.shape[1:-1])
        return xp.reshape(y, shape=(*inputs.shape[: inputs.ndim - self.rank - 1], *y.shape[1:]))

    def recur(self, state: Any) -> Any:
        """Convolve a state; its lengths stay."""
        ones = (1,) * self.rank
        return self._convolve(state, self.recurrent_kernel, "same", ones, ones)

    def _convolve(self, x: Any, kernel: Any, padding: str, strides: Any, dilations: Any) -> Any:
        pairs = ((0, 0),) * self.rank
        if padding == "same":
            pairs = same_pairs(x.shape[1:-1], tuple(kernel.shape[:-2]), strides, dilations)
        return xp.convolution(x, kernel, strides=strides, padding=pairs, dilations=dilations, groups=1)

    def state_shapes(self, batch: int) -> list[tuple[int, ...]]:
        """Return the shapes of the states that go with the last projected images."""
        return [(batch, *self.lengths, self.units)] * 2

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return states of zeros."""
        return [xp.constant(np.zeros(shape, self.dtype)) for shape in self.state_shapes(batch_size)]


class ConvLSTM2D(RNN):
    """Long short-term memory of images: an `LSTM` whose products are convolutions.

    Shi et al., "Convolutional LSTM network: a machine learning approach for precipitation nowcasting", NeurIPS 2015,
    without their terms from memory to gates, as in Keras. The input has shape (batch, time, height, width, channels).

    Parameters
    ----------
    filters : int
        How many channels output and states have.
    kernel_size, strides, padding, data_format, dilation_rate : optional
        Of the convolution of the input, as for `Conv2D`; that of the state keeps its lengths.
    activation, recurrent_activation : str or callable
    use_bias : bool
    return_sequences, return_state, go_backwards, stateful : bool
        See `RNN`.
    **of_cell
        What else `LSTM` takes: initializers, regularizers, constraints, `unit_forget_bias`, `dropout`,
        `recurrent_dropout`, `seed`, `dtype`, `trainable`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.ConvLSTM2D(4, 3, padding="same", return_sequences=True)
    >>> layer(np.ones((2, 5, 8, 8, 1))).shape
    (2, 5, 8, 8, 4)
    """

    rank: ClassVar[int] = 2
    cell_kind: ClassVar[type] = ConvLSTMCell

    def __init__(
        self,
        filters: int,
        kernel_size: Any,
        strides: Any = 1,
        padding: str = "valid",
        data_format: str | None = None,
        dilation_rate: Any = 1,
        activation: Any = "tanh",
        recurrent_activation: Any = "sigmoid",
        use_bias: bool = True,
        *,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        **of_cell: Any,
    ) -> None:
        cell = ConvLSTMCell(
            filters,
            kernel_size,
            strides,
            padding,
            dilation_rate,
            self.rank,
            activation=activation,
            recurrent_activation=recurrent_activation,
            use_bias=use_bias,
            trainable=trainable,
            dtype=dtype,
            **of_cell,
        )
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            activity_regularizer=activity_regularizer,
            trainable=trainable,
            dtype=dtype,
            name=name,
        )
        self.filters, self.kernel_size, self.strides = cell.units, cell.kernel_size, cell.strides
        self.padding, self.dilation_rate = cell.padding, cell.dilation_rate
        self.activation, self.recurrent_activation, self.use_bias = cell.activation, cell.recurrent_activation, use_bias
        self.data_format = data_format
        self.first = channels_first(type(self).__name__, data_format)

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Go along the sequence; see `RNN`."""
        if self.first:
            sequences = xp.moveaxis(sequences, source=2, destination=-1)
            if initial_state is not None:
                initial_state = [xp.moveaxis(s, source=1, destination=-1) for s in initial_state]
        found = super().call(sequences, initial_state, mask, training)
        if not self.first:
            return found
        result, *states = found if self.return_state else [found]
        moved = [xp.moveaxis(result, source=-1, destination=2 if self.return_sequences else 1)]
        moved += [xp.moveaxis(s, source=-1, destination=1) for s in states]
        return moved if self.return_state else moved[0]


class ConvLSTM1D(ConvLSTM2D):
    """Long short-term memory of lines, of shape (batch, time, length, channels); see `ConvLSTM2D`."""

    rank: ClassVar[int] = 1


class ConvLSTM3D(ConvLSTM2D):
    """Long short-term memory of volumes, of shape (batch, time, depth, height, width, channels); see `ConvLSTM2D`."""

    rank: ClassVar[int] = 3
