"""Edits where the numbers are at fault: a point without a derivative, a masked branch, an overflow, a flat region."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, is_constant, parts, simple_name
from gradtape.explain.edits.finite import probabilities
from gradtape.explain.edits.smooth import activations
from gradtape.explain.edits.smooth.straight import passing_text
from gradtape.explain.graph import BreakKind
from gradtape.explain.spots import Trouble

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

SMALL = "1e-12"
"""Added below a root or a logarithm: far below what float32 shows next to one, far above its smallest number."""

EDGE = "1e-6"
"""How far an arc cosine is kept from one: more than half a step of float32 there."""

ROOTS = {"sqrt", "log", "rsqrt", "reciprocal", "log2", "log10", "angle"}
ARCS = {"acos", "arccos", "asin", "arcsin", "atanh", "arctanh"}
NORMS = {"norm"}
SPREADS = {"std": "var", "reduce_std": "var"}
QUOTIENTS = {"divide", "true_divide", "truediv", "div"}
POWERS = {"pow", "power", "float_power"}
SINGULAR = ROOTS | ARCS | NORMS | QUOTIENTS | POWERS | {"exp", "exp2", "arctan2", "atan2"}
"""Functions whose derivative can be infinite, or whose value can be."""


def away_from_singular(case: Case) -> Suggestion | None:
    """Keep what an operation works on away from the point where its derivative is not finite."""
    infinite = minus_infinity(case) if case.node is not None and simple_name(case.node) == "logsumexp" else None
    if infinite is not None:
        return builders.likely(*builders.replace(infinite, case.file, "-1e9"))
    if _has_too_few(case):
        node, pen = case.node, case.pen
        changes = _of_the_whole_group(pen, node, case.file) if isinstance(node, ast.Call) else ()
        return builders.likely(*changes, *pen.imports)
    return case.once("away from singular", lambda: _kept_away(case))


def _kept_away(case: Case) -> Suggestion | None:
    node, pen = case.node, case.pen
    changes = safe_in_expression(pen, node, case.file) if node is not None else ()
    if not changes and node is not None:
        inner = [n for n in parts(node) if n is not node]
        changes = next((c for n in inner if (c := safe_in_expression(pen, n, case.file))), ())
    return builders.likely(*changes, *pen.imports) if changes else None


def safe_in_expression(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes that keep one operation away from where it is singular; none for any other expression."""
    name = simple_name(node)
    if name in ROOTS:
        inner = builders.worked_on(node, file)
        together = probabilities.log_together(pen, node, inner, file) if name == "log" and inner is not None else ()
        return together or _plus_small(inner, file)
    if isinstance(node, ast.Call) and name in ARCS:
        inner = builders.worked_on(node, file)
        if pen.dialect == "jax" and inner is not None:  # a bound would end the gradient at the very edge
            return builders.replace(inner, file, f"(1 - {EDGE}) * {builders.operand(inner, file)}")
        text = (
            pen.call("clip", builders.written(inner, file), f"-1 + {EDGE}", f"1 - {EDGE}") if inner is not None else ""
        )
        return builders.replace(inner, file, text) if inner is not None else ()
    if isinstance(node, ast.Call) and name in SPECTRA and node.args and pen.dialect in PARTED:
        return _parted(pen, node, file)
    if isinstance(node, ast.Call) and name in NORMS:
        return _smooth_norm(pen, node, file)
    if isinstance(node, ast.Call) and name in SPREADS:
        return _smooth_spread(pen, node, file)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Call) and simple_name(node.func) == "vmap":
        return _smooth_mapped_norm(pen, node, file)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
        below = [n for n in parts(node.right) if isinstance(n, ast.Call) and simple_name(n) in NORMS]
        smooth = tuple(c for n in below for c in _smooth_norm(pen, n, file)) if pen.dialect == "jax" else ()
        spread = pen.dialect == "jax" and simple_name(node.right) in SPREADS
        root = spread or simple_name(node.right) in ROOTS | NORMS  # a little below the root mends both
        return smooth or (safe_in_expression(pen, node.right, file) if root else _plus_small(node.right, file))
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
        return _plus_small(node.left, file)
    pair = builders.two_operands(node, file) if isinstance(node, ast.Call) else None
    if pair is not None and name in QUOTIENTS | {"atan2", "arctan2"}:
        return _plus_small(pair[1], file)
    if pair is not None and name in POWERS:
        return _plus_small(pair[0], file)
    return ()


