"""Where a function of SciPy's, through which a value left our own tape, stays on it."""

from __future__ import annotations

import ast
from importlib import import_module
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax

if TYPE_CHECKING:
    from gradtape.diagnostics import Span


def instead(names: str, span: Span) -> str:
    """Return the function of ours to call, `gradtape.scipy.linalg.expm`.

    Parameters
    ----------
    names : str
        The functions of libraries that converted the value, outermost last.
    span : Span
        The expression in which it left.

    Returns
    -------
    str
        A module and `.*` where the expression does not say which function of it was called, as for a method of an
        object; empty for other libraries, and for what is not here.
    """
    for name in reversed(names.split()):
        *modules, function = name.split(".")
        public = [m for m in modules[1:] if not m.startswith("_")]
        if modules[:1] == ["scipy"] and public:
            call = syntax.expression_at(span)
            called = scopes.stands_for(call.func, span.file) if isinstance(call, ast.Call) else None
            if called is not None and _is_here(called):
                return f"gradtape.{called}"
            called = ".".join(["scipy", *public, function])
            if _is_here(called):
                return f"gradtape.{called}"
            return f"gradtape.scipy.{public[0]}.*" if _is_here(f"scipy.{public[0]}") else ""
    return ""


def _is_here(name: str) -> bool:
    """Whether we have what SciPy calls so."""
    top, *attributes = name.split(".")
    found = import_module("gradtape.scipy") if top == "scipy" else None
    for attribute in attributes:
        found = getattr(found, attribute, None)
    return found is not None
