"""Namespaces that rules run in: every operation and composite of the table as an attribute."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from gradtape.ops import Op, row_named

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.ops import Composite


class Space:
    """A namespace in which each operation is what `function_of` says, and composites are made of those.

    `kernel_of` gives the kernel of a composite that has one. A variadic operation takes its arrays in one list, as
    NumPy's `concatenate` does. A function is made when it is first asked for and is an ordinary attribute from then on.
    """

    def __init__(
        self,
        function_of: Callable[[Op], Callable[..., Any]],
        kernel_of: Callable[[Composite], Callable[..., Any]] | None = None,
    ) -> None:
        self._function_of = function_of
        self._kernel_of = kernel_of

    def __getattr__(self, name: str) -> Any:
        try:
            row = row_named(name) if not name.startswith("_") else None
        except KeyError:
            row = None
        if row is None:
            raise AttributeError(f"the table has no operation {name!r}")
        if isinstance(row, Op):
            made = self._function_of(row)
        elif row.kernel and self._kernel_of is not None:
            made = self._kernel_of(row)
        else:
            made = partial(row.fn, self)
        setattr(self, name, made)
        return made

    def function(self, op: Op) -> Callable[..., Any]:
        """Return what computes an operation here, also one that stands in no table; a variadic one takes a list."""
        made: Callable[..., Any] = getattr(self, op.name) if op.permanent else self._function_of(op)
        return made

    if TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None: ...
