"""Edits where an operation has no derivative, or none that is of use: keep its value and let the gradient pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain import flat
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name
from gradtape.explain.edits.finite import numbers
from gradtape.explain.edits.question import looked_up
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.edits.smooth import (
    activations,
    choosing,
    corners,
    counts,
    following,
    hits,
    metrics,
    orders,
    soft,
    starts,
    truth,
)
from gradtape.explain.edits.smooth.choosing import picked_softly, weights_instead
from gradtape.explain.edits.smooth.kinds import ROUNDED
from gradtape.explain.edits.smooth.picking import between_rows, cut_later, grouped_later, is_index, picked_later
from gradtape.explain.edits.smooth.straight import passing_text, passing_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.graph import Operation

CASTS = {"int", "long", "short", "byte", "bool", "astype", "cast"}
"""What casts to a dtype without derivatives; `astype` and `cast` take it as an argument."""

DRAWS = {"poisson", "bernoulli", "multinomial", "categorical", "binomial", "gamma", "sample", "normal", "uniform"}
"""The last words of the names of operations that draw at random."""


def draws(name: str) -> bool:
    """Whether a function of that name draws at random: `stateless_poisson`, not `polygamma`."""
    return name.rpartition("_")[2] in DRAWS


def pass_through(case: Case) -> Suggestion | None:
    """Suggest the expression whose value stays and whose gradient is that of what it works on."""
    name = simple_name(case.node) if case.node is not None else ""
    measured = metrics.loss_instead(case)
    if measured:
        return builders.likely(*measured)
    cast = _cast_of(case, case.node) if case.node is not None else None
    if cast is not None:
        nearest = corners.between(case.moved(syntax.span_of(cast, case.file)), cast)
        if nearest:
            return builders.sketch(*nearest)
        position = is_index(case.moved(syntax.span_of(cast, case.file)), cast) or picked_later(case)
        between = _between_unrounded(case, cast) if position else None
        return between or around_cast(case.moved(syntax.span_of(cast, case.file)))
    nearest = _bilinear(case)
    if nearest:
        return builders.likely(*nearest)
    if name in flat.STRAIGHT:  # a gradient of a gradient: the slope that would pass is constant too
        return numbers.with_slope(case) if name in {"maximum", *activations.STRAIGHT} else None
    nearest = _interpolated(case)
    if nearest:
        return builders.likely(*nearest)
    layers = activations.without_steps(case)
    if layers:
        return builders.sketch(*layers)
    text, changes = case.once("straight through", lambda: _around(case))
    return case.once("pass through", lambda: builders.likely(*changes)) if text else soften(case)


def _cast_of(case: Case, node: ast.expr) -> ast.Call | None:
    """Return the cast to whole numbers that takes what an expression gives: `x.round().long()`."""
    for outer in reversed(builders.path_to(node, case.file)):
        if isinstance(outer, ast.Call) and simple_name(outer) in CASTS:
            told = [*outer.args, *(k.value for k in outer.keywords)]
            return outer if simple_name(outer) not in {"astype", "cast"} or any(map(is_whole, told)) else None
        if not isinstance(outer, ast.expr):
            return None
    return None


def _between_unrounded(case: Case, cast: ast.Call) -> Suggestion | None:
    """Go from row to row by what was rounded, where a whole number is needed to pick one."""
    inner = builders.worked_on(case.node, case.file) if case.node is not None else None
    if inner is None or case.pen.dialect not in {"tensorflow", "jax"}:
        return None
    between = between_rows(case.moved(syntax.span_of(cast, case.file)), cast, inner)
    return builders.sketch(*between) if between else None


def _bilinear(case: Case) -> Changes:
    """Sample an image between its elements, where the nearest of them is taken."""
    call = case.call if simple_name(case.node or ast.Constant(None)) == "grid_sample" else None
    return builders.set_argument(call, case.file, "mode", '"bilinear"') if call is not None else ()


def _interpolated(case: Case) -> Changes:
    """Interpolate in straight lines where the nearest element is taken: `order=1` for `order=0`.

    In straight lines already, JAX rounds what it finds between the elements of an array of whole numbers.
    """
    call = case.call
    if call is None or simple_name(call) != "map_coordinates":
        return ()
    order, array = builders.argument(call, 2, "order"), builders.argument(call, 0, "input")
    if order is not None and is_number(order, 1) and array is not None:
        pen = case.pen
        real = pen.say("jnp.asarray({x}, float)", x=builders.written(array, case.file))
        return (*builders.replace(array, case.file, real), *pen.imports) if pen.dialect == "jax" else ()
    return builders.replace(order, case.file, "1") if order is not None else ()


def straight_through(case: Case) -> str:
    """Return the text of that expression, for a help; empty where there is none."""
    if simple_name(case.call or ast.Constant(None)) == "map_coordinates":  # what is rounded is none of its arguments
        return ""
    text, _ = case.once("straight through", lambda: _around(case))
    return text


def _around(case: Case) -> tuple[str, Changes]:
    pen, node = case.pen, case.node
    text = passing_through(pen, node, case) if node is not None else None
    if node is None or text is None:
        return "", ()
    outer = builders.parent_of(node, case.file)
    compared = isinstance(outer, ast.Call) and simple_name(outer) in {*soft.COMPARISONS, "equal", "not_equal"}
    written = f"({text})" if compared else text  # whose edit may subtract it
    return text, (*builders.replace(node, case.file, written), *pen.imports)


def around_cast(case: Case) -> Suggestion | None:
    """Let the gradient pass around a cast to whole numbers: around the cast back, where there is one."""
    node, file = case.node, case.file
    measured = metrics.loss_instead(case)
    inner = builders.worked_on(node, file) if node is not None else None
    if measured:
        return builders.likely(*measured)
    if node is None or inner is None:
        return None
    real = _real_dtype(case, node)
    if real:
        return builders.likely(*real)
    counted = counts.instead(case)
    if counted:
        return builders.sketch(*counted)
    nearest = corners.between(case, node)
    if nearest:
        return builders.sketch(*nearest)
    inner = _unrounded(case, inner)
    if is_index(case, node) or picked_later(case):
        between = between_rows(case, node, inner)
        if not between and isinstance(node, ast.Call) and not _is_cast(node):  # a layer casts, and looks up
            return builders.sketch(*looked_up.embedded_first(case))
        return builders.sketch(*(between or following.as_number(case, node, _not_rounded(inner, file))))
    if grouped_later(case) or cut_later(case):
        return None
    compared = _compared_later(case) if case.pen.dialect in {"jax", "tensorflow"} else None
    if compared is not None and case.pen.dialect == "tensorflow":
        return builders.sketch(*following.as_number(case, node, _not_rounded(inner, file)))
    if compared is not None:
        return _compared_without_cast(case, node, compared)
    if case.pen.dialect == "jax" and _counted_on(case):
        return None
    outer = (n for n in reversed(builders.path_to(node, file)) if isinstance(n, ast.Call) and _is_cast(n))
    whole: ast.expr = next(outer, None) or _cast_later(case) or node
    pen = case.pen
    text = _not_rounded(inner, file)
    text = text if builders.closed(text) else f"({text})"
    exact = builders.written(whole, file)
    if whole is node and pen.dialect == "tensorflow":  # which does not compute with two dtypes
        exact = pen.say("tf.cast({e}, {x}.dtype)", e=exact, x=text)
    mended = pen.say(pen.phrases.passing, x=text, e=exact)
    holds = _array_of(case, node) if whole is node else ()
    return builders.likely(*builders.replace(whole, file, mended), *holds, *pen.imports)


def _array_of(case: Case, node: ast.expr) -> Changes:
    """Let the `tf.TensorArray` that a cast value is written to hold floating point."""
    file, pen = case.file, case.pen
    written = builders.parent_of(node, file)
    if not isinstance(written, ast.Call) or simple_name(written) not in {"write", "unstack", "scatter"}:
        return ()
    name = syntax.text_of(getattr(written.func, "value", written))
    for made in syntax.values_given_to(name, case.at):
        if isinstance(made, ast.Call) and simple_name(made) == "TensorArray":
            dtype = builders.argument(made, 0, "dtype")
            return builders.replace(dtype, file, pen.say("tf.float32")) if dtype is not None else ()
    return ()


MADE = {"full", "full_like", "array", "asarray", "stack", "zeros", "zeros_like", "ones", "arange", "linspace"}
"""Functions that make an array, of a dtype that they may be told."""


def _real_dtype(case: Case, node: ast.expr) -> Changes:
    """Make an array of JAX's floating point where it is told to be whole, and is filled with what is differentiated."""
    if case.pen.dialect != "jax" or not isinstance(node, ast.Call) or simple_name(node) not in MADE:
        return ()
    told = [*(k.value for k in node.keywords if k.arg == "dtype"), *node.args[1:]]
    return tuple(c for dtype in told if is_whole(dtype) for c in builders.replace(dtype, case.file, "float"))


