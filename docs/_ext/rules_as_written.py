"""Shows the rules of the table as they are written there: `y = sin(x)` has `xp.cos(x)`."""

from __future__ import annotations

import ast
import re
from functools import cache
from inspect import getsourcefile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradtape.arrays.documenting import how
from gradtape.ops import Composite, Op
from gradtape.ops.model import Partial, Rule

if TYPE_CHECKING:
    from collections.abc import Callable

LONGEST = 90


def derivatives(row: Op | Composite) -> list[str]:
    """Say for each array argument of a row what its derivative is, or why there is none."""
    if isinstance(row, Composite):
        return []
    told = []
    for name, status in zip(row.args, row.statuses, strict=True):
        written = body(status.fn) if isinstance(status, Rule) and isinstance(status, Partial) else None
        said = f"`{written}`" if written else how(status).replace("|", "\\|")
        told.append(f"{name}: {said}")
    return told


def body(function: Callable[..., Any]) -> str | None:
    """Return what a lambda computes, as it is written; None where that is no single short line."""
    code = getattr(function, "__code__", None)
    if code is None or code.co_name != "<lambda>":
        return None
    line, column = next((p[0], p[2]) for p in list(code.co_positions())[1:] if p[0] is not None and p[2] is not None)
    for found in lambdas(getsourcefile(function) or ""):
        inside = (found.body.lineno, found.body.col_offset) <= (line, column)
        if inside and (line, column) < (found.body.end_lineno, found.body.end_col_offset):
            text = ast.unparse(found.body).replace("xp.", "")
            helped = re.search(r"\bxp\b", text)  # a function of the table's file computes it
            return None if helped or len(text) > LONGEST or "|" in text else text
    return None


@cache
def lambdas(path: str) -> list[ast.Lambda]:
    """Find the lambdas of a file, inner ones first."""
    tree = ast.parse(Path(path).read_text(encoding="utf-8"))
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda)]
    return sorted(found, key=lambda node: (node.body.lineno, node.body.col_offset), reverse=True)
