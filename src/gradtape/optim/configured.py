"""`Configured`: a class whose fields are its arguments, its attributes and its configuration, written once."""

from __future__ import annotations

import copy
import re
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar, Self, dataclass_transform

if TYPE_CHECKING:
    from collections.abc import Mapping

KERAS_HOMES = {"optimizer": "keras.optimizers", "schedule": "keras.optimizers.schedules"}


@dataclass_transform()
class Configured:
    """The base of optimizers and schedules: annotated fields become arguments of `__init__`, in their order.

    A class that brings its own `__init__` has the fields of its base, and a `get_config` of its own. With
    `known=False` it is a base of others, which no name finds.
    """

    KIND: ClassVar[str] = ""
    """What `get` calls it: "optimizer", "schedule"."""

    KNOWN: ClassVar[dict[tuple[str, str], type[Configured]]] = {}
    """Every class that is no mere base, by kind and by its name in lower case."""

    def __init_subclass__(cls, known: bool = True, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "__init__" not in vars(cls):
            dataclass(eq=False, repr=False)(cls)
        for field in fields(cls):  # type: ignore[arg-type]
            # a default that stands on the class would hide a descriptor of the base
            own = vars(cls).get(field.name)
            hides = any(hasattr(vars(base).get(field.name), "__set__") for base in cls.__mro__[1:])
            if field.name in vars(cls) and hides and not hasattr(own, "__set__"):
                delattr(cls, field.name)
        if known and cls.KIND and not cls.__name__.startswith("_"):
            Configured.KNOWN.setdefault((cls.KIND, cls.__name__.lower()), cls)

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.get_config().items() if value is not None)
        return f"{type(self).__name__}({told})"

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make another of the same kind; state is not part of it.

        Returns
        -------
        dict
            Numbers, strings, None, and the form of `serialize` for what is configured itself: JSON can hold it.
        """
        return {f.name: configuration(getattr(self, f.name)) for f in fields(self)}  # type: ignore[arg-type]

    @classmethod
    def from_config(cls, config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Self:
        """Make one from what `get_config` gave.

        Parameters
        ----------
        config : dict
            The arguments by name; not changed.
        custom_objects : dict, optional
            Classes of one's own by name.
        """
        return cls(**{name: made(value, custom_objects) for name, value in config.items()})


def snake_case(name: str) -> str:
    """Turn the name of a class into that of an object: `LossScaleOptimizer` into `loss_scale_optimizer`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def configuration(value: Any) -> Any:
    """Return what stands for a value in a configuration."""
    if isinstance(value, Configured):
        return serialize(value)
    return copy.deepcopy(value)


def made(value: Any, custom_objects: Mapping[str, Any] | None) -> Any:
    """Return the value that something in a configuration stands for."""
    if isinstance(value, dict) and "class_name" in value:
        return deserialize(value, custom_objects)
    return value


def serialize(configured: Configured) -> dict[str, Any]:
    """Return the class and the configuration of an optimizer or a schedule, in the form of Keras.

    Parameters
    ----------
    configured : Optimizer or LearningRateSchedule

    Returns
    -------
    dict
        `class_name` and `config`, and the module in which Keras looks for the class.
    """
    kind = type(configured)
    ours = kind.__module__.startswith("gradtape.")
    return {
        "module": KERAS_HOMES[kind.KIND] if ours else kind.__module__,
        "class_name": kind.__name__,
        "config": configured.get_config(),
        "registered_name": None if ours else kind.__name__,
    }


def deserialize(
    config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None, *, kind: str | None = None
) -> Any:
    """Make an optimizer or a schedule from what `serialize` gave, here or in Keras.

    Parameters
    ----------
    config : dict
        With `class_name` in any case of letters, and `config`.
    custom_objects : dict, optional
        Classes of one's own by name; a class that was defined already is known by itself.
    kind : {"optimizer", "schedule"}, optional
        What it must be.

    Raises
    ------
    ValueError
        If no such class is known.
    TypeError
        If it names none.
    """
    name = config.get("class_name")
    if not isinstance(name, str):
        raise TypeError(f"a configuration names its class as `class_name`; got {sorted(config)}")
    found = (custom_objects or {}).get(name)
    if found is None:
        kinds = KERAS_HOMES if kind is None else (kind,)
        found = next((Configured.KNOWN[k, name.lower()] for k in kinds if (k, name.lower()) in Configured.KNOWN), None)
    if found is None:
        raise ValueError(f"no {kind or 'class'} is called {name!r}; there are {', '.join(names_of(kind))}")
    return found.from_config(dict(config.get("config") or {}), custom_objects)


def names_of(kind: str | None) -> list[str]:
    """Return the names of the classes of a kind, or of all."""
    return sorted(c.__name__ for (k, _), c in Configured.KNOWN.items() if kind is None or k == kind)


def look_up(identifier: Any, kind: str) -> Any:
    """Return what a name, a configuration or an object of a kind stands for; None for None.

    Raises
    ------
    ValueError
        If it stands for nothing.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        return deserialize({"class_name": identifier}, kind=kind)
    if isinstance(identifier, dict):
        return deserialize(identifier, kind=kind)
    if isinstance(identifier, Configured) and kind == identifier.KIND:
        return identifier
    raise ValueError(
        f"{identifier!r} is no {kind}; pass one of gradtape.optim, its name or its configuration: "
        f"{', '.join(names_of(kind))}"
    )
