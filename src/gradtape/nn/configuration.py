"""Layers as plain data: the arguments that make them, in Keras's form, and layers made of it again."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.nn import activations, constraints, initializers, regularizers
from gradtape.nn.constraints import Constraint
from gradtape.nn.initializers import Initializer
from gradtape.nn.layer import Layer
from gradtape.nn.regularizers import Regularizer

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

HOMES: dict[str, tuple[type, Any]] = {
    "keras.initializers": (Initializer, initializers),
    "keras.regularizers": (Regularizer, regularizers),
    "keras.constraints": (Constraint, constraints),
}
"""Where Keras keeps what arguments of layers may be, and where it is here."""


def arguments(layer: Layer) -> dict[str, Any]:
    """Return what a layer was made with, and the usual values of the rest, as plain data."""
    args, kwargs = layer._given
    kind = type(layer)
    usual = {
        name: parameter.default
        for name, parameter in signature(kind.__init__).parameters.items()
        if parameter.default is not Parameter.empty
    }
    given = {**usual, **dict(zip(kind._positional(), args, strict=False)), **kwargs}
    return {name: plain(value, kind, name) for name, value in given.items()}


def serialize(layer: Layer) -> dict[str, Any]:
    """Return the class and the configuration of a layer, in the form of Keras.

    Parameters
    ----------
    layer : Layer

    Returns
    -------
    dict
        `class_name` and `config`, and the module in which Keras looks for the class.

    Examples
    --------
    >>> import gradtape as gt
    >>> net = gt.nn.Sequential([gt.nn.Dense(8, activation="relu"), gt.nn.Dense(1)])
    >>> gt.nn.layers.deserialize(gt.nn.layers.serialize(net))
    Sequential([Dense(8, activation='relu'), Dense(1)])
    """
    return form(layer, layer.get_config(), "keras.layers" if layer._is_known else type(layer).__module__)


def form(value: Any, config: Any, module: str) -> dict[str, Any]:
    """Write an object as Keras does."""
    return {"module": module, "class_name": type(value).__name__, "config": config, "registered_name": None}


def plain(value: Any, kind: type, name: str) -> Any:
    """Return what stands for an argument in a configuration.

    Raises
    ------
    TypeError
        If nothing can.
    """
    if value is None or isinstance(value, bool | int | float | str):
        return value
    if isinstance(value, list | tuple):
        return [plain(part, kind, name) for part in value]
    if isinstance(value, dict):
        return {key: plain(part, kind, name) for key, part in value.items()}
    if isinstance(value, Layer):
        return serialize(value)
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, np.dtype) or (isinstance(value, type) and issubclass(value, np.generic)):
        return np.dtype(value).name
    if isinstance(value, np.ndarray | Node):
        array = np.asarray(value._value if isinstance(value, Node) else value)
        return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": array.dtype.name}}
    for module, (base, _) in HOMES.items():
        if isinstance(value, base):
            own = {n: getattr(value, n) for n in list(signature(type(value)).parameters)}
            return form(value, {n: plain(part, kind, n) for n, part in own.items()}, module)
    called = getattr(value, "__name__", None)
    if callable(value) and called in activations.__all__ and activations.get(called) is value:
        return called
    if callable(value) and called not in {None, "<lambda>"}:
        return {"module": "builtins", "class_name": "function", "config": called, "registered_name": called}
    raise TypeError(f"{kind.__name__}: `{name}` is {value!r}, which has no form in a configuration; give it by a name")


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a layer from what `serialize` gave, here or in Keras.

    Parameters
    ----------
    config : dict
        With `class_name` and `config`.
    custom_objects : dict, optional
        Classes and functions of one's own by name.

    Raises
    ------
    ValueError
        If no such class is known.
    """
    from gradtape.nn import layers

    name, inner, module = config["class_name"], config["config"], config.get("module")
    found = (custom_objects or {}).get(inner if name == "function" else name)
    if name == "function":
        if found is None:
            raise ValueError(f"the function {inner!r} is not known: pass custom_objects={{{inner!r}: ...}}")
        return found
    if name == "__numpy__":
        return np.array(inner["value"], inner["dtype"])
    if name == "DTypePolicy":
        return inner["name"]
    if module in HOMES:
        base, room = HOMES[module]
        kinds = {k.__name__: k for k in room.NAMED.values() if isinstance(k, type)}
        kind = found or kinds.get(name)
        if kind is None:
            raise ValueError(f"no {base.__name__.lower()} is called {name!r}; there are {', '.join(sorted(kinds))}")
        return kind(**meant(inner, set(signature(kind).parameters)))
    if name == "Functional" and found is None:
        from gradtape.nn.layers.functional import Functional as found  # noqa: N813
    kind = found or (getattr(layers, name) if name in layers.__all__ else None)
    if kind is None:
        raise ValueError(f"no layer is called {name!r}; classes of one's own go into `custom_objects`")
    return kind.from_config(inner, custom_objects)


WITHOUT_MEANING = frozenset({"build_config", "build_input_shape", "compile_config", "quantization_config"})
"""What Keras writes beside the arguments."""

USUAL = {"renorm_momentum": 0.99}
"""Arguments of Keras that are not here and with these values change nothing, as with None and False."""


def known_to(kinds: Iterable[type]) -> set[str]:
    """Return the names of the arguments that classes take, those for their bases too."""
    makers = {base.__init__ for kind in kinds for base in kind.__mro__[:-1] if "__init__" in vars(base)}  # type: ignore[misc]
    return {name for maker in makers for name in signature(maker).parameters}


def meant(config: Mapping[str, Any], known: set[str]) -> dict[str, Any]:
    """Return what of a configuration is an argument: Keras also writes what it does not use."""
    unused = {n for n, v in config.items() if n not in known and (v is None or v is False or USUAL.get(n) == v)}
    return {name: value for name, value in config.items() if name not in unused | WITHOUT_MEANING}


def read(kind: type[Layer], config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the arguments that stand in a configuration."""
    known = known_to([kind, getattr(kind, "cell_kind", kind)])
    return {name: made(value, custom_objects) for name, value in meant(config, known).items()}


def made(value: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """Return what a part of a configuration stands for."""
    if isinstance(value, dict):
        if "class_name" in value:
            return deserialize(value, custom_objects)
        return {key: made(part, custom_objects) for key, part in value.items()}
    return [made(part, custom_objects) for part in value] if isinstance(value, list | tuple) else value
