"""The table itself: `OPS` and `COMPOSITES` by name. Row modules call `op` or `composite` once per row as they load."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.ops.model import REAL, Case, Domain, Op, Rule, Status

if TYPE_CHECKING:
    from collections.abc import Callable

OPS: dict[str, Op] = {}
"""Every operation that has a row, by name."""


class Composite(NamedTuple):
    """A function of the namespace that is made of operations: `fn(xp, ...)` with the call that NumPy's users write."""

    name: str
    numpy: str | None
    fn: Callable[..., Any]
    aliases: tuple[str, ...]
    methods: tuple[str, ...]


COMPOSITES: dict[str, Composite] = {}
"""Every function that is a composition of operations, by name."""


def op(
    name: str,
    call: str,
    *,
    numpy: str | None = "",
    aliases: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
    domain: Domain | tuple[Domain, ...] = REAL,
    cases: tuple[Case, ...] = (),
    elementwise: bool = False,
    **arguments: Rule | Status,
) -> Op:
    """Add a row.

    Parameters
    ----------
    name : str
        The operation's name, and its name in every namespace that rules run in.
    call : str
        How it is called: arrays first, then parameters with their defaults, `"a, axis=None, keepdims=False"`.
    numpy : str or None
        The function of NumPy that it stands for (`"linalg.inv"`); its own name unless given, None if there is none.
    aliases, methods : tuple of str
        Other names of the function, and the names of the tensor's methods that call it.
    domain : Domain or tuple of Domain
        Where tests may sample the arguments.
    cases : tuple of Case
        Calls for the tests; elementwise rows need none.
    elementwise : bool
        Whether the arguments broadcast together; a row with a `Partial` is elementwise anyway.
    **arguments : Rule or Status
        One entry per array argument, under its name in `call`.
    """
    if name in OPS or name in COMPOSITES:
        raise ValueError(f"two rows are called {name}")
    row = Op(
        name,
        call,
        arguments,
        numpy=name if numpy == "" else numpy,
        aliases=aliases,
        methods=methods,
        domain=domain,
        cases=cases,
        elementwise=elementwise,
    )
    OPS[name] = row
    return row


def composite(
    name: str,
    fn: Callable[..., Any],
    *,
    numpy: str | None = "",
    aliases: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
) -> None:
    """Add a function made of operations; `fn` takes the namespace first and then what NumPy's function takes."""
    if name in OPS or name in COMPOSITES:
        raise ValueError(f"two rows are called {name}")
    COMPOSITES[name] = Composite(name, name if numpy == "" else numpy, fn, aliases, methods)
