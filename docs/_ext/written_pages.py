"""Writes the pages of the site that come from the code itself, before Sphinx reads: they cannot be out of date.

`generated/causes`     what `gradtape explain` prints, a page for each code
`generated/reference`  a page for each public module: its classes and functions, and for what comes from the table of
                       operations the derivative with respect to each argument, as the rule is written there
"""

from __future__ import annotations

import re
import shutil
from importlib import import_module
from inspect import isclass, isfunction, signature
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules_as_written import derivatives

from gradtape.arrays.documenting import home_of
from gradtape.cli import pages
from gradtape.diagnostics import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from sphinx.application import Sphinx

FAMILIES = {
    "1": "The question: source, target and what the tape knew of them",
    "2": "The value left the tape and came back as a constant",
    "3": "An operation ends the path",
    "4": "Numbers: zero, infinite, none at all",
    "5": "Order, modes and state",
    "6": "The target is of the wrong kind",
    "9": "Where the run proves no reason",
}
LINKS = {
    "numpy": "https://numpy.org/doc/stable/reference/generated/{}.html",
    "scipy": "https://docs.scipy.org/doc/scipy/reference/generated/{}.html",
}


DOCUMENTED: set[int] = set()
"""The objects that have their place already."""


def modules() -> list[str]:
    """Name the public modules, in the order in which somebody new meets them."""
    names = ["gradtape", "gradtape.numpy", "gradtape.scipy", "gradtape.nn", "gradtape.optim", "gradtape.checkpoints"]
    return [*names, "gradtape.debugging", "gradtape.testing", "gradtape.errors", "gradtape.tf"]


def write_causes(folder: Path) -> None:
    """Write a page per code, and the table of all of them."""
    lines = ["# Causes", "", "Every reason that gradtape gives has a code.", ""]
    lines += ["`gradtape explain GT302` prints its page, without a network.", ""]
    for family, title in FAMILIES.items():
        codes = [c for c in CODES if c.number[2] == family]
        lines += [f"## {title}", "", "| code | what it says |", "|---|---|"]
        lines += [f"| [{c.number} {c.slug}]({c.number}.md) | {c.title} |" for c in codes] + [""]
    lines += ["```{toctree}", ":hidden:", ":maxdepth: 1", "", *(c.number for c in CODES), "```", ""]
    write(folder / "index.md", lines)
    for code in CODES:
        write(folder / f"{code.number}.md", [pages.page(code)])


def write_reference(folder: Path) -> None:
    """Write a page per public module."""
    DOCUMENTED.clear()
    names = [name for name in modules() if exists(name)]
    toc = ["```{toctree}", ":maxdepth: 1", "", *names, "```", ""]
    write(folder / "index.md", ["# Reference", "", *toc])
    for name in names:
        module = import_module(name)
        write(folder / f"{name}.md", [f"# {name}", "", *page_of(module)])


def exists(name: str) -> bool:
    """Whether a module is there."""
    try:
        import_module(name)
    except ModuleNotFoundError:
        return False
    return True


def page_of(module: Any, level: str = "##") -> Iterator[str]:
    """Tell of a module: what it is, its own objects, the functions that are rows, the modules in it."""
    yield from ["```{eval-rst}", f".. automodule:: {module.__name__}", "   :no-members:", "```", ""]
    inner, rows, own = [], [], []
    for name in public(module):
        found = getattr(module, name)
        if type(found).__name__ == "module":
            inner.append(found)
        elif is_row(found):
            rows.append((name, found))
        elif isclass(found) or isfunction(found):
            own.append((name, found))
    if own:
        yield from [f"{level} Classes and functions", "", "```{eval-rst}"]
        for name, found in own:
            kind = "autoclass" if isclass(found) else "autofunction"
            # one object under two names is told of under both
            told = "   :no-index:\n" if id(found) in DOCUMENTED else ""
            DOCUMENTED.add(id(found))
            yield from [f".. {kind}:: {module.__name__}.{name}", told]
        yield from ["```", ""]
    if rows:
        yield from [f"{level} Functions of the table of operations", ""]
        yield from table(rows)
    for each in inner:
        if each.__name__.startswith(f"{module.__name__}.") and each.__name__ not in modules():
            yield from [f"{level} {each.__name__}", "", *page_of(each, f"{level}#")]


def public(module: Any) -> Iterable[str]:
    """Name what a module offers."""
    return getattr(module, "__all__", None) or [n for n in dir(module) if not n.startswith("_")]


def is_row(found: Any) -> bool:
    """Whether a function was made of a row of the table."""
    return isfunction(found) and found.__module__ == "gradtape.arrays.doors"


def table(rows: list[tuple[str, Any]]) -> Iterator[str]:
    """Write the functions of rows with the derivative with respect to each argument."""
    yield from ["| function | derivative |", "|---|---|"]
    for name, function in rows:
        row = function.row
        home = home_of(row)
        library = (home or "").partition(".")[0]
        called = f"`{name}{signature(function)}`".replace("|", "\\|")
        link = f" [{library}]({LINKS[library].format(home)})" if home else ""
        yield f"| {called}{link} | {'<br>'.join(derivatives(row)) or 'made of the operations above'} |"
    yield ""


def write(path: Path, lines: Iterable[str]) -> None:
    """Write a page, unless it stands there already: Sphinx reads again what is new."""
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    if not path.is_file() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_pages(app: Sphinx) -> None:
    """Write all of them."""
    folder = Path(app.srcdir) / "generated"
    if not folder.is_dir() or app.config.version != (folder / ".version").read_text(encoding="utf-8"):
        shutil.rmtree(folder, ignore_errors=True)
    write_causes(folder / "causes")
    write_reference(folder / "reference")
    write(folder / ".version", [app.config.version])


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx call it."""
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True}