def _unrounded(case: Case, node: ast.expr) -> ast.expr:
    """Return what a position was before it was rounded, where that is what is cast, or has its name."""
    scope = case.function
    made = assigned_before(scope, node.id, node.lineno) if isinstance(node, ast.Name) and scope is not None else None
    rounded = made if made is not None else node
    inner = builders.worked_on(rounded, case.file) if simple_name(rounded) in ROUNDED else None
    return node if inner is None or any(isinstance(n, ast.Call) for n in ast.walk(inner)) else inner


def _not_rounded(node: ast.expr, file: str) -> str:
    """Write what is cast without what rounds it on the way, around which the gradient passes as well."""
    rounded = [n for n in parts(node) if simple_name(n) in ROUNDED and isinstance(n, ast.Call)]
    return builders.with_changes(node, file, tuple(c for n in rounded for c in builders.drop_call(n, file)))


def _counted_on(case: Case) -> bool:
    """Whether the whole numbers are added to others in a function inside: a loop that carries them keeps dtypes."""
    blamed, values = case.operation, case.context.values
    behind = [link.operation for link in case.route if blamed is not None and link.operation.seq > blamed.seq]
    made = values.get(behind[0].output) if behind and behind[0].name in {"add", "subtract", "multiply"} else None
    inner = (
        builders.path_to(case.function, case.file) if isinstance(case.function, ast.FunctionDef | ast.Lambda) else []
    )
    return made is not None and "int" in made.dtype and any(isinstance(n, ast.FunctionDef) for n in inner)


