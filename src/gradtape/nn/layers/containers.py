"""Layers made of layers and functions: `Sequential`, `Model` and `Lambda`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.record import unrecorded
from gradtape.nn.fitting.compiled import Compiled
from gradtape.nn.layer import Layer
from gradtape.nn.masks import keep_mask, mask_of
from gradtape.nn.symbols import Symbol, start

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


xp = doors.SPACE


class Model(Compiled, Layer):
    """A layer made of layers: keep them in attributes, and use them in `call`.

    Inputs reach `call` as they are; every layer inside casts to its own dtype. `Model(inputs, outputs)` makes one of
    the calls that lead from what `Input` returns to what layers make of it.

    Parameters
    ----------
    inputs, outputs : Symbol, or list or dict of Symbol, optional
    name : str, optional

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> class Net(gt.nn.Model):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.hidden = gt.nn.Dense(8, activation="tanh")
    ...         self.out = gt.nn.Dense(1)
    ...
    ...     def call(self, x):
    ...         return self.out(self.hidden(x))
    >>> net = Net()
    >>> net(np.ones((4, 3))).shape, list(net.named_variables())
    ((4, 1), ['hidden.kernel', 'hidden.bias', 'out.kernel', 'out.bias'])

    Two inputs, a sum and a layer that is used twice:

    >>> a, b = gt.nn.Input((3,)), gt.nn.Input((3,))
    >>> layer = gt.nn.Dense(8, activation="relu")
    >>> model = gt.nn.Model([a, b], gt.nn.Dense(1)(layer(a) + 2.0 * layer(b)))
    >>> model([np.ones((4, 3)), np.zeros((4, 3))]).shape, model.count_params()
    ((4, 1), 41)
    """

    def __new__(cls, *args: Any, **kwargs: Any) -> Any:
        """Make a model of calls if there are inputs and outputs."""
        if cls is Model and (args or "inputs" in kwargs):
            from gradtape.nn.layers.functional import Functional

            cls = Functional  # noqa: PLW0642 - then Python calls its `__init__`
        return super().__new__(cls, *args, **kwargs)

    casts_inputs: ClassVar[bool] = False
    supports_masking = True

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return no mask: the output has the one that the layers inside gave it."""
        return None

    @property
    def _is_ours(self) -> bool:
        return False  # the layers inside see the inputs' own class of tensors

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name!r} with {self.count_params()} parameters>"


