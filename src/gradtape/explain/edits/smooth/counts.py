"""Edits where JAX's program counts or looks up: every value belongs to several bins a little, or lies between two."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, parts, simple_name, statements_of
from gradtape.explain.edits.smooth import soft

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

CASTS = {"astype", "int32", "int64", "floor"}


def instead(case: Case) -> Changes:
    """Return the changes for whichever of them stands at the place, or around it."""
    node, pen = case.node, case.pen
    if pen.dialect != "jax" or node is None:
        return ()
    near = [node, *(n for n in reversed(builders.path_to(node, case.file)) if isinstance(n, ast.expr))]
    for call in (n for n in near if isinstance(n, ast.Call)):
        way = WAYS.get(simple_name(call))
        changes = way(case, pen, call) if way is not None else ()
        if changes:
            return (*changes, *pen.imports)
    return ()


def _shares(pen: Pen, values: str, centres: str, width: str, weights: str = "") -> str:
    """Write how much of all values belongs to each bin: the shares of one value sum to one."""
    each = values if builders.closed(values) else f"({values})"
    apart = f"2 * ({each}.reshape(-1, 1) - {centres})" + ("" if width == "1.0" else f" / {width}")
    shares = pen.call("softmax", f"-({apart}) ** 2", "axis=-1")
    return pen.call("sum", f"{weights}.reshape(-1, 1) * {shares}" if weights else shares, "axis=0")


def _histogram(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Count by shares: `jnp.histogram(x, bins, range)` gives the counts, and where the bins begin and end."""
    file = case.file
    values, bins = builders.argument(call, 0, "a"), builders.argument(call, 1, "bins")
    limits, weights = builders.argument(call, 2, "range"), builders.argument(call, 3, "weights")
    if values is None or any(k.arg == "density" for k in call.keywords) or len(call.args) > 4:
        return ()
    text = builders.written(values, file)
    count = builders.written(bins, file) if bins is not None else "10"
    if isinstance(bins, ast.Name | ast.Attribute) and limits is None:  # a number, or where the bins begin and end
        edges = count
        centres, width = f"({edges}[1:] + {edges}[:-1]) / 2", f"({edges}[1:] - {edges}[:-1])"
        made = [type(v) for v in syntax.values_given_to(edges, case.at)]
        if made != [ast.Call]:
            return ()
    elif isinstance(limits, ast.Tuple) and len(limits.elts) == 2:
        low, high = (builders.operand(e, file) for e in limits.elts)
        width = f"(({high} - {low}) / {count})"
        edges = pen.call("linspace", low, high, f"{count} + 1")
        centres = f"({low} + {width} * ({pen.call('arange', count)} + 0.5))"
    else:
        return ()
    given = builders.operand(weights, file) if weights is not None else ""
    return builders.replace(call, file, f"({_shares(pen, text, f'({centres})', width, given)}, {edges})")


def _bincount(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Count by shares what was cast to the number of its bin."""
    file, values = case.file, builders.argument(call, 0, "x")
    inner = builders.worked_on(values, file) if values is not None and simple_name(values) in CASTS else None
    return _shared_out(file, pen, call, inner, 0.5) if inner is not None else ()


def _shared_out(file: str, pen: Pen, call: ast.Call, values: ast.expr, middle: float) -> Changes:
    """Write how much of all values belongs to each whole number, that lies so far below the middle of its bin."""
    weights = builders.argument(call, 1, "weights")
    length = builders.argument(call, 3, "length") or builders.argument(call, 2, "minlength")
    if length is None:
        return ()
    numbers = pen.call("arange", builders.written(length, file))
    bins = f"({numbers} + {middle})" if middle else numbers
    given = builders.operand(weights, file) if weights is not None else ""
    return builders.replace(call, file, _shares(pen, builders.written(values, file), bins, "1.0", given))


def _digitize(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Count smoothly how many edges lie below each value."""
    values, edges = builders.argument(call, 0, "x"), builders.argument(call, 1, "bins")
    if values is None or edges is None or len(call.args) + len(call.keywords) != 2 or _picks_with(case):
        return ()
    below = f"{builders.operand(values, case.file)}[..., None] - {builders.operand(edges, case.file)}"
    places = builders.replace(call, case.file, pen.call("sum", pen.call("sigmoid", below), "axis=-1"))
    return (*places, *_counted_later(case, pen))


def _counted_later(case: Case, pen: Pen) -> Changes:
    """Count by shares, where the bins that have a name here are counted: they are no whole numbers any more."""
    names, scope = set(syntax.assigned_names(case.at)), case.function
    found: list[Change] = []
    for call in dict.fromkeys(n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)):
        bins = (
            builders.argument(call, 0, "x") if isinstance(call, ast.Call) and simple_name(call) == "bincount" else None
        )
        if isinstance(call, ast.Call) and bins is not None and syntax.text_of(bins) in names:
            found += _shared_out(case.file, pen, call, bins, 0.0)
    return tuple(found)


