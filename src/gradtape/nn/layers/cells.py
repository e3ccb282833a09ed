"""Cells: one step of a recurrent layer, from an input and states to an output and new states."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer
from gradtape.nn.layers.dense import whole
from gradtape.nn.layers.noise import share
from gradtape.nn.random import row_of
from gradtape.ops import Index

xp = doors.SPACE

COMMON = """    units : int
        How many outputs.
    activation : str or callable
    use_bias : bool
    kernel_initializer, recurrent_initializer, bias_initializer : str or callable
    kernel_regularizer, recurrent_regularizer, bias_regularizer : str or callable, optional
    kernel_constraint, recurrent_constraint, bias_constraint : str or callable, optional
    dropout, recurrent_dropout : float
        Which share of the inputs, and of the states, is 0 while training; the same at every step.
    seed : int, SeedGenerator, Generator or None
"""
"""The arguments that all cells have."""


class Cell(Layer):
    """The base class: `project` works on a whole sequence at once, `step` on what is different at every step.

    Attributes
    ----------
    state_size : tuple of int
        How long each state is.
    """

    casts_integers: ClassVar[bool] = True
    rank = 0
    """How many lengths an input of one step has besides its features."""
    gates: ClassVar[int] = 1
    states: ClassVar[int] = 1
    bias: Any = None
    activation: Any
    recurrent_activation: Any
    use_bias: bool

    def __init__(
        self,
        units: int,
        activation: Any = "tanh",
        use_bias: bool = True,
        kernel_initializer: Any = "glorot_uniform",
        recurrent_initializer: Any = "orthogonal",
        bias_initializer: Any = "zeros",
        kernel_regularizer: Any = None,
        recurrent_regularizer: Any = None,
        bias_regularizer: Any = None,
        kernel_constraint: Any = None,
        recurrent_constraint: Any = None,
        bias_constraint: Any = None,
        dropout: float = 0.0,
        recurrent_dropout: float = 0.0,
        seed: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.units = whole("units", units)
        self.keep(
            activation=activation,
            use_bias=use_bias,
            kernel_initializer=kernel_initializer,
            recurrent_kernel_initializer=recurrent_initializer,
            bias_initializer=bias_initializer,
            kernel_regularizer=kernel_regularizer,
            recurrent_kernel_regularizer=recurrent_regularizer,
            bias_regularizer=bias_regularizer,
            kernel_constraint=kernel_constraint,
            recurrent_kernel_constraint=recurrent_constraint,
            bias_constraint=bias_constraint,
        )
        self.dropout, self.recurrent_dropout = share("dropout", dropout), share("recurrent_dropout", recurrent_dropout)
        self.seed = seed
        if dropout or recurrent_dropout:
            self.seed_generator = row_of(seed)

    recurrent_initializer = property(lambda self: self.recurrent_kernel_initializer)
    recurrent_regularizer = property(lambda self: self.recurrent_kernel_regularizer)
    recurrent_constraint = property(lambda self: self.recurrent_kernel_constraint)

    @property
    def state_size(self) -> tuple[int, ...]:
        """How long each state is."""
        return (self.units,) * self.states

    @property
    def output_size(self) -> int:
        """How long the output is."""
        return self.units

    def _bias_shape(self) -> tuple[int, ...]:
        return (self.gates * self.units,)

    def build(self, input_shape: Any) -> None:
        """Make the weights."""
        self.kernel = self.weight("kernel", (input_shape[-1], self.gates * self.units))
        self.recurrent_kernel = self.weight("recurrent_kernel", (self.units, self.gates * self.units))
        self._make_bias()

    def _make_bias(self) -> None:
        if self.use_bias:
            self.bias = self.weight("bias", self._bias_shape())

    def state_shapes(self, batch: int) -> list[tuple[int, ...]]:
        """Return the shapes of the states."""
        return [(batch, n) for n in self.state_size]

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return states of zeros."""
        return [xp.constant(np.zeros((batch_size, n), self.dtype)) for n in self.state_size]

    def chance(self, shape: Any, training: bool) -> tuple[Any, Any]:
        """Draw which inputs, of a shape without steps, and which states drop out; None where none do."""
        if not training or not (self.dropout or self.recurrent_dropout):
            return None, None
        generator = self.seed_generator.next()

        def drawn(rate: float, size: Any) -> Any:
            kept = generator.random(size, np.float32) >= rate
            return kept.astype(self.dtype) / np.asarray(1.0 - rate, self.dtype) if rate else None

        return drawn(self.dropout, shape), drawn(self.recurrent_dropout, self.state_shapes(shape[0])[0])

    def project(self, inputs: Any, drop: Any) -> Any:
        """Multiply inputs, of one step or of many, by the kernel."""
        self.wants(inputs, -1, self.kernel.shape[0], "features")
        if drop is not None:
            inputs = inputs * (drop if inputs.ndim == 2 else drop[:, None, :])
        y = xp.matmul(inputs, self.kernel)
        return y if self.bias is None else y + self._input_bias()

    def _input_bias(self) -> Any:
        return self.bias

    def recur(self, state: Any) -> Any:
        """Multiply a state by the recurrent kernel."""
        return xp.matmul(state, self.recurrent_kernel)

    def step(self, projected: Any, states: list[Any], drop: Any) -> tuple[Any, list[Any]]:
        """Make the output and the states of the next step."""
        raise NotImplementedError

    def parts(self, value: Any) -> list[Any]:
        """Return what belongs to each gate."""
        n = self.units
        return [xp.getitem(value, Index((..., slice(k * n, (k + 1) * n)))) for k in range(value.shape[-1] // n)]

    def call(self, inputs: Any, states: Any, training: bool = False) -> tuple[Any, list[Any]]:
        """Compute one step.

        Parameters
        ----------
        inputs : array_like
            Of shape (batch, features).
        states : list of array_like
            Of shapes (batch, units).
        training : bool

        Returns
        -------
        Tensor
            The output, of shape (batch, units).
        list of Tensor
            The new states.
        """
        drop, recurrent_drop = self.chance(inputs.shape, training)
        states = list(states) if isinstance(states, list | tuple) else [states]
        return self.step(self.project(inputs, drop), states, recurrent_drop)


class SimpleRNNCell(Cell):
    """`activation(inputs @ kernel + state @ recurrent_kernel + bias)`."""

    def step(self, projected: Any, states: list[Any], drop: Any) -> tuple[Any, list[Any]]:
        """Make the output and the states of the next step."""
        (h,) = states
        h = h if drop is None else h * drop
        y = self.activation(projected + self.recur(h))
        return y, [y]


class _Gated(Cell):
    """A cell with gates."""

    def __init__(
        self, units: int, activation: Any = "tanh", recurrent_activation: Any = "sigmoid", *args: Any, **named: Any
    ) -> None:
        super().__init__(units, activation, *args, **named)
        self.keep(recurrent_activation=recurrent_activation)


class LSTMCell(_Gated):
    """Long short-term memory (Hochreiter and Schmidhuber 1997; the gate that forgets: Gers et al. 2000).

    With `i, f, c, o = inputs @ kernel + h @ recurrent_kernel + bias`, the memory becomes `f * memory + i * tanh(c)`,
    and the output `o * tanh(memory)`. `unit_forget_bias` starts the gate that forgets at 1.
    """

    gates: ClassVar[int] = 4
    states: ClassVar[int] = 2

    def __init__(self, units: int, *args: Any, unit_forget_bias: bool = True, **named: Any) -> None:
        super().__init__(units, *args, **named)
        self.unit_forget_bias = unit_forget_bias

    def _make_bias(self) -> None:
        super()._make_bias()
        if self.bias is not None and self.unit_forget_bias:
            first = np.array(self.bias._value)
            first[self.units : 2 * self.units] = 1.0
            self.bias.assign(first)

    def step(self, projected: Any, states: list[Any], drop: Any) -> tuple[Any, list[Any]]:
        """Make the output and the states of the next step."""
        h, memory = states
        h = h if drop is None else h * drop
        i, f, c, o = self.parts(projected + self.recur(h))
        gate = self.recurrent_activation
        memory = gate(f) * memory + gate(i) * self.activation(c)
        y = gate(o) * self.activation(memory)
        return y, [y, memory]


class GRUCell(_Gated):
    """Gated recurrent unit (Cho et al. 2014); `reset_after` applies the reset gate after the product.

    With `reset_after` there are two offsets, one for inputs and one for states: `bias` has shape (2, 3 * units).
    """

    gates: ClassVar[int] = 3

    def __init__(self, units: int, *args: Any, reset_after: bool = True, **named: Any) -> None:
        super().__init__(units, *args, **named)
        self.reset_after = reset_after

    def _bias_shape(self) -> tuple[int, ...]:
        return (2, 3 * self.units) if self.reset_after else (3 * self.units,)

    def _input_bias(self) -> Any:
        return xp.getitem(self.bias, Index(0)) if self.reset_after else self.bias

    def step(self, projected: Any, states: list[Any], drop: Any) -> tuple[Any, list[Any]]:
        """Make the output and the states of the next step."""
        (h,) = states
        seen = h if drop is None else h * drop
        xz, xr, xh = self.parts(projected)
        gate = self.recurrent_activation
        if self.reset_after:
            inner = xp.matmul(seen, self.recurrent_kernel)
            inner = inner if self.bias is None else inner + xp.getitem(self.bias, Index(1))
            hz, hr, hh = self.parts(inner)
            z, new = gate(xz + hz), self.activation(xh + gate(xr + hr) * hh)
        else:
            n = self.units
            outer = xp.getitem(self.recurrent_kernel, Index((slice(None), slice(0, 2 * n))))
            hz, hr = self.parts(xp.matmul(seen, outer))
            last = xp.getitem(self.recurrent_kernel, Index((slice(None), slice(2 * n, None))))
            z, new = gate(xz + hz), self.activation(xh + xp.matmul(gate(xr + hr) * seen, last))
        y = z * h + (1.0 - z) * new
        return y, [y]


class StackedRNNCells(Layer):
    """Cells one on the other, as one cell: the output of each is the input of the next.

    Parameters
    ----------
    cells : sequence of Cell
    **options
        `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.RNN(gt.nn.StackedRNNCells([gt.nn.LSTMCell(4), gt.nn.GRUCell(3)]))
    >>> layer(np.ones((2, 5, 1))).shape
    (2, 3)
    """

    def __init__(self, cells: Any, **options: Any) -> None:
        super().__init__(**options)
        self.cells = list(cells)

    @property
    def state_size(self) -> tuple[int, ...]:
        """How long each state is, of all cells."""
        return tuple(n for cell in self.cells for n in cell.state_size)

    @property
    def output_size(self) -> int:
        """How long the output is."""
        return int(self.cells[-1].output_size)

    def get_initial_state(self, batch_size: int) -> list[Any]:
        """Return states of zeros."""
        return [s for cell in self.cells for s in cell.get_initial_state(batch_size)]

    def call(self, inputs: Any, states: Any) -> tuple[Any, list[Any]]:
        """Compute one step."""
        given, new = list(states), list[Any]()
        for cell in self.cells:
            count = len(cell.state_size)
            inputs, made = cell(inputs, given[:count])
            given, new = given[count:], new + list(made)
        return inputs, new


def documented(kind: type[Cell], more: str = "") -> None:
    """Add the arguments to a cell's description."""
    kind.__doc__ = f"{(kind.__doc__ or '').rstrip()}\n\n    Parameters\n    ----------\n{COMMON}{more}    "


documented(SimpleRNNCell)
documented(LSTMCell, "    recurrent_activation : str or callable\n    unit_forget_bias : bool\n")
documented(GRUCell, "    recurrent_activation : str or callable\n    reset_after : bool\n")
