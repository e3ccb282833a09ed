"""Smooth functions in the place of those that have steps: comparisons, positions, ranks, counts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name

if TYPE_CHECKING:
    from gradtape.explain.edits.pen import Pen

COMPARISONS = {"greater": 1, "greater_equal": 1, "less": -1, "less_equal": -1, "gt": 1, "ge": 1, "lt": -1, "le": -1}


def smooth(pen: Pen, node: ast.expr, file: str) -> str | None:
    """Return the text of a smooth function in the place of a comparison, a position, a rank or a count."""
    name = simple_name(node)
    if (
        isinstance(node, ast.Compare)
        and len(node.ops) == 1
        and isinstance(node.ops[0], ast.Gt | ast.GtE | ast.Lt | ast.LtE)
    ):
        sides = [node.left, node.comparators[0]]
        return _soft_step(pen, sides if isinstance(node.ops[0], ast.Gt | ast.GtE) else sides[::-1], file)
    if not isinstance(node, ast.Call):
        return None
    pair = builders.two_operands(node, file)
    if name in COMPARISONS and pair is not None:
        return _soft_step(pen, list(pair[:: COMPARISONS[name]]), file)
    if name == "argmax":
        return _soft_argmax(pen, node, file)
    if name == "histc" and pen.dialect == "torch":
        return _soft_histc(pen, node, file)
    return rank(pen, node, file) if name == "argsort" else None


def _soft_step(pen: Pen, sides: list[ast.expr], file: str) -> str:
    high, low = (builders.operand(s, file) for s in sides)
    difference = f"{high} - {low}"
    return pen.say("gt.soft_step({x})", x=difference) if pen.dialect == "gradtape" else pen.call("sigmoid", difference)


def _soft_argmax(pen: Pen, node: ast.Call, file: str) -> str | None:
    """Write the mean position under a softmax, which moves with the values."""
    inner = builders.worked_on(node, file)
    if builders.is_method(node, file) and isinstance(node.func, ast.Attribute):
        inner = node.func.value
    if inner is None:
        return None
    given = [a for a in node.args if a is not inner]
    axis = next((k.value for k in node.keywords if k.arg in {"axis", "dim"}), given[0] if given else None)
    text, place = builders.operand(inner, file), builders.written(axis, file) if axis is not None else "-1"
    if pen.dialect == "gradtape":
        return pen.say("gt.soft_argmax({x}, axis={a})", x=text, a=place)
    if place not in {"1", "-1"}:
        return None
    weights = pen.call("softmax", text, "-1")
    count = f"{text}.shape[-1]"
    positions = f"float({count})" if pen.dialect == "tensorflow" else count
    return pen.call("sum", f"{weights} * {pen.call('arange', positions)}", "-1")


def rank(pen: Pen, node: ast.Call, file: str) -> str | None:
    """Write the rank of each value, which is the order of the order, along the last axis: `argsort(argsort(x))`."""
    inner, _ = _ordered(node, file)
    if not isinstance(inner, ast.Call) or simple_name(inner) != "argsort":
        return None
    value, down = _ordered(inner, file)
    return None if value is None else rank_among(pen, value, file, down=down)


def _ordered(node: ast.Call, file: str) -> tuple[ast.expr | None, bool]:
    """Return what an `argsort` along the last axis sorts, and whether downwards; None where it is told more."""
    method = builders.is_method(node, file) and isinstance(node.func, ast.Attribute)
    first = node.func.value if method and isinstance(node.func, ast.Attribute) else next(iter(node.args), None)
    told = {k.arg: syntax.text_of(k.value).strip("'\"") for k in node.keywords}
    axes = [syntax.text_of(a) for a in node.args if a is not first] + [told.pop("axis", told.pop("dim", "-1"))]
    told.pop("stable", None)
    down = told.pop("direction", told.pop("descending", "")) in {"DESCENDING", "True"}
    return (None, down) if told or set(axes) != {"-1"} else (first, down)


def rank_among(pen: Pen, value: ast.expr, file: str, *, down: bool = False) -> str:
    """Write as how many others lie below each value, or above it."""
    called = any(isinstance(n, ast.Call) for n in ast.walk(value))
    name = scopes.free_name(file, "values") if called else builders.operand(value, file)
    first = f"({name} := {builders.written(value, file)})" if called else name
    across = ("..., None, :", "..., :, None") if down else ("..., :, None", "..., None, :")
    apart = f"{first}[{across[0]}] - {name}[{across[1]}]"
    return f"{pen.call('sum', pen.call('sigmoid', apart), '-1')} - 0.5"


def _soft_histc(pen: Pen, node: ast.Call, file: str) -> str | None:
    """Count with a smooth bump per bin, as wide as the bin."""
    method = builders.is_method(node, file) and isinstance(node.func, ast.Attribute)
    values = node.func.value if method and isinstance(node.func, ast.Attribute) else builders.argument(node, 0, "input")
    given = [builders.argument(node, k + (not method), word) for k, word in enumerate(("bins", "min", "max"))]
    if values is None or any(g is None for g in given):
        return None  # bounds that follow the values would have a derivative, too
    bins, low, high = (builders.operand(g, file) for g in given if g is not None)
    width = f"(({high} - {low}) / {bins})"
    centres = pen.say("torch.linspace({a}, {b}, {n})", a=f"{low} + {width} / 2", b=f"{high} - {width} / 2", n=bins)
    apart = f"({builders.operand(values, file)}.reshape(-1, 1) - {centres}) / {width}"
    return f"{pen.call('exp', f'-0.5 * ({apart}) ** 2')}.sum(0)"