def _picks_with(case: Case) -> list[ast.Subscript]:
    """Return where the whole number that has a name here picks elements."""
    names, scope = set(syntax.assigned_names(case.at)), case.function
    nodes = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    return [n for n in dict.fromkeys(nodes) if isinstance(n, ast.Subscript) and syntax.text_of(n.slice) in names]


def _searched(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Interpolate in a table where the place that was searched for in it picks a value of another one."""
    if len(call.args) != 2 or call.keywords:
        return ()
    table, values = (builders.written(a, case.file) for a in call.args)
    own = [n for n in (builders.parent_of(call, case.file),) if isinstance(n, ast.Subscript) and n.slice is call]
    picks = [n for n in own or _picks_with(case) if isinstance(n.ctx, ast.Load) and isinstance(n.value, ast.Name)]
    picks = [n for n in picks if syntax.text_of(n.value) != table]
    return tuple(
        c
        for n in picks
        for c in builders.replace(n, case.file, pen.call("interp", values, table, builders.written(n.value, case.file)))
    )


def _ranked(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Count smoothly how many values lie below each: the rank, which is the order of the order, in one step or two."""
    file, scope = case.file, case.function
    text = soft.rank(pen, call, file)
    if text is not None:
        return builders.replace(call, file, text)
    names = syntax.assigned_names(syntax.span_of(call, file))
    nodes = dict.fromkeys(n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s))
    again = [n for n in nodes if isinstance(n, ast.Call) and simple_name(n) == "argsort" and n is not call and n.args]
    again = [n for n in again if syntax.text_of(n.args[0]) in names]
    if not again or not call.args or call.keywords or again[0].keywords:
        return ()
    return builders.replace(again[0], file, soft.rank_among(pen, call.args[0], file))


def _best(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Weigh all by the softmax of their scores where the best few become a mask of zeros and ones."""
    scope, scores = case.function, call.args[0] if call.args else None
    count = builders.argument(call, 1, "k")
    names = syntax.names_in(case.statement, ast.Store) if case.statement is not None else set()
    if scope is None or scores is None or count is None or any(isinstance(n, ast.Call) for n in ast.walk(scores)):
        return ()
    for mask in dict.fromkeys(n for s in statements_of(scope) for n in parts(s)):
        place = mask.func.value if isinstance(mask, ast.Call) and isinstance(mask.func, ast.Attribute) else None
        at = place.value if isinstance(place, ast.Subscript) and syntax.text_of(place.slice) in names else None
        ones = isinstance(mask, ast.Call) and [getattr(a, "value", None) for a in mask.args] == [1]
        if isinstance(at, ast.Attribute) and at.attr == "at" and ones and simple_name(at.value).startswith("zeros"):
            soft = pen.call("softmax", builders.written(scores, case.file))
            return builders.replace(mask, case.file, f"({builders.operand(count, case.file)} * {soft})")
    return ()


WAYS = {
    "histogram": _histogram,
    "bincount": _bincount,
    "digitize": _digitize,
    "searchsorted": _searched,
    "argsort": _ranked,
    "top_k": _best,
}
"""By the last part of the function's name."""
