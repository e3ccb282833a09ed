"""`Layer`: a module that is called with arrays, and makes its weights when it sees the first of them."""

from __future__ import annotations

import warnings
from contextvars import ContextVar
from inspect import Parameter, signature
from sys import _getframe
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, NoReturn, Self

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import RELATED, Node, family_of, in_family, is_differentiable, usual
from gradtape.arrays.failures import located
from gradtape.arrays.variable import Variable
from gradtape.errors import ShapeError
from gradtape.nn import activations, constraints, initializers, masks, regularizers
from gradtape.nn.module import Module
from gradtape.nn.named import told
from gradtape.nn.symbols import Symbol, noted, symbols_in
from gradtape.tape.structure import flatten, rebuild

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

xp = doors.SPACE

_TRAINING: ContextVar[bool | None] = ContextVar("gradtape training", default=None)
"""What the call around this one was told about training, which layers inside it go by."""


LOOKED_UP: dict[str, Callable[[Any], Any]] = {
    "activation": activations.get,
    "constraint": constraints.get,
    "initializer": initializers.get,
    "regularizer": regularizers.get,
}
"""How an argument whose name ends so is looked up."""


class Penalized(NamedTuple):
    """A weight with its penalty; kept in an object of its own, so that the weight is not found here."""

    weight: Variable
    penalty: Any


class Penalties:
    """The penalties of one layer's weights."""

    def __init__(self) -> None:
        self.items: list[Penalized] = []


class Call(NamedTuple):
    """What a class's `call` takes besides arrays."""

    training: bool
    masks: tuple[tuple[int, str, str], ...]
    """The arguments whose masks it takes: the place of each, its name, and the name of the argument for its mask."""


_CALLS: dict[type, Call] = {}


def call_of(kind: type[Layer]) -> Call:
    """Look up what a class's `call` takes."""
    found = _CALLS.get(kind)
    if found is None:
        parameters = signature(kind.call).parameters
        anything = any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values())
        names = list(parameters)[1:]
        pairs = [(k, n, "mask" if k == 0 and "mask" in names else f"{n}_mask") for k, n in enumerate(names)]
        masks = tuple(pair for pair in pairs if pair[2] in names)
        found = _CALLS[kind] = Call("training" in parameters or anything, masks)
    return found


