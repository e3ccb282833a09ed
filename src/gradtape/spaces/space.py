"""Namespaces that rules run in: every operation and composite of the table as an attribute."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gradtape.ops import COMPOSITES, OPS, load_families

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Op


class Space:
    """A namespace in which each operation is what `function_of` says, and composites are made of those.

    A variadic operation takes its arrays in one list, as NumPy's `concatenate` does. A function is made when it is
    first asked for and is an ordinary attribute from then on.
    """

    def __init__(self, function_of: Callable[[Op], Callable[..., Any]]) -> None:
        self._function_of = function_of

    def __getattr__(self, name: str) -> Any:
        if name not in OPS and name not in COMPOSITES and not name.startswith("_"):
            load_families()
        if name in OPS:
            made = self._function_of(OPS[name])
        elif name in COMPOSITES:
            made = partial(COMPOSITES[name].fn, self)
        else:
            raise AttributeError(f"the table has no operation {name!r}")
        setattr(self, name, made)
        return made

    def function(self, op: Op) -> Callable[..., Any]:
        """Return what computes an operation here, also one that stands in no table; a variadic one takes a list."""
        made: Callable[..., Any] = getattr(self, op.name) if OPS.get(op.name) is op else self._function_of(op)
        return made

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...
