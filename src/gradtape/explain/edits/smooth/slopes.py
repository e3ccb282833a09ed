"""Edits of functions that work element by element and have no derivative: a slope from their own values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

WITH_SLOPE = '''

def with_slope(function, x, step=1e-3):
    """A function of each element, with a slope by differences: write its own derivative here if there is one."""
    at = x.detach()
    slope = (function(at + step) - function(at - step)).detach() / (2 * step)
    return function(at) + slope * (x - at)

'''.rstrip()
"""The other arguments of the function keep their own derivatives, and the value is the function's."""

ELEMENTWISE = ("torch.special.", "torch.igamma")
"""How the names of functions begin that work element by element and whose first argument PyTorch has no rule for."""


def by_differences(case: Case) -> Changes:
    """Give a function of PyTorch's a slope in its first argument, for which there is no rule."""
    call, file = case.call, case.file
    full = scopes.stands_for(call.func, file) or "" if call is not None else ""
    if call is None or not full.startswith(ELEMENTWISE) or not call.args or isinstance(call.args[0], ast.Starred):
        return ()
    plain, name = scopes.free_name(file, "plain"), scopes.free_name(file, "with_slope")
    given = builders.written(call.args[0], file)
    function = f"lambda {plain}: {builders.with_part(call, call.args[0], file, plain)}"
    if len(call.args) == 1 and not call.keywords:
        function = builders.written(call.func, file)
    return (
        *builders.add_import(file, WITH_SLOPE.replace("with_slope", name)),
        *builders.replace(call, file, f"{name}({function}, {given})"),
    )
