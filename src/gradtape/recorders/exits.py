"""What a value that left the tape was used for, read from the expression in which it left: a draw, a write, a list."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Span

ARRAY_MAKERS = {"array", "asarray", "asanyarray", "ascontiguousarray", "fromiter", "vstack", "hstack"}
"""Functions that make one array of a list of values."""

DRAWS = (frozenset(dir(np.random.Generator)) | frozenset(dir(np.random.RandomState))) - {"seed", "set_state", "spawn"}
"""The methods of NumPy's generators that draw; those that take no parameters let no value leave."""

WHOLE_DRAWS = frozenset(
    ["binomial", "choice", "choices", "geometric", "multinomial", "negative_binomial", "poisson", "sample"]
)
"""Those of positions, counts and truth values: no noise can write them as a function of their parameters."""


class Purpose(NamedTuple):
    """What a value left for: what messages call the step, and the kind of break."""

    name: str
    kind: BreakKind


def purpose(span: Span, left: BreakKind, through: str = "") -> Purpose:
    """Say what a value was used for where it left its framework.

    Parameters
    ----------
    span : Span
        The expression in which it left.
    left : BreakKind
        What it became: `LEFT_AS_ARRAY` or `LEFT_AS_NUMBER`.
    through : str
        The functions of another library that converted it, outermost last.
    """
    if syntax.stored_whole(span) != span:
        return Purpose("array write", BreakKind.ARRAY_WRITE)
    call = syntax.expression_at(span)
    if isinstance(call, ast.Call):
        called = syntax.text_of(call.func)
        if _draws(call, span, through):
            return Purpose(called.rpartition(".")[2], BreakKind.SAMPLED)
        if called.rpartition(".")[2] in ARRAY_MAKERS and call.args and _is_list(call.args[0], span):
            return Purpose(called, BreakKind.REBUILT)
        draw = next((c for c in _calls_around(call, span) if _draws(c, span, "")), None)
        if draw is not None:
            return Purpose(syntax.text_of(draw.func).rpartition(".")[2], BreakKind.SAMPLED)
    return Purpose("leave the tape", left)


def _calls_around(inner: ast.AST, span: Span) -> Iterator[ast.Call]:
    """Yield the calls that take a call's value among their arguments, from the inside out: `draw(p=mean.numpy())`."""
    for outer in reversed(syntax.around(span)):
        if not isinstance(outer, ast.expr | ast.keyword):
            return
        if isinstance(outer, ast.Call) and outer is not inner and inner is not outer.func:
            yield outer
        inner = outer


def _is_list(argument: ast.expr, span: Span) -> bool:
    """Whether an argument is a list of values, written out or put together before."""
    if isinstance(argument, ast.List | ast.Tuple | ast.ListComp | ast.GeneratorExp):
        return True
    if isinstance(argument, ast.Call):
        return syntax.text_of(argument.func) in {"list", "tuple", "sorted"}
    return isinstance(argument, ast.Name | ast.Attribute) and syntax.is_list(syntax.text_of(argument), span)


def _draws(call: ast.Call, span: Span, through: str) -> bool:
    """Whether a call draws at random: a method of NumPy's generators, `rvs` of SciPy, a function of `random`."""
    if through:
        parts = [name.rpartition(".") for name in through.split()]
        return any(function == "rvs" or module == "random" for module, _, function in parts)
    if not isinstance(call.func, ast.Attribute) or call.func.attr not in DRAWS:
        return False
    owner = syntax.text_of(call.func.value)
    numpy = scopes.imported_as(span.file, "numpy")
    if owner in {f"{numpy}.random", scopes.imported_as(span.file, "numpy.random")}:
        return True
    made = syntax.made_by(owner, span)
    if made:
        return bool({text.rpartition(".")[2] for text in made} & syntax.GENERATORS)
    return "rng" in owner.lower() or "random" in owner.lower()
