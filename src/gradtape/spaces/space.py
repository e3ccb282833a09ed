"""Namespaces that rules run in: every operation and composite of the table as an attribute."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from gradtape.ops import COMPOSITES, OPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Op


def build_space(function_of: Callable[[Op], Callable[..., Any]]) -> SimpleNamespace:
    """Make the namespace in which each operation is what `function_of` says, and composites are made of those.

    A variadic operation takes its arrays in one list, as NumPy's `concatenate` does.
    """
    space = SimpleNamespace(**{name: function_of(op) for name, op in OPS.items()})
    for name, row in COMPOSITES.items():
        setattr(space, name, partial(row.fn, space))
    return space
