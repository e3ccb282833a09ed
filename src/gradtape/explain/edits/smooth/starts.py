"""Where a smooth value begins in a program of TensorFlow's: comparisons, choices, orders, places in a table, counts."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, simple_name
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.edits.smooth import soft
from gradtape.explain.edits.smooth.kinds import IN_ORDER, OURS, Kind, Twin
from gradtape.explain.edits.smooth.twins import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from gradtape.diagnostics import Span
    from gradtape.explain.edits.pen import Pen


class Start(NamedTuple):
    """The first expression that is smooth, how it is written, and the dtype of the program's numbers."""

    node: ast.expr
    twin: Twin
    pen: Pen
    dtype: str


def start(case: Case, pen: Pen, node: ast.expr) -> Start | None:
    """Return the smooth value that can stand for what a place computes."""
    file = case.file
    near = [node, *(n for n in ast.walk(node) if isinstance(n, ast.expr) and n is not node)]
    outer = builders.parent_of(node, file)
    if simple_name(node) == "argsort" and isinstance(outer, ast.Call) and simple_name(outer) == "argsort":
        near = [outer]  # the order of an order
    for inner in near:
        twin = _step(pen, inner, file) or _of_call(pen, inner, file)
        if twin is not None:
            return Start(inner, twin, pen, dtype_of(case))
    return None


def dtype_of(case: Case) -> str:
    """Return how the dtype of the program's numbers is written."""
    return "tf.float64" if case.context.source.dtype.endswith("float64") else "tf.float32"


def moving(case: Case) -> set[Span]:
    """Return where something is computed that depends on a source; the same whichever of them is asked about."""
    columns, after = case.context.run.columns, case.context.after_any_source
    return set(columns.spans(n for n in range(len(columns)) if columns.outputs[n] in after))


def step_beside(pen: Pen, node: ast.expr, places: Collection[Span]) -> str | None:
    """Write a comparison smoothly that depends on the source as well."""
    if not isinstance(node, ast.Compare | ast.Call) or syntax.span_of(node, pen.file) not in places:
        return None
    twin = _step(pen, node, pen.file)
    return twin.text if twin is not None else None


def _step(pen: Pen, node: ast.expr, file: str) -> Twin | None:
    """Write a comparison as a number between 0 and 1."""
    differs = isinstance(node, ast.Compare) and len(node.ops) == 1 and isinstance(node.ops[0], ast.NotEq)
    if isinstance(node, ast.Compare) and differs:
        sides = [node.left, node.comparators[0]]
    elif isinstance(node, ast.Call) and simple_name(node) == "not_equal" and len(node.args) == 2:
        sides = list(node.args)
    elif isinstance(node, ast.Compare) or simple_name(node) in soft.COMPARISONS:
        text = soft.smooth(pen, node, file)
        return Twin(Kind.TRUTH, text) if text is not None else None
    else:
        return None
    first, second = (builders.operand(s, file) for s in sides)
    apart = first if getattr(sides[1], "value", None) == 0 else f"{first} - {second}"
    return Twin(Kind.TRUTH, pen.say("tf.tanh(tf.abs({x}))", x=apart))


def _of_call(pen: Pen, node: ast.expr, file: str) -> Twin | None:
    way = WAYS.get(simple_name(node))
    if way is None or not isinstance(node, ast.Call):
        return None
    if not (scopes.stands_for(node.func, file) or "").startswith(OURS):
        return None
    return way(pen, node, file)


def _written_once(node: ast.expr, file: str) -> tuple[str, str]:
    """Return how an expression is written first, and how it is read again behind that."""
    text = builders.operand(node, file)
    if not any(isinstance(n, ast.Call) for n in ast.walk(node)):
        return text, text
    name = scopes.free_name(file, "scores")
    return f"({name} := {builders.written(node, file)})", name