SPECTRA = {"eigh", "svd"}
PARTED = {
    "jax": "1e-3 * jnp.arange({matrix}.shape[-1]) * jnp.eye(*{matrix}.shape[-2:])",
    "torch": "1e-3 * torch.arange({matrix}.shape[-1]) * torch.eye(*{matrix}.shape[-2:])",
}
"""A small diagonal with all its elements different, by dialect."""


def _parted(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Add a small diagonal to a matrix, so that no two of its eigenvalues, or singular values, are one."""
    matrix = call.args[0]
    text = builders.operand(matrix, file)
    name, first = text, text
    if not isinstance(matrix, ast.Name | ast.Attribute):
        name = scopes.free_name(file, "matrix")
        first = f"({name} := {builders.written(matrix, file)})"
    return builders.replace(matrix, file, f"{first} + {pen.say(PARTED[pen.dialect], matrix=name)}")


def _plus_small(node: ast.expr | None, file: str) -> Changes:
    if node is None:
        return ()
    loose = isinstance(node, ast.IfExp | ast.Lambda | ast.Compare | ast.BoolOp)
    text = builders.operand(node, file) if loose else builders.written(node, file)
    return builders.replace(node, file, f"{text} + {SMALL}")


def settings(pen: Pen, call: ast.Call, file: str) -> list[str]:
    """Return the keyword arguments of a reduction, as they stand there; a bare second argument is its axis."""
    axis = "dim" if pen.dialect == "torch" else "axis"
    given = [builders.written(k, file) for k in call.keywords if k.arg in {"axis", "dim", "keepdims", "keepdim"}]
    if builders.is_method(call, file) and call.args:
        return [*(f"{axis}={builders.written(a, file)}" for a in call.args[-1:]), *given]
    return given


def _smooth_norm(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Write a norm as the root of a sum of squares plus a little; its square without the root."""
    inner = builders.worked_on(call, file)
    if builders.is_method(call, file) and isinstance(call.func, ast.Attribute):
        inner = call.func.value
    if inner is None or not _is_euclidean(call, file):
        return ()
    squares = f"{builders.operand(inner, file)} ** 2"
    total = pen.call("sum", squares, *settings(pen, call, file))
    parent = builders.parent_of(call, file)
    if pen.dialect == "jax" and is_compared(call, file):
        name = scopes.free_name(file, "squares")
        root = pen.call("sqrt", pen.call("where", f"{name} > 0", name, "1.0"))
        return builders.replace(call, file, pen.call("where", f"({name} := {total}) > 0", root, "0.0"))
    if isinstance(parent, ast.BinOp) and isinstance(parent.op, ast.Pow) and syntax.text_of(parent.right) == "2":
        return builders.replace(parent, file, total)
    return builders.replace(call, file, pen.call("sqrt", f"{total} + {SMALL}"))


def _is_euclidean(call: ast.Call, file: str) -> bool:
    """Whether a call asks for the root of a sum of squares, and for no other norm."""
    order = builders.argument(call, 0 if builders.is_method(call, file) else 1, "ord")
    return (
        order is None or (isinstance(order, ast.Constant) and order.value in {None, 2}) or simple_name(call) != "norm"
    )


def is_compared(call: ast.expr, file: str) -> bool:
    """Whether a value is compared under its name, maybe with zero: then it must not become a little larger."""
    span = syntax.span_of(call, file)
    names, scope = set(syntax.assigned_names(span)), syntax.function_at(span) or syntax.parse_file(file)
    tests = (n for n in (syntax.walk_scope(scope) if scope is not None else ()) if isinstance(n, ast.Compare))
    return any(syntax.text_of(side) in names for test in tests for side in (test.left, *test.comparators))


def _smooth_mapped_norm(pen: Pen, call: ast.Call, file: str) -> Changes:
    if not isinstance(call.func, ast.Call):
        return ()
    mapped = syntax.text_of(call.func.args[0]).rpartition(".")[2] if call.func.args else ""
    if mapped not in NORMS or len(call.args) != 1:
        return ()
    total = pen.call("sum", f"{builders.operand(call.args[0], file)} ** 2", "axis=-1")
    return builders.replace(call, file, pen.call("sqrt", f"{total} + {SMALL}"))


def _smooth_spread(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Write a standard deviation as the root of a variance plus a little."""
    rest = builders.arguments_of(call, file)
    if builders.is_method(call, file) and isinstance(call.func, ast.Attribute):
        variance = f"{builders.written(call.func.value, file)}.var{rest}"
    else:
        variance = pen.call("var").removesuffix("()") + rest
    return builders.replace(call, file, pen.call("sqrt", f"{variance} + {SMALL}"))


CORRECTIONS = {"unbiased", "correction", "ddof"}
"""The arguments by which a spread divides by less than the number of values, in any framework."""


def _has_too_few(case: Case) -> bool:
    """Whether a spread was taken of fewer values than it divides by: it has no value, wherever they lie."""
    name = simple_name(case.node) if case.node is not None else ""
    return (name in SPREADS or name in SPREADS.values()) and any(
        spot.trouble is Trouble.FORWARD and spot.operation is not None and spot.operation.site.span == case.at
        for spot in case.context.spots
    )


def _of_the_whole_group(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Divide a variance by the number of values, and take the root of a deviation a little above zero."""
    method = builders.is_method(call, file) and isinstance(call.func, ast.Attribute)
    receiver = builders.written(call.func.value, file) if isinstance(call.func, ast.Attribute) else ""
    if any(isinstance(a, ast.Starred) for a in call.args) or any(k.arg is None for k in call.keywords):
        return ()
    if len(call.args) > (1 if method else 2):
        return ()  # an old form, which has the correction among its positions
    function = f"{receiver}.var" if method else pen.call("var").removesuffix("()")
    given = [builders.written(a, file) for a in call.args]
    given += [builders.written(k, file) for k in call.keywords if k.arg not in CORRECTIONS]
    if pen.dialect == "torch":
        given.append("correction=0")
    variance = f"{function}({', '.join(given)})"
    root = simple_name(call) in SPREADS
    return builders.replace(call, file, pen.call("sqrt", f"{variance} + {SMALL}") if root else variance)


def minus_infinity(case: Case) -> ast.expr | None:
    """Return where the functions that ran write minus infinity as a mask."""
    route = case.route
    places = [case.at, *route.columns.spans(reversed(route.numbers)), *case.context.every_pull.spans]
    for place in dict.fromkeys(places):
        scope = syntax.function_at(place)
        if place.file != case.file or scope is None:
            continue
        inside = list(parts(scope))
        tree = syntax.parse_file(case.file)
        read = {n.id for n in inside if isinstance(n, ast.Name)}
        kept = [assigned_before(tree, name, scope.lineno) for name in sorted(read)] if tree is not None else []
        for node in [*inside, *(value for value in kept if value is not None)]:
            text = syntax.text_of(node)
            if text in {"float('-inf')", "-float('inf')"} or (text.startswith("-") and text.endswith(".inf")):
                return node
    return None


BOUNDS = {
    "clip", "clamp", "clamp_max", "clamp_min", "clip_by_value", "clip_by_norm", "relu6", "hardtanh", "hard_sigmoid",
    "hard_tanh", "fake_quant_with_min_max_args", "fake_quant_with_min_max_vars",
}  # fmt: skip
SATURATED = {"softmax", "sigmoid", "tanh"}


def with_slope(case: Case) -> Suggestion | None:
    """Give a flat region a slope: a gradient around a clip, a smooth relu, the logits for the saturated function."""
    node = case.node
    if node is None:
        return None
    sloped = case.once("with slope", lambda: _sloped(case, node))
    return sloped or activations.for_one_unit(case) or activations.smooth(case) or _own_sample_still(case)


def _sloped(case: Case, node: ast.expr) -> Suggestion | None:
    pen = case.pen
    for call in parts(node):
        name = simple_name(call)
        if not isinstance(call, ast.Call):
            continue
        inner = builders.worked_on(call, case.file)
        if name in BOUNDS and inner is not None:
            text = passing_text(pen, call, case.file)
            return builders.likely(*builders.replace(call, case.file, text), *pen.imports) if text else None
        dead = inner if name in activations.STRAIGHT else _above_zero(call) if name == "maximum" else None
        if dead is not None:
            sloped = pen.dialect == "jax" or (pen.dialect in {"tensorflow", "gradtape"} and _is_far_below(case))
            leaky = sloped and name != "leaky_relu" and _first(case)
            text = pen.call("leaky_relu" if leaky else "softplus", builders.written(dead, case.file))
            return builders.sketch(*builders.replace(call, case.file, text), *pen.imports)
        together = probabilities.behind_softmax(case, pen) if name == "softmax" else ()
        if together:
            return builders.likely(*together, *pen.imports)
        if name in SATURATED and inner is not None:
            return builders.sketch(*builders.drop_call(call, case.file))
    return None


FAR = -20.0
"""Where the slope of a softplus is too small to be learned from."""


def _is_far_below(case: Case) -> bool:
    """Whether everything that is cut off at zero lies so far below that a smooth function is flat there as well."""
    known = [case.context.values.get(i) for i in (case.operation.inputs if case.operation is not None else ())]
    highest = [v.high for v in known if v is not None and v.size > v.zeros]
    return bool(highest) and max(highest) < FAR


def _above_zero(call: ast.Call) -> ast.expr | None:
    """Return what a maximum takes where it is above zero."""
    sides = [a for a in call.args if not is_constant(a, 0)]
    return sides[0] if len(sides) == 1 and len(call.args) == 2 else None


def _first(case: Case) -> bool:
    """Whether a first derivative was asked for: the second one of a leaky line is zero everywhere."""
    return "hessian" not in case.context.question.kind and not any(
        b.kind is BreakKind.PIECEWISE_CONSTANT for link in case.route for b in link.breaks
    )


def _own_sample_still(case: Case) -> Suggestion | None:
    """Keep a sample still where its own density is asked for: else both move together, and nothing is left."""
    pen = case.pen
    for node in reversed(syntax.around(case.at)):
        if isinstance(node, ast.Call) and simple_name(node) == "log_prob" and node.args:
            text = pen.say(pen.phrases.still, x=builders.operand(node.args[0], case.file))
            return builders.likely(*builders.replace(node.args[0], case.file, text), *pen.imports)
    tree = syntax.parse_file(case.file)
    calls = [n for n in (ast.walk(tree) if tree is not None else ()) if isinstance(n, ast.Call)]
    asked = [c for c in calls if simple_name(c) == "log_prob" and len(c.args) == 1]
    function = syntax.function_at(case.at)
    if len(asked) == 1 and isinstance(function, ast.FunctionDef) and function.name == "log_prob":
        text = pen.say(pen.phrases.still, x=builders.operand(asked[0].args[0], case.file))
        return builders.likely(*builders.replace(asked[0].args[0], case.file, text), *pen.imports)
    return None
