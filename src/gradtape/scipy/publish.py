"""Fill a module with the public functions of the rows and composites that stand for functions of SciPy."""

from __future__ import annotations

from functools import wraps
from importlib import import_module
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.arrays import doors
from gradtape.ops import NUMPY, loaded

if TYPE_CHECKING:
    from collections.abc import Callable


def publish(names: dict[str, Any], module: str, *families: str) -> Callable[[str], Any]:
    """Put the doors of a module of SciPy into a module of ours.

    Parameters
    ----------
    names : dict
        The globals of our module; what it defines itself stays.
    module : str
        The module of SciPy, `"special"`; deeper names (`stats.norm.pdf`) are for the module to arrange.
    *families : str
        The families of rows to load first.

    Returns
    -------
    callable
        The module's `__getattr__`, which finds everything else in SciPy: functions computed on plain values.
    """
    public = names.setdefault("__all__", [])
    for row in loaded(NUMPY, *families):
        home, _, name = (row.scipy or "").rpartition(".")
        for public_name in (name, *row.aliases) if home == module else ():
            if public_name not in names:
                names[public_name] = doors.door(row.name)
                public.append(public_name)
    public.sort()

    def find(name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        theirs = getattr(import_module(f"scipy.{module}"), name)
        return (
            outside(f"scipy.{module}.{name}", theirs) if callable(theirs) and not isinstance(theirs, type) else theirs
        )

    return find


def outside(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a function of SciPy without a row usable: it computes on plain values, and its record says so."""

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        return doors.foreign(name, function, args, kwargs, _getframe(1))

    return call
