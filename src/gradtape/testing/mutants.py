"""Wrong rules made from right ones: every row's derivatives are changed in small ways, and a check must notice each.

A mutant is a change to the source of a rule, or of a helper that rules call. The changed source is compiled and put
into the living function for as long as the checks run.
"""

from __future__ import annotations

import ast
import dis
import signal
import warnings
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.ops import OPS, Rule
from gradtape.ops.model import UNMADE
from gradtape.testing.changes import changes
from gradtape.testing.rules import check_rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.ops import Op

PATIENCE = 30
"""Seconds after which a mutant that does not come to an end counts as found."""


@dataclass
class Site:
    """A function whose source is changed, and the rows that use it.

    `name` is `row.argument` for a rule (`row.argument.into` for its in-place form) and `file.function` for a helper.
    """

    name: str
    function: FunctionType
    rows: list[Op] = field(default_factory=list)


@dataclass(frozen=True)
class Mutant:
    """One change of one function; `change` tells what became of what, and names the mutant within its site."""

    site: str
    change: str
    code: CodeType

    @property
    def name(self) -> str:
        """What lists of mutants call it."""
        return f"{self.site}: {self.change}"


def sites(only: str | None = None) -> dict[str, Site]:
    """Find the functions that rules are made of, by name.

    Parameters
    ----------
    only : str, optional
        A row, or a part of a site's name; all of the table unless given.
    """
    found: dict[str, Site] = {}
    for row in tuple(OPS.values()):
        if row.plumbing:
            continue
        for argument, rule in zip(row.args, row.statuses, strict=True):
            if isinstance(rule, Rule):
                add_site(found, f"{row.name}.{argument}", rule.fn, row)
    return {
        name: site
        for name, site in found.items()
        if only is None or only in name or only in {r.name for r in site.rows}
    }


def add_site(found: dict[str, Site], name: str, function: Any, row: Op) -> None:
    """Add a function and, by their own names, the helpers that it calls."""
    if not isinstance(function, FunctionType) or not function.__module__.startswith("gradtape.ops."):
        return
    known = next((s for s in found.values() if s.function is function), None)
    if known is not None:
        if row in known.rows:
            return
        known.rows.append(row)
    else:
        found[name] = Site(name, function, [row])
    for helper in helpers_of(function):
        place = helper.__module__.removeprefix("gradtape.ops.")
        add_site(found, f"{place}.{helper.__qualname__}", helper, row)


def helpers_of(function: FunctionType) -> Iterator[FunctionType]:
    """Yield the functions of the table that a function calls by name."""
    names = set(names_in(function.__code__))
    values = [function.__globals__.get(name) for name in sorted(names)]
    values += [cell.cell_contents for cell in function.__closure__ or ()]
    for value in values:
        if isinstance(value, FunctionType) and value.__module__.startswith("gradtape.ops."):
            yield value


def names_in(code: CodeType) -> Iterator[str]:
    """Yield the global names that a code object and those inside it use."""
    yield from (i.argval for i in dis.get_instructions(code) if i.opname == "LOAD_GLOBAL")
    for const in code.co_consts:
        if isinstance(const, CodeType):
            yield from names_in(const)


def mutants_of(site: Site) -> Iterator[Mutant]:
    """Yield every mutant of a function; changes that do not compile to another code are none."""
    node = node_of(site.function)
    seen = {site.function.__code__.co_code + repr(site.function.__code__.co_consts).encode()}
    names: set[str] = set()
    for change, changed in changes(node):
        code = compiled(changed, site.function)
        if code is None or code.co_freevars != site.function.__code__.co_freevars:
            continue
        key = code.co_code + repr([c for c in code.co_consts if not isinstance(c, CodeType)]).encode()
        unique = change
        while unique in names:
            unique += "'"
        names.add(unique)
        if key not in seen or any(isinstance(c, CodeType) for c in code.co_consts):
            seen.add(key)
            yield Mutant(site.name, unique, code)


@cache
def functions_in(file: str) -> list[ast.Lambda | ast.FunctionDef]:
    """Parse a file and return its functions."""
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    return [n for n in ast.walk(tree) if isinstance(n, ast.Lambda | ast.FunctionDef)]


def node_of(function: FunctionType) -> ast.Lambda | ast.FunctionDef:
    """Find a function's source: the smallest lambda or definition around all of its instructions."""
    code = function.__code__
    places = [(line, column) for line, _, column, _ in code.co_positions() if line and column]
    inside = [
        n
        for n in functions_in(code.co_filename)
        if n.lineno == code.co_firstlineno
        and all((n.lineno, n.col_offset) <= place <= (n.end_lineno or 0, n.end_col_offset or 0) for place in places)
    ]
    return min(inside, key=lambda n: ((n.end_lineno or 0) - n.lineno, (n.end_col_offset or 0) - n.col_offset))


def compiled(node: ast.Lambda | ast.FunctionDef, function: FunctionType) -> CodeType | None:
    """Compile a changed function, with the variables around it that it closes over."""
    if isinstance(node, ast.FunctionDef):
        node.decorator_list = []
        made: ast.stmt = node
    else:
        made = ast.Expr(node)
    free = function.__code__.co_freevars
    around = ast.parse(f"def around({', '.join(free)}):\n    pass")
    around.body[0].body = [made]  # type: ignore[attr-defined]
    ast.fix_missing_locations(around)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        code = compile(around, function.__code__.co_filename, "exec", dont_inherit=True)
    (outer,) = (c for c in code.co_consts if isinstance(c, CodeType))
    return next(
        (c for c in outer.co_consts if isinstance(c, CodeType) and c.co_name == function.__code__.co_name), None
    )


@contextmanager
def put_in(site: Site, mutant: Mutant) -> Iterator[None]:
    """Let a function be its mutant for a block; what rows know of their rules is found out anew."""
    right = site.function.__code__
    try:
        site.function.__code__ = mutant.code
        forget(site)
        yield
    finally:
        site.function.__code__ = right
        forget(site)


def forget(site: Site) -> None:
    """Let the rows of a site read their rules again."""
    for row in site.rows:
        row._needs = None
        row.savers.clear()
        row.kept.clear()
        row.pulls = UNMADE


def is_found(site: Site, mutant: Mutant) -> bool:
    """Whether the generic check of one of the rows that use a function fails with its mutant."""
    with put_in(site, mutant):
        return any(not passes(row) for row in site.rows)


def passes(row: Op) -> bool:
    """Whether the generic check finds a row right; whatever it raises says that it is not."""

    def give_up(*_: Any) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(PATIENCE)
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            check_rule(row)
    except Exception:  # noqa: BLE001 - a wrong rule may fail in any way
        return False
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
    return True