class Sequential(Model):
    """Layers one after the other.

    Parameters
    ----------
    layers : sequence of Layer or callable, optional
        What is applied in this order; modules and functions that are no layers are called with the value alone.
    trainable : bool
    dtype : dtype, optional
        For those of the layers that have none of their own.
    name : str, optional

    Attributes
    ----------
    layers : list
        May be changed at any time.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> net = gt.nn.Sequential([gt.nn.Dense(8, activation="relu"), gt.nn.Dense(1)], dtype="float64")
    >>> y = net(np.ones((4, 3)))
    >>> y.shape, y.dtype, len(net.trainable_variables)
    ((4, 1), dtype('float64'), 4)
    """

    def __init__(
        self,
        layers: Sequence[Callable[..., Any]] | None = None,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        self.layers: list[Any] = []
        for layer in layers or ():
            self.add(layer)
        if not trainable:
            self.trainable = False

    def add(self, layer: Callable[..., Any]) -> None:
        """Add a layer at the end.

        Raises
        ------
        TypeError
            If it cannot be called.
        """
        if isinstance(layer, Symbol):
            layer = InputLayer(layer.shape[1:], layer.shape[0], layer.dtype, layer.name)
        if not callable(layer):
            raise TypeError(f"Sequential: `layer` is a layer or a function, got {layer!r}")
        self.layers.append(layer)
        shape = getattr(self.layers[0], "given_shape", None)
        if shape is not None:  # then the weights are there at once, as in Keras
            with unrecorded():
                self(np.zeros((1, *shape), self.layers[0].dtype))

    def pop(self) -> Any:
        """Remove the last layer and return it."""
        return self.layers.pop()

    def __len__(self) -> int:
        return len(self.layers)

    def __bool__(self) -> bool:
        return True

    def __getitem__(self, index: Any) -> Any:
        return self.layers[index]

    def __repr__(self) -> str:
        return f"Sequential([{', '.join(map(repr, self.layers))}])"

    def get_config(self) -> dict[str, Any]:
        """Return the layers and what else makes another `Sequential`; see `Layer.get_config`.

        Raises
        ------
        TypeError
            If something in it is no layer.
        """
        from gradtape.nn.configuration import plain

        layers = [plain(layer, Sequential, "layers") for layer in self.layers]
        dtype = None if self._dtype is None else self._dtype.name
        return {"layers": layers, "trainable": self._trainable, "dtype": dtype, "name": self._name}

    def call(self, inputs: Any, training: bool = False, mask: Any = None) -> Any:  # noqa: ARG002
        """Apply the layers; a mask goes along with what they return."""
        x = inputs
        if mask is not None and mask is not mask_of(inputs):
            x = xp.identity(inputs)  # the caller's tensor stays without it
            keep_mask(x, mask)
        self._lend_dtype(*self.layers)
        for layer in self.layers:
            x = layer(x)
        return x


class InputLayer(Layer):
    """The first of a `Sequential`: says what an example is like, so that weights are made at once.

    Parameters
    ----------
    shape : sequence of int
        Of one example, without the batch.
    batch_size : int, optional
        Accepted for Keras's sake.
    dtype : dtype, optional
    name : str, optional
    batch_shape : sequence of int or None, optional
        In the place of `shape`, with the batch.

    Examples
    --------
    >>> import gradtape as gt
    >>> net = gt.nn.Sequential([gt.nn.Input((3,)), gt.nn.Dense(2)])
    >>> net.count_params()
    8
    """

    casts_inputs: ClassVar[bool] = False
    supports_masking = True

    def __init__(
        self,
        shape: Any = None,
        batch_size: int | None = None,
        dtype: Any = None,
        name: str | None = None,
        batch_shape: Any = None,
    ) -> None:
        super().__init__(dtype=dtype, name=name)
        self.shape = tuple(batch_shape[1:] if shape is None else shape)
        self.batch_size = batch_size
        self.given_shape = self.shape

    def call(self, inputs: Any) -> Any:
        """Return the input."""
        if tuple(inputs.shape[1:]) != self.shape and None not in self.shape:
            self.refuse(f"an example has shape {self.shape}, got {tuple(inputs.shape[1:])}")
        return inputs


def Input(  # noqa: N802
    shape: Any = None,
    batch_size: int | None = None,
    dtype: Any = None,
    name: str | None = None,
    batch_shape: Any = None,
) -> Symbol:
    """Say what an example is like: a symbol to call layers with for a `Model`, or the first of a `Sequential`.

    Parameters
    ----------
    shape : sequence of int or None
        Of one example; None for a length that differs.
    batch_size : int, optional
    dtype : dtype, optional
        float32 unless given.
    name : str, optional
    batch_shape : sequence of int or None, optional
        In the place of `shape`, with the batch.

    Examples
    --------
    >>> import gradtape as gt
    >>> x = gt.nn.Input((8, 8, 1))
    >>> gt.nn.Conv2D(4, 3)(x)
    <Symbol of shape (None, 6, 6, 4), float32>
    """
    if shape is None:
        batch_size, *shape = batch_shape
    return start((shape,) if isinstance(shape, int) else shape, dtype, name, batch_size)


class Lambda(Layer):
    """A function as a layer.

    Parameters
    ----------
    function : callable
        Called with the value, and with `mask` and `training` if it has arguments of these names.
    arguments : dict, optional
        More arguments, by name.
    **options
        `name` and the like; see `Layer`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.nn.Lambda(lambda x: x * 2.0)([1.0, 2.0])
    Tensor([2., 4.], dtype=float32)
    """

    def __init__(self, function: Callable[..., Any], arguments: dict[str, Any] | None = None, **options: Any) -> None:
        super().__init__(**options)
        if not callable(function):
            raise TypeError(f"Lambda: `function` can be called, got {function!r}")
        self.function = function
        self.arguments = dict(arguments or {})

    def call(self, inputs: Any, mask: Any = None, training: bool = False) -> Any:
        """Apply the function."""
        code = getattr(self.function, "__code__", None)
        names = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if code is not None else ()
        given = {name: value for name, value in (("mask", mask), ("training", training)) if name in names}
        return self.function(inputs, **self.arguments, **given)
