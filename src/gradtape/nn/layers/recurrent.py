"""Layers that go along a sequence step by step: `RNN` with any cell, the usual ones, and both ways."""

from __future__ import annotations

import copy
from typing import Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.nn.layer import Layer
from gradtape.nn.layers.cells import COMMON, Cell, GRUCell, LSTMCell, SimpleRNNCell, StackedRNNCells
from gradtape.nn.masks import plain
from gradtape.nn.windows import one_of
from gradtape.ops import Index

xp = doors.SPACE


class RNN(Layer):
    """A cell that is applied to each step of a sequence.

    Parameters
    ----------
    cell : Cell, layer or sequence of cells
        An object with `state_size`, `get_initial_state(batch_size)` and a call `(inputs, states)` that returns an
        output and new states; several are stacked.
    return_sequences : bool
        Whether the result has the outputs of all steps or of the last one.
    return_state : bool
        Whether the last states are returned as well.
    go_backwards : bool
        Whether the last step comes first; the outputs are in that order.
    stateful : bool
        Whether a call starts with the states that the last one ended with; see `reset_states`.
    zero_output_for_mask : bool
        Whether the output at a masked step is 0, and not the one before.
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> layer = gt.nn.RNN(gt.nn.GRUCell(4), return_sequences=True)
    >>> layer(np.ones((2, 5, 3))).shape
    (2, 5, 4)
    """

    casts_integers: ClassVar[bool] = True
    supports_masking = True

    def __init__(
        self,
        cell: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        zero_output_for_mask: bool = False,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.cell: Any = StackedRNNCells(cell) if isinstance(cell, list | tuple) else cell
        self.return_sequences, self.return_state = return_sequences, return_state
        self.go_backwards, self.stateful = go_backwards, stateful
        self.zero_output_for_mask = zero_output_for_mask
        self.kept: list[Any] | None = None
        self._lend_dtype(self.cell)

    def reset_states(self) -> None:
        """Forget the states of the last call."""
        self.kept = None

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None, training: bool = False) -> Any:
        """Go along the sequence.

        Parameters
        ----------
        sequences : array_like
            Of shape (batch, time, features).
        initial_state : list of array_like, optional
            Zeros unless given.
        mask : array_like of bool, optional
            Which steps count, of shape (batch, time): at the others the states stay.
        training : bool

        Returns
        -------
        Tensor or list
            The output of the last step or of all; with `return_state` a list that ends with the states.
        """
        rank = self.cell.rank if isinstance(self.cell, Cell) else 0
        if sequences.ndim != 3 + rank:
            lengths = ("", "length, ", "height, width, ", "depth, height, width, ")[rank]
            self.refuse(f"the input has shape (batch, time, {lengths}features), got {tuple(sequences.shape)}")
        batch, steps = sequences.shape[:2]
        if not steps:
            self.refuse("the input has one step or more, got none")
        cell = self.cell
        ours = isinstance(cell, Cell)
        if ours and not cell.built:
            cell.build((batch, *sequences.shape[2:]))
            cell.built = True
        shape = (batch, *sequences.shape[2:])
        drop, recurrent_drop = cell.chance(shape, training) if ours else (None, None)
        whole = cell.project(sequences, drop) if ours else sequences
        states = self._start(initial_state, batch)
        counted = None if mask is None else plain(mask).astype(bool)
        outputs: list[Any] = []
        before: Any = None
        for t in range(steps - 1, -1, -1) if self.go_backwards else range(steps):
            here = xp.getitem(whole, Index((slice(None), t)))
            y, new = cell.step(here, states, recurrent_drop) if ours else cell(here, states)
            new = list(new) if isinstance(new, list | tuple) else [new]
            if counted is not None and not counted[:, t].all():
                kept = counted[:, t].reshape(batch, *(1,) * (rank + 1))
                nothing = before is None or self.zero_output_for_mask
                y, out = (xp.where(kept, y, 0.0 if nothing else before), y)
                new = [
                    y if s is out and not nothing else xp.where(kept, s, old)
                    for s, old in zip(new, states, strict=True)
                ]
            states, before = new, y
            outputs.append(y)
        self.kept = [plain(s) for s in states] if self.stateful else None
        result = xp.stack(outputs, axis=1) if self.return_sequences else outputs[-1]
        return [result, *states] if self.return_state else result

    def _start(self, initial_state: Any, batch: int) -> list[Any]:
        """Return the states to start with."""
        if initial_state is None and self.kept is not None and [s.shape for s in self.kept] == self._shapes(batch):
            return [xp.constant(s) for s in self.kept]
        if initial_state is None:
            made = self.cell.get_initial_state(batch)
            return list(made) if isinstance(made, list | tuple) else [made]
        states = list(initial_state) if isinstance(initial_state, list | tuple) else [initial_state]
        wanted = self._shapes(batch)
        if [tuple(s.shape) for s in states] != wanted:
            self.refuse(f"`initial_state` has the shapes {wanted}, got {[tuple(s.shape) for s in states]}")
        return [self._received(s) for s in states]

    def _shapes(self, batch: int) -> list[tuple[int, ...]]:
        """Return the shapes of the states."""
        cell = self.cell
        if isinstance(cell, Cell):
            return cell.state_shapes(batch)
        sizes = cell.state_size
        return [(batch, n) for n in (sizes if isinstance(sizes, list | tuple) else [sizes])]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return the mask of the steps, if there are steps."""
        return mask if self.return_sequences else None


class _Usual(RNN):
    """An `RNN` that makes its cell."""

    cell_kind: ClassVar[type[Cell]]

    def __init__(
        self,
        units: int,
        *args: Any,
        return_sequences: bool = False,
        return_state: bool = False,
        go_backwards: bool = False,
        stateful: bool = False,
        unroll: bool = False,
        use_cudnn: Any = "auto",
        zero_output_for_mask: bool = False,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        **of_cell: Any,
    ) -> None:
        cell = self.cell_kind(units, *args, trainable=trainable, dtype=dtype, **of_cell)
        super().__init__(
            cell,
            return_sequences,
            return_state,
            go_backwards,
            stateful,
            zero_output_for_mask,
            activity_regularizer=activity_regularizer,
            trainable=trainable,
            dtype=dtype,
            name=name,
        )
        self.units = cell.units
        self.unroll, self.use_cudnn = unroll, use_cudnn

    @classmethod
    def _positional(cls) -> list[str]:
        return cls.cell_kind._positional()

    def __repr__(self) -> str:
        inner = repr(self.cell).partition("(")[2][:-1]
        for name in ("return_sequences", "return_state", "go_backwards", "stateful", "zero_output_for_mask"):
            inner += f", {name}=True" if getattr(self, name) else ""
        return f"{type(self).__name__}({inner})"


class SimpleRNN(_Usual):
    """A fully connected recurrent layer: an `RNN` with a `SimpleRNNCell`."""

    cell_kind: ClassVar[type[Cell]] = SimpleRNNCell


class LSTM(_Usual):
    """Long short-term memory: an `RNN` with an `LSTMCell`."""

    cell_kind: ClassVar[type[Cell]] = LSTMCell


class GRU(_Usual):
    """Gated recurrent units: an `RNN` with a `GRUCell`."""

    cell_kind: ClassVar[type[Cell]] = GRUCell


MERGES = ("sum", "mul", "concat", "ave")


class Bidirectional(Layer):
    """A recurrent layer that goes both ways.

    Parameters
    ----------
    layer : RNN
        It goes forwards; a copy of it goes backwards.
    merge_mode : {"concat", "sum", "mul", "ave"} or None
        What becomes of the two outputs; None gives both.
    backward_layer : RNN, optional
        Another one than the copy; it has `go_backwards=True`.
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.Bidirectional(gt.nn.LSTM(4, return_sequences=True))(np.ones((2, 5, 3))).shape
    (2, 5, 8)
    """

    supports_masking = True

    casts_inputs: ClassVar[bool] = False

    def __init__(
        self, layer: Any, merge_mode: str | None = "concat", backward_layer: Any = None, **options: Any
    ) -> None:
        super().__init__(**options)
        self.merge_mode = None if merge_mode is None else one_of("Bidirectional", "merge_mode", merge_mode, MERGES)
        self.layer = layer
        self.backward_layer = backward_layer
        self.forward_layer = layer
        if backward_layer is None:
            self.backward_layer = copy.deepcopy(layer)
            self.backward_layer.go_backwards = not layer.go_backwards
        elif backward_layer.go_backwards == layer.go_backwards:
            raise ValueError("Bidirectional: `layer` and `backward_layer` go the same way; set `go_backwards` of one")
        self._lend_dtype(self.forward_layer, self.backward_layer)

    def __repr__(self) -> str:
        return f"Bidirectional({self.layer!r}, merge_mode={self.merge_mode!r})"

    def call(self, sequences: Any, initial_state: Any = None, mask: Any = None) -> Any:
        """Go both ways; see `RNN`. States are those of the way forwards, then those of the way back."""
        first = last = None
        if initial_state is not None:
            half = len(initial_state) // 2
            first, last = initial_state[:half], initial_state[half:]
        one = self.forward_layer(sequences, initial_state=first, mask=mask)
        two = self.backward_layer(sequences, initial_state=last, mask=mask)
        states: list[Any] = []
        if self.forward_layer.return_state:
            (one, *one_states), (two, *two_states) = one, two
            states = [*one_states, *two_states]
        if self.forward_layer.return_sequences:
            two = xp.flip(two, axis=1)
        outputs = self._merged(one, two)
        return [*outputs, *states] if states or self.merge_mode is None else outputs[0]

    def _merged(self, one: Any, two: Any) -> list[Any]:
        if self.merge_mode is None:
            return [one, two]
        if self.merge_mode == "concat":
            return [xp.concatenate([one, two], axis=-1)]
        if self.merge_mode == "mul":
            return [one * two]
        return [(one + two) / 2.0 if self.merge_mode == "ave" else one + two]

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """Return the mask of the steps, if there are steps; twice for two outputs."""
        found = self.forward_layer.compute_mask(inputs, mask)
        return [found, found] if self.merge_mode is None else found


class TimeDistributed(Layer):
    """A layer that is applied to every step alike.

    Parameters
    ----------
    layer : Layer
    **options
        `trainable`, `dtype`, `name`; see `Layer`.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> gt.nn.TimeDistributed(gt.nn.Conv2D(4, 3))(np.ones((2, 5, 8, 8, 1))).shape
    (2, 5, 6, 6, 4)
    """

    supports_masking = True

    casts_inputs: ClassVar[bool] = False

    def __init__(self, layer: Any, **options: Any) -> None:
        super().__init__(**options)
        self.layer = layer
        self._lend_dtype(layer)

    def call(self, inputs: Any) -> Any:
        """Compute the output: all steps are one batch for the layer."""
        x = inputs if hasattr(inputs, "ndim") else np.asarray(inputs)
        if x.ndim < 3:
            self.refuse(f"the input has shape (batch, time, ...), got {tuple(x.shape)}")
        y = self.layer(xp.reshape(x, shape=(x.shape[0] * x.shape[1], *x.shape[2:])))
        return xp.reshape(y, shape=(*x.shape[:2], *y.shape[1:]))


for _kind in (SimpleRNN, LSTM, GRU):
    _kind.__doc__ = (
        f"{_kind.__doc__}\n\n    Parameters\n    ----------\n{COMMON}    return_sequences, return_state, go_backwards, "
        "stateful, zero_output_for_mask : bool\n        See `RNN`.\n    **options\n        Those of the cell, and "
        "`trainable`, `dtype`, `name`.\n    "
    )
