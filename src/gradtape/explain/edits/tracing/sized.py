"""Edits of JAX's functions whose result has as many elements as the values say: told a size that is enough."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.diagnostics import Suggestion
    from gradtape.explain.edits.case import Case

UNIQUE = {f"jax.numpy.unique{rest}" for rest in ("", "_values", "_counts", "_inverse", "_all")}


def padded(case: Case) -> Suggestion | None:
    """Give `unique` the size of what it sorts; what fills the rest of a loop's values is equal to no element."""
    call, file = case.node, case.file
    if not isinstance(call, ast.Call) or scopes.stands_for(call.func, file) not in UNIQUE or len(call.args) != 1:
        return None
    if any(k.arg in {"size", "axis"} for k in call.keywords):
        return None
    values = builders.operand(call.args[0], file)
    looped = isinstance(case.statement, ast.For) and syntax.span_of(case.statement.iter, file) == case.at
    rest = f", fill_value={values}.max() + 1" if looped else ""
    return builders.sketch(*builders.add_argument(call, file, f"size={values}.size{rest}"))
