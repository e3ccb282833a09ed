"""Edits of functions that work element by element and have no derivative: a slope from their own values."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

WITH_SLOPE = '''

def with_slope(function, x, step=1e-3):
    """A function of each element, with a slope by differences: write its own derivative here if there is one."""
    at = {at}
    slope = {slope} / (2 * step)
    return function(at) + slope * (x - at)

'''.rstrip()
"""The other arguments of the function keep their own derivatives, and the value is the function's."""

STOPPED = {
    "torch": {"at": "x.detach()", "slope": "(function(at + step) - function(at - step)).detach()"},
    "tensorflow": {
        "at": "tf.stop_gradient(x)",
        "slope": "tf.stop_gradient(function(at + step) - function(at - step))",
    },
}
"""How each framework says what has no derivative there."""

ELEMENTWISE = ("torch.special.", "torch.igamma")
"""How the names of functions begin that work element by element and whose first argument PyTorch has no rule for."""


def by_differences(case: Case) -> Changes:
    """Give a function of PyTorch's a slope in its first argument, for which there is no rule."""
    call, file = case.call, case.file
    full = scopes.stands_for(call.func, file) or "" if call is not None else ""
    if call is None or not full.startswith(ELEMENTWISE) or not call.args or isinstance(call.args[0], ast.Starred):
        return ()
    return with_slopes(case.pen, call, file, 1)


def with_slopes(pen: Pen, call: ast.Call, file: str, count: int) -> Changes:
    """Give a function a slope in each of its first arguments, of so many."""
    name = scopes.free_name(file, "with_slope")
    given = [a for a in call.args[:count] if not isinstance(a, ast.Constant)]
    if not given or any(isinstance(a, ast.Starred) for a in call.args):
        return ()
    plain = [scopes.free_name(file, word) for word in ("plain", "other")][: len(given)]
    inner = tuple(c for a, p in zip(given, plain, strict=True) for c in builders.replace(a, file, p))
    text = builders.with_changes(call, file, inner)
    if len(call.args) == 1 and not call.keywords:
        text = f"{name}({builders.written(call.func, file)}, {builders.written(given[0], file)})"
    else:
        for argument, own in zip(given, plain, strict=True):
            text = f"{name}(lambda {own}: {text}, {builders.written(argument, file)})"
    code = pen.say(WITH_SLOPE.replace("with_slope", name), **STOPPED[pen.dialect])
    return (*builders.add_import(file, code), *builders.replace(call, file, text))
