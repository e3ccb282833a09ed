"""The table itself: `OPS` and `COMPOSITES` by name, and the loading of the rows that wait until they are needed.

Row modules call `op` or `composite` once per row as they load.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from sys import _getframe
from typing import TYPE_CHECKING, Any, TypeVar

from gradtape.ops import model
from gradtape.ops.domains import REAL, Case, Domain
from gradtape.ops.model import Op, Rule, Status

if TYPE_CHECKING:
    from collections.abc import Callable

Row = TypeVar("Row")


class Table(Mapping[str, Row]):
    """Rows by name. Nobody sees a part: a name that is not there, and a look at all names, load what waits.

    `loaded` is what is there already, for what is made of a row as it comes.
    """

    def __init__(self) -> None:
        self.loaded: dict[str, Row] = {}

    def __getitem__(self, name: str) -> Row:
        if name not in self.loaded:
            row_named(name)
        return self.loaded[name]

    def __iter__(self) -> Iterator[str]:
        load_families()
        return iter(self.loaded)

    def __len__(self) -> int:
        load_families()
        return len(self.loaded)


OPS: Table[Op] = Table()
"""Every operation that has a row, by name."""


class Composite:
    """A function of the namespace that is made of operations: `fn(xp, ...)` with the call that NumPy's users write.

    `kernel` says that `spaces/kernels` has a faster way to the same numbers, for arrays of NumPy that nobody records.
    """

    __slots__ = ("aliases", "fn", "kernel", "methods", "name", "numpy", "scipy")

    def __init__(
        self,
        name: str,
        fn: Callable[..., Any],
        *,
        numpy: str | None,
        scipy: str | None,
        aliases: tuple[str, ...],
        methods: tuple[str, ...],
        kernel: bool,
    ) -> None:
        self.name = name
        self.fn = fn
        self.numpy = numpy
        self.scipy = scipy
        self.aliases = aliases
        self.methods = methods
        self.kernel = kernel

    def __repr__(self) -> str:
        return f"<composite {self.name}>"


COMPOSITES: Table[Composite] = Table()
"""Every function that is a composition of operations, by name."""


NUMPY = "numpy"
"""What `load_families` calls the files of this room that wait."""

_entered: dict[str, dict[str, Op | Composite]] = {}
"""Rows and composites by family, as their files enter them. They are in the table when all of these files have run: a
rule may call what stands below it in its file, and another thread may be asking."""

_finished: set[str] = set()


def _enter(row: Op | Composite, module: str) -> None:
    if any(row.name in rows for rows in _entered.values()):
        raise ValueError(f"two rows are called {row.name}")
    family = module.removeprefix(f"{__package__}.").rpartition(".")[0] or NUMPY
    _entered.setdefault(family, {})[row.name] = row


def publish(family: str) -> None:
    """Put the rows of a family whose files have run into the table."""
    for name, row in tuple(_entered.get(family, {}).items()):
        if isinstance(row, Op):
            OPS.loaded[name] = row
        else:
            COMPOSITES.loaded[name] = row


def load_families(name: str = "") -> None:
    """Load rows that wait: all of them, or one family, which is `"numpy"` or the name of a folder of this room.

    A thread that comes while another one loads waits for it at the locks of Python's own imports.
    """
    if name in _finished or "" in _finished:
        return
    from pkgutil import iter_modules, walk_packages  # as long to import as four files of rows

    families: list[str] = []
    for module in iter_modules(import_module(__package__).__path__, f"{__package__}."):
        family = module.name.rpartition(".")[2] if module.ispkg else NUMPY
        if name in {"", family}:
            families.append(family)
            found = import_module(module.name)
            for inner in walk_packages(found.__path__, f"{module.name}.") if module.ispkg else ():
                import_module(inner.name)
    for family in dict.fromkeys(families):  # in their order: the table looks the same in every process
        publish(family)
    _finished.update(families, {name})


def loaded(*families: str) -> tuple[Op | Composite, ...]:
    """Load families and return what is there then: rows first, then composites."""
    for family in families:
        load_families(family)
    return (*OPS.loaded.values(), *COMPOSITES.loaded.values())


def row_named(name: str) -> Op | Composite:
    """Return the row or composite of a name; what waits is loaded until it is found, the rows of NumPy first.

    Raises
    ------
    KeyError
        If the table has no such row.
    """
    for load in (None, NUMPY, ""):
        if load is not None:
            load_families(load)
        found = OPS.loaded.get(name) or COMPOSITES.loaded.get(name)
        if found is not None:
            return found
    raise KeyError(name)


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
    module = _getframe(1).f_globals["__name__"]
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
        room=(room or module).removeprefix("gradtape.ops."),
    )
    row.permanent = True
    _enter(row, module)
    return row


def composite(
    name: str,
    fn: Callable[..., Any],
    *,
    numpy: str | None = "",
    scipy: str | None = None,
    aliases: tuple[str, ...] = (),
    methods: tuple[str, ...] = (),
    kernel: bool = False,
) -> None:
    """Add a function made of operations; `fn` takes the namespace first and then what NumPy's function takes."""
    row = Composite(
        name,
        fn,
        numpy=_default_door(name, numpy, scipy),
        scipy=scipy,
        aliases=aliases,
        methods=methods,
        kernel=kernel,
    )
    _enter(row, _getframe(1).f_globals["__name__"])


def _default_door(name: str, numpy: str | None, scipy: str | None) -> str | None:
    """Return the function of NumPy that a row stands for unless it says so itself."""
    return numpy if numpy != "" else name if scipy is None else None


def resolve_kernels_with(find: Callable[[Op], Callable[..., Any]]) -> None:
    """Let rows find their kernels, when they first run, by `find`."""
    model.resolve[:] = [find]
