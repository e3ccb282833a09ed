"""The table itself: `OPS` and `COMPOSITES` by name. Row modules call `op` or `composite` once per row as they load."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.ops import model
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
    aliases: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    scipy: str | None = None


COMPOSITES: dict[str, Composite] = {}
"""Every function that is a composition of operations, by name."""


def op(
    name: str,
    call: str,
    *,
    numpy: str | None = "",
    scipy: str | None = None,
    aliases: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
    domain: Domain | tuple[Domain, ...] = REAL,
    cases: tuple[Case, ...] = (),
    elementwise: bool = False,
    parts: int = 0,
    gauge_free: Callable[..., Any] | None = None,
    plumbing: bool = False,
    room: str = "",
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
    scipy : str, optional
        The function of SciPy that it stands for (`"special.erf"`); then `numpy` is None unless given.
    aliases, methods : tuple of str
        Other names of the function, and the names of the tensor's methods that call it.
    domain : Domain or tuple of Domain
        Where tests may sample the arguments.
    cases : tuple of Case
        Calls for the tests; elementwise rows need none.
    elementwise : bool
        Whether the arguments broadcast together; a row with a `Partial` is elementwise anyway.
    parts : int
        How many arrays it returns, as a tuple; 0 for the usual row, which returns one array.
    gauge_free : callable, optional
        For results that are defined up to a choice (the phase of an eigenvector): `gauge_free(xp, y)` returns what does
        not depend on it, and that is what tests differentiate.
    plumbing : bool
        Whether explanations pass over it: it moves values and nobody wrote it.
    room : str
        The module whose twin in `spaces/kernels` may have its kernel; the caller's unless given.
    **arguments : Rule or Status
        One entry per array argument, under its name in `call`.
    """
    if name in OPS or name in COMPOSITES:
        raise ValueError(f"two rows are called {name}")
    row = Op(
        name,
        call,
        arguments,
        numpy=_default_door(name, numpy, scipy),
        scipy=scipy,
        aliases=aliases,
        methods=methods,
        domain=domain,
        cases=cases,
        elementwise=elementwise,
        parts=parts,
        gauge_free=gauge_free,
        plumbing=plumbing,
        room=(room or _getframe(1).f_globals["__name__"]).removeprefix("gradtape.ops."),
    )
    row.permanent = True
    OPS[name] = row
    return row


def composite(
    name: str,
    fn: Callable[..., Any],
    *,
    numpy: str | None = "",
    scipy: str | None = None,
    aliases: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
) -> None:
    """Add a function made of operations; `fn` takes the namespace first and then what NumPy's function takes."""
    if name in OPS or name in COMPOSITES:
        raise ValueError(f"two rows are called {name}")
    COMPOSITES[name] = Composite(name, _default_door(name, numpy, scipy), fn, aliases, methods, scipy)


def _default_door(name: str, numpy: str | None, scipy: str | None) -> str | None:
    """Return the function of NumPy that a row stands for unless it says so itself."""
    return numpy if numpy != "" else name if scipy is None else None


def resolve_kernels_with(find: Callable[[Op], Callable[..., Any]]) -> None:
    """Let rows find their kernels, when they first run, by `find`."""
    model.resolve[:] = [find]
