"""Objects that are asked for by name, and how objects tell what they were made with."""

from __future__ import annotations

from inspect import Parameter, signature
from typing import Any

import numpy as np


def named(what: str, known: dict[str, Any], identifier: Any) -> Any:
    """Return what a name stands for, made with its defaults if it is a class; everything callable is itself.

    Parameters
    ----------
    what : str
        For the message: "initializer".
    known : dict
        Classes and functions by their names in lower case, words joined by `_`.
    identifier : str, type, callable or None

    Raises
    ------
    ValueError
        If nothing has that name.
    TypeError
        If it is no name and cannot be called.
    """
    if identifier is None:
        return None
    if isinstance(identifier, str):
        plain = identifier.replace("_", "").lower()
        found = next((v for name, v in known.items() if name.replace("_", "") == plain), None)
        if found is None:
            raise ValueError(f"no {what} is called {identifier!r}; there are {', '.join(sorted(known))}")
        identifier = found
    if isinstance(identifier, type):
        return identifier()
    if not callable(identifier):
        raise TypeError(f"{identifier!r} is no {what}: give a name, a function or an object that can be called")
    return identifier


COMMON = {
    name: Parameter(name, Parameter.KEYWORD_ONLY, default=usual)
    for name, usual in (("trainable", True), ("dtype", None), ("name", None))
}
"""What layers take among `**options`."""


def told(self: Any) -> str:
    """Write an object as the call that makes it, without arguments that are the usual ones."""
    parts = []
    parameters = dict(signature(type(self).__init__).parameters)
    if any(p.kind is Parameter.VAR_KEYWORD for p in parameters.values()):
        parameters |= COMMON
    for name, parameter in parameters.items():
        if name == "self" or parameter.kind in {Parameter.VAR_KEYWORD, Parameter.VAR_POSITIONAL}:
            continue
        value = getattr(self, f"_{name}" if name in COMMON and hasattr(self, f"_{name}") else name, parameter.default)
        value = value.name if isinstance(value, np.dtype) else value
        if parameter.default is Parameter.empty:
            parts.append(_short(value))
        elif not _same(value, parameter.default):
            parts.append(f"{name}={_short(value)}")
    return f"{type(self).__name__}({', '.join(parts)})"


def _same(value: Any, default: Any) -> bool:
    """Whether a value is what a default stands for: a name stands for what it was looked up as."""
    name = getattr(value, "__name__", type(value).__name__)
    if isinstance(default, str) and not isinstance(value, str):
        return bool(default.replace("_", "").lower() == name.lower().replace("_", ""))
    if default is None and name == "linear":
        return True
    if isinstance(value, tuple) and isinstance(default, int | tuple):
        return value == (default if isinstance(default, tuple) else (default,) * len(value))
    return bool(type(value) is type(default) and value == default)


def _short(value: Any) -> str:
    name = getattr(value, "__name__", None)
    return repr(name) if name is not None and callable(value) else repr(value)