class Layer(Module):
    """The base class of layers, Keras's way: write `build`, which makes the weights, and `call`, which uses them.

    Inputs of floating point are cast to the layer's dtype, recorded. `training=` and `mask=` reach `call` if it has
    arguments of these names; a call inside another goes by the outer one's `training` unless it is told otherwise.
    The mask of an input is passed as `mask=` unless one is given, that of a further argument `key` as `key_mask=`; the
    output has the mask that `compute_mask` returns, if `supports_masking`.

    Parameters
    ----------
    activity_regularizer : str or callable, optional
        A penalty on the output; see `losses`.
    trainable : bool
        Whether its weights learn.
    dtype : dtype, optional
        Of the weights and the computation; float32 unless given.
    name : str, optional
    input_shape : sequence of int, optional
        Of one example: a `Sequential` that begins with this layer makes its weights at once.

    Examples
    --------
    >>> import numpy as np
    >>> import gradtape as gt
    >>> class Scale(gt.nn.Layer):
    ...     def build(self, input_shape):
    ...         self.factor = self.add_weight((input_shape[-1],), "ones", name="factor")
    ...
    ...     def call(self, x):
    ...         return x * self.factor
    >>> layer = Scale()
    >>> layer(np.ones((2, 3))).shape, list(layer.named_variables())
    ((2, 3), ['factor'])
    """

    _dtype: Any = None
    _given: tuple[tuple[Any, ...], dict[str, Any]]
    built = False
    casts_integers: ClassVar[bool] = False
    """Whether inputs of whole numbers are cast to the layer's dtype, too."""
    casts_inputs: ClassVar[bool] = True
    """Whether inputs of floating point are cast to the layer's dtype."""
    least_ndim: ClassVar[int] = 0
    """How many axes the input has at least."""
    supports_masking = False
    """Whether the output has a mask if the input has one; set it in a class whose `call` keeps steps apart."""
    activity_regularizer: Any = None

    def __init__(
        self,
        *,
        activity_regularizer: Any = None,
        trainable: bool = True,
        dtype: Any = None,
        name: str | None = None,
        input_shape: Any = None,
    ) -> None:
        super().__init__(name)
        if input_shape is not None:
            self.given_shape = tuple(input_shape)
        self._trainable = bool(trainable)
        self._dtype = None if dtype is None else np.dtype(dtype)
        self.activity_regularizer = regularizers.get(activity_regularizer)
        self._penalties = Penalties()
        self._added: list[Any] = []
        self._output_shape: Any = None

    @property
    def dtype(self) -> Any:
        """The dtype of the weights and of the computation."""
        return np.dtype(np.float32) if self._dtype is None else self._dtype

    __repr__ = told

    def __new__(cls, *args: Any, **kwargs: Any) -> Self:
        """Note what the layer is made with, for `get_config`."""
        made = super().__new__(cls)
        made._given = (args, kwargs)
        return made

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make another layer of the same kind; weights are no part of it.

        Returns
        -------
        dict
            Numbers, strings, None, lists and dicts: JSON can hold it. Layers, initializers and the like are in it in
            the form of `serialize`.

        Raises
        ------
        TypeError
            If an argument is an object that has no such form.

        Examples
        --------
        >>> import gradtape as gt
        >>> config = gt.nn.Dense(3, activation="tanh").get_config()
        >>> config["units"], config["activation"], gt.nn.Dense.from_config(config)
        (3, 'tanh', Dense(3, activation='tanh'))
        """
        from gradtape.nn.configuration import arguments

        return arguments(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make a layer from what `get_config` gave, here or in Keras.

        Parameters
        ----------
        config : dict
        custom_objects : dict, optional
            Classes and functions of one's own by name.
        """
        from gradtape.nn.configuration import read

        return cls(**read(cls, config, custom_objects))

    @classmethod
    def _positional(cls) -> list[str]:
        """Return the names of the arguments that need no names, in their order, also of those that go to a base."""
        names: list[str] = []
        for kind in cls.__mro__:
            if "__init__" in vars(kind):
                parameters = list(signature(kind.__init__).parameters.values())[1:]  # type: ignore[misc]
                names += [p.name for p in parameters if p.kind is Parameter.POSITIONAL_OR_KEYWORD]
                if not any(p.kind is Parameter.VAR_POSITIONAL for p in parameters):
                    break
        return list(dict.fromkeys(names))

    # making weights

    def add_weight(
        self,
        shape: Sequence[int] = (),
        initializer: Any = None,
        dtype: Any = None,
        trainable: bool = True,
        regularizer: Any = None,
        constraint: Any = None,
        name: str | None = None,
    ) -> Variable:
        """Make a weight; keep it in an attribute, which gives it its path.

        Parameters
        ----------
        shape : sequence of int
        initializer : str or callable, optional
            `"glorot_uniform"` unless given, zeros for whole numbers.
        dtype : dtype, optional
            The layer's unless given.
        trainable : bool
        regularizer : str or callable, optional
            A penalty, which `losses` lists.
        constraint : str or callable, optional
            What optimizers keep it to.
        name : str, optional

        Returns
        -------
        Variable
        """
        kind = self.dtype if dtype is None else np.dtype(dtype)
        if initializer is None:
            initializer = "glorot_uniform" if kind.kind == "f" else "zeros"
        first = initializers.get(initializer)(tuple(shape), kind)
        weight = Variable(
            first,
            trainable=trainable and self._trainable,
            name=name,
            dtype=kind,
            constraint=constraints.get(constraint),
        )
        if trainable and not self._trainable:
            self._thawed = (*self._thawed, weight)
        if regularizer is not None:
            self._parts("_penalties", Penalties).items.append(Penalized(weight, regularizers.get(regularizer)))
        return weight

    def keep(self, **given: Any) -> None:
        """Keep arguments in attributes of the same names; what is asked for by name is looked up."""
        for name, value in given.items():
            look_up = LOOKED_UP.get(name.rpartition("_")[2])
            setattr(self, name, value if look_up is None else look_up(value))

    def weight(self, name: str, shape: Sequence[int], trainable: bool = True) -> Variable:
        """Make the weight of a name, with the initializer, regularizer and constraint that `keep` kept for it."""
        parts = {what: getattr(self, f"{name}_{what}", None) for what in ("initializer", "regularizer", "constraint")}
        return self.add_weight(shape, trainable=trainable, name=name, **parts)

    def _parts(self, name: str, kind: type) -> Any:
        """Return an attribute that a subclass without `super().__init__()` does not have yet."""
        if name not in vars(self):
            setattr(self, name, kind())
        return vars(self)[name]

    def build(self, input_shape: Any) -> None:
        """Make the weights for inputs of a shape; the usual layer has none."""

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Compute the output."""
        raise NotImplementedError(f"{type(self).__name__} has no `call`")

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:  # noqa: ARG002
        """Return the mask of the output: the input's, unless the layer makes or needs another."""
        return mask

    # penalties

    @property
    def losses(self) -> list[Any]:
        """The penalties of this layer and of those inside, computed and recorded now: add them to the loss."""
        found: list[Any] = []
        for layer in [self, *self.submodules]:
            if isinstance(layer, Layer):
                found += [
                    p.penalty(p.weight) for p in layer._parts("_penalties", Penalties).items if p.weight.trainable
                ]
                found += layer._parts("_added", list)
        return found

    def add_loss(self, loss: Any) -> None:
        """Add a penalty from inside `call`; the next call of the layer starts anew."""
        self._parts("_added", list).append(loss)

    # calling

    def __call__(self, *args: Any, training: bool | None = None, **kwargs: Any) -> Any:
        """Build the layer if it is new, and compute; with symbols, note the call."""
        kind = type(self)
        if Symbol.exist and symbols_in([args, kwargs]):
            return noted(self, args, kwargs if training is None else {**kwargs, "training": training})
        takes = call_of(kind)
        family = None
        masked = masks.any_masked((*args, *kwargs.values()))
        before = masks.mask_of(args[0]) if masked and args else None
        if masked:
            self._pass_masks(args, kwargs)
        if RELATED and self._is_ours:
            family = family_of([v for _, v in flatten([args, kwargs])])
            if family is not None:
                args, kwargs = usual(args), usual(kwargs)
        if self.casts_inputs:
            args = tuple(self._received(a) for a in args)
        around = _TRAINING.get()
        mode = around if training is None else bool(training)
        token = _TRAINING.set(mode) if mode is not around else None
        try:
            if not self.built:
                self._build_for(args, kwargs)
            if takes.training:
                kwargs["training"] = bool(mode)
            if "_added" in vars(self):
                self._added = []
            result = self.call(*args, **kwargs)
        finally:
            if token is not None:
                _TRAINING.reset(token)
        if self.activity_regularizer is not None:
            self.add_loss(self.activity_regularizer(result) / float(max(result.shape[0], 1)))
        self._output_shape = getattr(result, "shape", None)
        result = result if family is None else in_family(result, family)
        if args and (before is not None or (self.supports_masking and kind.compute_mask is not Layer.compute_mask)):
            self._keep_mask(args[0], before, result)
        return result

    def _pass_masks(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Add the masks of the arguments for which `call` has an argument, unless they are given."""
        for place, name, wanted in call_of(type(self)).masks:
            value = args[place] if place < len(args) else kwargs.get(name)
            if kwargs.get(wanted) is None and (mask := masks.mask_of(value)) is not None:
                kwargs[wanted] = mask

    def _keep_mask(self, inputs: Any, before: Any, result: Any) -> None:
        """Give the output its mask, unless a layer inside gave it one."""
        if masks.mask_of(result) is not None:
            return
        if self.supports_masking:
            masks.keep_mask(result, self.compute_mask(inputs, before))
        else:
            warnings.warn(
                f"{self!r}: the input has a mask, which ends here: what follows, the loss too, counts every step; "
                "a class whose output has the steps of its input says `supports_masking = True`",
                stacklevel=3,
            )

    @property
    def _is_ours(self) -> bool:
        return self._is_known

    @property
    def _is_known(self) -> bool:
        """Whether it is one of the layers of this room, and no class of somebody else."""
        return type(self).__module__.startswith("gradtape.nn.")

    def _lend_dtype(self, *layers: Any) -> None:
        """Give layers inside this one its dtype, if it was given one and they have none."""
        if self._dtype is None:
            return
        for layer in layers:
            for each in (layer, *getattr(layer, "submodules", ())):
                if isinstance(each, Layer) and each._dtype is None and not each.built:
                    each._dtype = self._dtype

    def _received(self, value: Any) -> Any:
        """Give an input the layer's dtype; lists of numbers become arrays, structures of tensors stay structures."""
        if isinstance(value, list | tuple | dict) and any(isinstance(v, Node | np.ndarray) for _, v in flatten(value)):
            leaves = (self._received(leaf) for _, leaf in flatten(value))
            return rebuild(value, leaves.__next__)
        if isinstance(value, Node):
            held = value._value
            wanted = is_differentiable(held) or (self.casts_integers and held.dtype.kind in "iub")
            return value if not wanted or held.dtype == self.dtype else xp.cast(value, dtype=self.dtype)
        if value is None or isinstance(value, bool | str):
            return value
        array = np.asarray(value)
        if array.dtype.kind == "f" or (self.casts_integers and array.dtype.kind in "iub"):
            array = array.astype(self.dtype, copy=False)
        return value if array.dtype == object else xp.constant(array)

    def _build_for(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:  # noqa: ARG002
        """Make the weights for the arguments of the first call."""
        first = args[0] if args else None
        if self.least_ndim and getattr(first, "ndim", self.least_ndim) < self.least_ndim:
            self.refuse(
                f"the input has {self.least_ndim} axes or more, got shape {tuple(first.shape)}",  # type: ignore[union-attr]
                "the first axis is the batch: `x[None]` makes a batch of one",
            )
        self.build(shapes_of(first))
        self.built = True

    def refuse(self, headline: str, *helps: str) -> NoReturn:
        """Raise an error that names the layer and the user's line.

        Raises
        ------
        ShapeError
        """
        name = f" {self._name!r}" if self._name else ""
        raise located(ShapeError, f"{type(self).__name__}{name}: {headline}", _getframe(1), *helps)

    def wants(self, inputs: Any, axis: int, size: int, what: str) -> None:
        """Insist on the length of an axis that the weights were made for."""
        if inputs.ndim <= (axis if axis >= 0 else -axis - 1) or inputs.shape[axis] != size:
            self.refuse(
                f"the input has {size} {what} along axis {axis}, as when the layer was built; got shape "
                f"{tuple(inputs.shape)}",
                "make a new layer, or reshape the input",
            )


def shapes_of(value: Any) -> Any:
    """Return the shape of an array, or those in a structure of arrays."""
    if hasattr(value, "shape"):
        return tuple(value.shape)
    if isinstance(value, dict):
        return {key: shapes_of(v) for key, v in value.items()}
    if isinstance(value, list | tuple):
        return [shapes_of(v) for v in value]
    return np.shape(value)


def training_now() -> bool:
    """Whether the call around this one trains."""
    return bool(_TRAINING.get())