COMPARING = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}


def _compared_later(case: Case) -> Operation | None:
    """Return the comparison that gets the whole numbers: it ends the way again, wherever the cast is passed."""
    blamed = case.operation
    behind = (link.operation for link in case.route if blamed is not None and link.operation.seq > blamed.seq)
    return next((o for o in behind if o.name in COMPARING), None)


def _compared_without_cast(case: Case, cast: ast.expr, compared: Operation) -> Suggestion | None:
    """Leave out a cast whose whole numbers are only compared, and compare smoothly."""
    place = compared.site.span
    moved = case.moved(place)
    text = soft.smooth(case.pen, moved.node, case.file) if place.file == case.file and moved.node is not None else None
    if text is None or moved.node is None:
        return None
    changes = truth.as_number(moved, moved.node, text)
    return builders.sketch(*changes, *builders.drop_call(cast, case.file), *case.pen.imports) if changes else None


def _is_cast(node: ast.Call) -> bool:
    return syntax.text_of(node.func).rpartition(".")[2] in {
        "cast",
        "astype",
        "float",
        "double",
        "to",
        "float32",
        "float64",
    }


def _cast_later(case: Case) -> ast.Call | None:
    """Return the call that makes the whole numbers floating point again, if it stands in the same function."""
    blamed = case.operation
    for link in case.route:
        place = link.operation.site.span
        if blamed is None or link.operation.seq <= blamed.seq or place.file != case.file:
            continue
        node = syntax.expression_at(place)
        if isinstance(node, ast.Call) and _is_cast(node) and syntax.function_at(place) is syntax.function_at(case.at):
            return node if _rounds_around(case.at) <= _rounds_around(place) else None
    return None


def _rounds_around(place: Span) -> set[ast.AST]:
    """Return the loops around a place: what is cast in each round is not there after them."""
    return {n for n in syntax.around(place) if isinstance(n, ast.For | ast.While)}


