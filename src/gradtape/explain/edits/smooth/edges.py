"""Edits of TensorFlow's sums over the places where a mask of several axes is true: edges between nodes, mostly.

The places stay what they are, and each counts as much as the mask is true there.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, simple_name
from gradtape.explain.edits.smooth import groups
from gradtape.explain.edits.smooth.kinds import ORDERED, PICKS, Kind, RefusedError, Twin

if TYPE_CHECKING:
    from gradtape.explain.edits.smooth.twins import Around


def found(around: Around, where: ast.Call, weight: str) -> Twin:
    """Take the places where a mask is true; of one with several axes they stay what they are."""
    text = builders.written(where, around.file)
    scope = syntax.function_at(syntax.span_of(where, around.file)) or syntax.parse_file(around.file)
    names = syntax.assigned_names(syntax.span_of(where, around.file))
    parted = [n for n in ast.walk(scope) if isinstance(n, ast.Subscript)] if scope is not None else []
    if not any(syntax.text_of(n.value) in names and _column(n) > 0 for n in parted):
        return Twin(Kind.HITS, text, weight)
    test = where.args[0]
    made = assigned_before(scope, test.id, test.lineno) if isinstance(test, ast.Name) and scope is not None else test
    ordered = isinstance(made, ast.Compare) and type(made.ops[0]) in ORDERED
    if not ordered and made is not test:  # what a number above one half says is something else
        raise RefusedError
    if made is test:
        around.kept.add(test)
    else:
        text = builders.with_part(where, test, around.file, f"{weight} > 0.5")
    return Twin(Kind.PAIRS, text, weight)


def pairs(around: Around, outer: ast.expr, node: ast.expr) -> Twin:
    """Go on with the places along one axis; what is picked by all stays."""
    twin, text = around.known[node], builders.written(outer, around.file)
    if isinstance(outer, ast.Subscript) and outer.value is node and _column(outer) >= 0:
        return Twin(Kind.ENDS, text, around.pen.say("tf.gather_nd({m}, {p})", m=twin.mask, p=twin.text))
    if simple_name(outer) == "gather_nd" and isinstance(outer, ast.Call) and outer.args[1:] == [node]:
        return Twin(Kind.FLOAT, text)
    raise RefusedError


def ends(around: Around, outer: ast.expr, node: ast.expr) -> Twin | None:
    """Weigh what is summed by such places; what is picked by them stays."""
    twin, text, name = around.known[node], builders.written(outer, around.file), simple_name(outer)
    if isinstance(outer, ast.Tuple):
        return None
    if not isinstance(outer, ast.Call):
        raise RefusedError
    if name == "cast" and outer.args[:1] == [node]:
        return twin._replace(text=text)
    if name in groups.SUMS and outer.args[1:2] == [node]:
        data = around.pen.say(
            'tf.einsum("e,e...->e...", {w}, {d})', w=twin.mask, d=builders.written(outer.args[0], around.file)
        )
        return Twin(Kind.FLOAT, builders.with_part(outer, outer.args[0], around.file, data))
    if (name in PICKS and outer.args[1:2] == [node]) or name in {"ones_like", "zeros_like"}:
        return Twin(Kind.FLOAT, text)
    raise RefusedError


def _column(part: ast.Subscript) -> int:
    """Return which column brackets take, `x[:, 1]`; -1 for all others."""
    picked = part.slice.elts if isinstance(part.slice, ast.Tuple) else []
    number = picked[1].value if len(picked) == 2 and isinstance(picked[1], ast.Constant) else None
    whole = len(picked) == 2 and isinstance(picked[0], ast.Slice) and syntax.text_of(picked[0]) == ":"
    return number if whole and isinstance(number, int) else -1
