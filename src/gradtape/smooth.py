"""Smooth replacements of steps, choices and orders, under their public names: `gradtape.soft_floor` and so on."""

from __future__ import annotations

from inspect import signature
from typing import TYPE_CHECKING, Any

from gradtape.arrays.doors import door
from gradtape.ops.smooth import NAMES

if TYPE_CHECKING:
    from collections.abc import Callable


def _public(composed: Callable[..., Any]) -> Callable[..., Any]:
    """Make the public function of a composition: its own words, without the namespace."""
    function = door(composed.__name__)
    given = signature(composed)
    function.__doc__ = composed.__doc__
    vars(function)["__signature__"] = given.replace(parameters=list(given.parameters.values())[1:])
    return function


__all__ = [_composed.__name__ for _composed in NAMES]
globals().update({_composed.__name__: _public(_composed) for _composed in NAMES})


def __getattr__(name: str) -> Any:
    raise AttributeError(f"module 'gradtape.smooth' has no attribute {name!r}; there are {', '.join(__all__)}")
