"""Writes a framework's words as a file spells them: by the names of its imports, adding an import that it lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.dialects import DIALECTS
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    import ast

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.cause import Context
    from gradtape.explain.dialects import Phrases

MODULES = {
    "gt": ("gradtape",),
    "tf": ("tensorflow", "gradtape.tf"),
    "np": ("numpy", "autograd.numpy", "gradtape.numpy"),
    "jnp": ("jax.numpy",),
    "jax": ("jax",),
    "torch": ("torch",),
    "functools": ("functools",),
}
"""The usual names of modules, and which modules go by them; the first is what an import is written for."""

_USUAL = re.compile(rf"(?<![\w.])({'|'.join(MODULES)})(?=\.\w)")


class Pen:
    """Writes for one file.

    Parameters
    ----------
    context : Context
        The question whose program it is.
    file : str
    """

    def __init__(self, context: Context, file: str) -> None:
        name = context.question.dialect
        if name == "gradtape" and not _imports(file, "gt") and _imports(file, "tf"):
            name = "tensorflow"
        self.file = file
        self.phrases: Phrases = DIALECTS[name].phrases
        self.dialect = name
        self._missing: dict[str, str] = {}

    def say(self, template: str, **parts: str) -> str:
        """Fill in a phrase; its modules get the names that the file imports them by."""
        return _USUAL.sub(lambda m: self._module(m[1]), template).format(**parts)

    def call(self, function: str, *arguments: str) -> str:
        """Write a call of NumPy's function of that name."""
        name = self.say(self.phrases.functions.get(function, function))
        return f"{name}({', '.join(arguments)})"

    def knows(self, function: str) -> bool:
        """Whether the framework has a function for NumPy's name."""
        return function in self.phrases.functions

    @property
    def imports(self) -> tuple[Change, ...]:
        """The changes that import what was used and was not there."""
        return tuple(change for text in self._missing.values() for change in builders.add_import(self.file, text))

    def _module(self, usual: str) -> str:
        known = _imports(self.file, usual)
        if known is None:
            module = MODULES[usual][0]
            self._missing[usual] = f"import {module}" + (f" as {usual}" if usual != module else "")
        return known or usual


def _imports(file: str, usual: str) -> str | None:
    return next((name for module in MODULES[usual] if (name := syntax.imported_as(file, module))), None)


def function_name(node: ast.expr, file: str) -> str | None:
    """Return NumPy's name of the function that an expression names, if it is one of NumPy, SciPy's NumPy or `math`."""
    text = syntax.text_of(node)
    module, dot, name = text.partition(".")
    if not dot:
        return None
    if module in {syntax.imported_as(file, m) for m in ("numpy", "autograd.numpy")} - {None}:
        return name
    return name if module == syntax.imported_as(file, "math") else None