def _largest(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Write the shares of a softmax for the position of the largest, or of the smallest."""
    scores, axis = builders.argument(call, 0, "input"), builders.argument(call, 1, "axis")
    place = builders.written(axis, file) if axis is not None else "-1"
    if scores is None:
        return None
    text, axes = builders.written(scores, file), _axes_of(scores, file)
    smallest = simple_name(call) == "argmin"
    if smallest:
        text = f"-{builders.operand(scores, file)}"
    chances = isinstance(scores, ast.Name | ast.Attribute) and "prob" in text and not smallest
    if place in {"-1", str(axes - 1)} or (place == "1" and not axes):
        return Twin(Kind.SHARES, text if chances else pen.say("tf.nn.softmax({x})", x=text))
    if place == "0" and axes in {0, 2}:
        moved = pen.say("tf.transpose({x})", x=text)
        return Twin(Kind.SHARES, moved if chances else pen.say("tf.nn.softmax({x})", x=moved))
    if not place.isdigit():
        return None
    shares = text if chances else pen.say("tf.nn.softmax({x}, axis={a})", x=text, a=place)
    return Twin(Kind.SHARES, pen.say("tf.experimental.numpy.moveaxis({s}, {a}, -1)", s=shares, a=place))


def _axes_of(node: ast.expr, file: str) -> int:
    """Return how many axes a value has that was given its shape where it was made; 0 where that is not seen."""
    scope = syntax.function_at(syntax.span_of(node, file)) or syntax.parse_file(file)
    made = assigned_before(scope, node.id, node.lineno) if isinstance(node, ast.Name) and scope is not None else node
    shape = (
        builders.argument(made, 1, "shape") if isinstance(made, ast.Call) and simple_name(made) == "reshape" else None
    )
    return len(shape.elts) if isinstance(shape, ast.List | ast.Tuple) else 0


def _drawn(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Write the chances of all positions for one that is drawn."""
    logits = builders.argument(call, 0, "logits")
    if logits is None:
        return None
    return Twin(Kind.CHANCES, pen.say("tf.nn.softmax({x})", x=builders.written(logits, file)))


def _order(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Write how much each element is meant at each place of an order, or its rank for the order of an order."""
    text = soft.rank(pen, call, file)
    if text is not None:
        return Twin(Kind.NUMBER, text)
    values = builders.argument(call, 0, "values")
    told = {k.arg: k.value for k in call.keywords}
    axis, direction = told.pop("axis", None), told.pop("direction", None)
    told.pop("stable", None)
    if values is None or len(call.args) != 1 or told or (axis is not None and syntax.text_of(axis) != "-1"):
        return None
    first, again = _written_once(values, file)
    how = f", direction={builders.written(direction, file)}" if direction is not None else ""
    apart = pen.say("tf.sort({x}{h})[..., None] - {y}[..., None, :]", x=first, y=again, h=how)
    return Twin(Kind.SHARES, pen.say("tf.nn.softmax(-tf.abs({x}))", x=apart), IN_ORDER)


def _best(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Write how much each element is meant as the best, the second, and so on."""
    values = builders.argument(call, 0, "input")
    if values is None or any(isinstance(n, ast.Call) for n in ast.walk(values)):
        return None
    whole, outer = builders.written(call, file), builders.parent_of(call, file)
    target = outer.targets[0] if isinstance(outer, ast.Assign) else None
    name = target.id if isinstance(target, ast.Name) else scopes.free_name(file, "best")
    apart = f"{name}.values[..., None] - {builders.operand(values, file)}[..., None, :]"
    shares = pen.say("tf.nn.softmax(-tf.abs({x}))", x=apart)
    if isinstance(target, ast.Name):
        return Twin(Kind.BEST, whole, shares)
    if target is None:
        shares = shares.replace(f"{name}.values", f"{whole}.values")
    return Twin(Kind.BEST, f"({name} := {whole}).values, {shares}", shares)


def _searched(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Count smoothly how many entries of a table lie below each value."""
    table, values = builders.argument(call, 0, "sorted_sequence"), builders.argument(call, 1, "values")
    if table is None or values is None:
        return None
    x, edges = builders.operand(values, file), builders.operand(table, file)
    if isinstance(table, ast.Constant | ast.List):
        edges = pen.say("tf.constant({e})", e=edges)
    below = pen.say("tf.sigmoid({x}[..., :, None] - {e}[..., None, :])", x=x, e=edges)
    return Twin(Kind.NUMBER, pen.say("tf.reduce_sum({b}, axis=-1)", b=below))


def _bucket(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Count smoothly how many boundaries lie below each value."""
    values, edges = builders.argument(call, 0, "input"), builders.argument(call, 1, "boundaries")
    if values is None or edges is None:
        return None
    x, bounds = builders.operand(values, file), builders.written(edges, file)
    below = pen.say("tf.sigmoid({x}[..., None] - tf.constant({e}))", x=x, e=bounds)
    return Twin(Kind.NUMBER, pen.say("tf.reduce_sum({b}, axis=-1)", b=below))


def _binned(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Count by shares: each value belongs to the bins around it, the more the nearer it is."""
    values, limits = builders.argument(call, 0, "values"), builders.argument(call, 1, "value_range")
    bins, dtype = builders.argument(call, 2, "nbins"), builders.argument(call, 3, "dtype")
    if values is None or limits is None:
        return None
    low, high = f"{builders.operand(limits, file)}[0]", f"{builders.operand(limits, file)}[1]"
    if isinstance(limits, ast.List | ast.Tuple) and len(limits.elts) == 2:
        low, high = (builders.operand(e, file) for e in limits.elts)
    count = builders.written(bins, file) if bins is not None else "100"
    width = f"(({high} - {low}) / {count})"
    places = pen.say("(tf.reshape({x}, [-1, 1]) - {a}) / {w}", x=builders.written(values, file), a=low, w=width)
    apart = pen.say("2 * ({p} - tf.range(float({n})) - 0.5)", p=places, n=count)
    text = pen.say("tf.reduce_sum(tf.nn.softmax(-tf.square({x})), axis=0)", x=apart)
    return Twin(Kind.NUMBER if dtype is None or is_whole(dtype) else Kind.FLOAT, text)


def _among_best(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Write how far the score of a label lies above the last of the best few."""
    labels, scores, count = (builders.argument(call, k, word) for k, word in enumerate(("targets", "predictions", "k")))
    if labels is None or scores is None or count is None:
        return None
    first, again = _written_once(scores, file)
    own = pen.say("tf.gather({x}, {y}, batch_dims=1)", x=first, y=builders.written(labels, file))
    last = pen.say("tf.math.top_k({x}, {k}).values[:, -1]", x=again, k=builders.written(count, file))
    return Twin(Kind.TRUTH, pen.say("tf.sigmoid({a} - {b})", a=own, b=last))


def _counted(pen: Pen, call: ast.Call, file: str) -> Twin | None:
    """Count smoothly how many elements are not zero."""
    if not call.args or simple_name(call.args[0]) in {*soft.COMPARISONS, "not_equal", "equal"}:
        return None
    if isinstance(call.args[0], ast.Compare):
        return None
    return counted(pen, call, pen.say("tf.tanh(tf.abs({x}))", x=builders.written(call.args[0], file)))


WAYS: dict[str, Callable[[Pen, ast.Call, str], Twin | None]] = {
    "argmax": _largest,
    "argmin": _largest,
    "argsort": _order,
    "top_k": _best,
    "categorical": _drawn,
    "stateless_categorical": _drawn,
    "searchsorted": _searched,
    "Bucketize": _bucket,
    "count_nonzero": _counted,
    "histogram_fixed_width": _binned,
    "in_top_k": _among_best,
}
"""By the last part of the function's name."""
