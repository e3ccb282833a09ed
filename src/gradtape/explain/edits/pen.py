"""Writes a framework's words as a file spells them: by the names of its imports, adding an import that it lacks."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes
from gradtape.explain.dialects import DIALECTS
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    import ast

    from gradtape.diagnostics import Span
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
    "keras": ("keras", "tensorflow.keras"),
    "dataclasses": ("dataclasses",),
    "functools": ("functools",),
    "itertools": ("itertools",),
}
"""The usual names of modules, and which modules go by them; the first is what an import is written for."""

_USUAL = re.compile(rf"(?<![\w.])({'|'.join(MODULES)})(?=\.\w)")


class Pen:
    """Writes at one place of a file, by the names that can be read there.

    Parameters
    ----------
    context : Context
        The question whose program it is.
    at : Span
    """

    def __init__(self, context: Context, at: Span) -> None:
        name = context.question.dialect
        self.file, self.at, self._run = at.file, at, context.run
        if name == "gradtape" and not self._known("gt") and self._known("tf"):
            name = "tensorflow"
        self.phrases: Phrases = DIALECTS[name].phrases
        self.dialect = name
        self.softly = False
        """Whether choices are to move with what decides them."""
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
        known = self._known(usual)
        if known is not None:
            return known
        module = MODULES[usual][0]
        free = (name for name in (usual, module) if scopes.is_free(self.file, name.partition(".")[0], self.at))
        name = next(free, None) or scopes.free_name(self.file, f"{usual}_module")
        self._missing[usual] = f"import {module}" + (f" as {name}" if name != module else "")
        return name

    def _known(self, usual: str) -> str | None:
        """Return the name of a module at the place, looked for once for all findings there."""
        file, at = self.file, self.at
        names = (name for module in MODULES[usual] if (name := scopes.imported_as(file, module, at)))
        known: str | None = self._run.once(("name", usual, at), lambda: next(names, None))
        return known


def function_name(node: ast.expr, file: str) -> str | None:
    """Return NumPy's name of the function that an expression names, if it is one of NumPy, SciPy's NumPy or `math`."""
    full = scopes.stands_for(node, file) or ""
    module = next((m for m in ("numpy", "autograd.numpy", "math") if full.startswith(f"{m}.")), None)
    return full.removeprefix(f"{module}.") if module is not None else None