def soften(case: Case) -> Suggestion | None:
    """Sketch a smooth function in the place of one that has no derivative."""
    node, file, pen = case.node, case.file, case.pen
    measured = metrics.loss_instead(case)
    if measured:
        return builders.likely(*measured)
    ways: tuple[Callable[[Case], Changes], ...] = (
        choosing.gated,
        hits.expected,
        picked_softly,
        weights_instead,
        choosing.summed_softly,
        choosing.chosen_beside,
        choosing.rows_softly,
        hits.distance,
        counts.instead,
        orders.permuted_softly,
    )
    if pen.dialect == "tensorflow":  # the measure of both is the same, and this one sees more of the program
        ways = (following.smooth, hits.distance)
    picked: Changes = next((changes for way in ways if (changes := way(case))), ())
    if picked:
        return builders.sketch(*picked, *pen.imports)
    if node is None or is_index(case, node) or (pen.dialect == "tensorflow" and starts.start(case, pen, node)):
        return None
    outer = builders.parent_of(node, file)
    if isinstance(outer, ast.Attribute):  # a method of it
        outer = builders.parent_of(outer, file)
    if isinstance(outer, ast.Call) and simple_name(outer) == simple_name(node) == "argsort":
        node = outer  # the order of an order
    for part in parts(node):
        text = soft.smooth(pen, part, file)
        if text is None and draws(simple_name(part)) and pen.phrases.passing:
            text = passing_text(pen, part, file)
        if text is not None:
            total = pen.call("sum").removesuffix("()")
            around = builders.parent_of(part, file)
            counted = isinstance(around, ast.Call) and simple_name(around) == "count_nonzero"
            followed = pen.dialect in {"torch", "gradtape"} or (pen.dialect == "jax" and not counted)
            changes = truth.as_number(case, part, text) if followed else _as_number(part, file, text, total)
            return builders.sketch(*changes, *pen.imports)
    return None


TRUTH = {"logical_and", "logical_or", "logical_xor", "logical_not", "boolean_mask", "cond", "reduce_any", "reduce_all",
         "any", "all"}  # fmt: skip
"""What takes truth values and can do nothing with a number between them."""


def _masks_by(part: ast.expr, file: str) -> Changes:
    """Multiply by the number that has the name of a truth value, where a mask picked elements by it."""
    names = set(syntax.assigned_names(syntax.span_of(part, file)))
    scope = syntax.function_at(syntax.span_of(part, file)) or syntax.parse_file(file)
    masks = [
        n
        for n in (syntax.walk_scope(scope) if scope is not None else ())
        if isinstance(n, ast.Call) and simple_name(n) == "boolean_mask" and len(n.args) == 2 and not n.keywords
    ]
    return tuple(
        change
        for mask in masks
        if syntax.text_of(mask.args[1]) in names
        for change in builders.replace(
            mask, file, f"({builders.operand(mask.args[0], file)} * {builders.written(mask.args[1], file)})"
        )
    )


def _as_number(part: ast.expr, file: str, text: str, total: str) -> Changes:
    """Put a number between 0 and 1 where a truth value stood: a choice by it becomes a mean with it as the weight."""
    outer = builders.parent_of(part, file)
    if isinstance(outer, ast.BinOp | ast.UnaryOp | ast.BoolOp | ast.If | ast.IfExp | ast.While | ast.Subscript):
        truth = not isinstance(outer, ast.BinOp) or isinstance(outer.op, ast.BitAnd | ast.BitOr | ast.BitXor)
        return () if truth and isinstance(part, ast.Compare) else builders.replace(part, file, text)
    if not isinstance(outer, ast.Call) or not isinstance(part, ast.Compare | ast.Call):
        return (*builders.replace(part, file, text), *_masks_by(part, file))
    name = simple_name(outer)
    if name == "count_nonzero" and outer.args[0] is part:
        return (*builders.replace(part, file, text), *builders.rename_call(outer, file, total))
    if name == "boolean_mask" and outer.args[1:] == [part] and not outer.keywords:
        return builders.replace(outer, file, f"({builders.operand(outer.args[0], file)} * {text})")
    if name in TRUTH:
        return ()
    if name != "where" or len(outer.args) != 3 or outer.args[0] is not part:
        return builders.replace(part, file, text)
    one, other = outer.args[1:]
    if is_number(one, 1) and is_number(other, 0):
        return builders.replace(outer, file, text)
    if is_number(one, 0) and is_number(other, 1):
        return builders.replace(outer, file, f"(1.0 - {text})")
    high, low = builders.operand(one, file), builders.operand(other, file)
    return builders.replace(outer, file, f"({text} * {high} + (1.0 - {text}) * {low})")


def is_number(node: ast.expr | None, value: float) -> bool:
    """Whether an expression is a number that is written down."""
    return isinstance(node, ast.Constant) and node.value == value
