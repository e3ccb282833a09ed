"""Edits where an operation has no derivative, or none that is of use: keep its value and let the gradient pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain import flat
from gradtape.explain.edits import (
    builders,
    choosing,
    counts,
    following,
    hits,
    loops,
    metrics,
    numbers,
    passing,
    soft,
    starts,
    static,
    truth,
)
from gradtape.explain.edits.callbacks import without_callback
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.choosing import CHOICES, picked_softly, weights_instead
from gradtape.explain.edits.pen import function_name
from gradtape.explain.edits.picking import between_rows, is_index, picked_later
from gradtape.explain.edits.rules import from_values
from gradtape.explain.edits.sources import is_whole
from gradtape.explain.edits.straight import passing_text, passing_through

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen
    from gradtape.explain.graph import Operation

CASTS = {"int", "long", "short", "byte", "bool", "astype", "cast"}
"""What casts to a dtype without derivatives; `astype` and `cast` take it as an argument."""


def pass_through(case: Case) -> Suggestion | None:
    """Suggest the expression whose value stays and whose gradient is that of what it works on."""
    name = simple_name(case.node) if case.node is not None else ""
    position = _cast_to_position(case, case.node) if case.node is not None else None
    if position is not None:
        return _between_unrounded(case, position)
    nearest = _bilinear(case)
    if nearest:
        return builders.likely(*nearest)
    if name in flat.STRAIGHT:  # a gradient of a gradient: the slope that would pass is constant too
        return numbers.with_slope(case) if name in numbers.DEAD else None
    nearest = _interpolated(case)
    if nearest:
        return builders.likely(*nearest)
    text, changes = case.once("straight through", lambda: _around(case))
    return case.once("pass through", lambda: builders.likely(*changes)) if text else soften(case)


def _cast_to_position(case: Case, node: ast.expr) -> ast.Call | None:
    """Return the cast that makes what an expression gives a whole number to pick by: `x.round().long()` in an index."""
    for outer in builders.path_to(node, case.file)[-2:]:
        if isinstance(outer, ast.Call) and simple_name(outer) in CASTS:
            return (
                outer if is_index(case.moved(syntax.span_of(outer, case.file)), outer) or picked_later(case) else None
            )
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
    """Interpolate in straight lines where the nearest element is taken: `order=1` for `order=0`."""
    call = case.call
    if call is None or simple_name(call) != "map_coordinates":
        return ()
    order = builders.argument(call, 2, "order")
    return builders.replace(order, case.file, "1") if order is not None else ()


def straight_through(case: Case) -> str:
    """Return the text of that expression, for a help; empty where there is none."""
    text, _ = case.once("straight through", lambda: _around(case))
    return text


def _around(case: Case) -> tuple[str, Changes]:
    pen, node = case.pen, case.node
    text = passing_through(pen, node, case) if node is not None else None
    if node is None or text is None:
        return "", ()
    return text, (*builders.replace(node, case.file, text), *pen.imports)


def around_cast(case: Case) -> Suggestion | None:
    """Let the gradient pass around a cast to whole numbers: around the cast back, where there is one."""
    node, file = case.node, case.file
    inner = builders.worked_on(node, file) if node is not None else None
    if node is None or inner is None:
        return None
    real = _real_dtype(case, node)
    if real:
        return builders.likely(*real)
    counted = counts.instead(case)
    if counted:
        return builders.sketch(*counted)
    inner = _unrounded(case, inner)
    if is_index(case, node) or picked_later(case):
        between = between_rows(case, node, inner)
        return builders.sketch(*between) if between else None
    compared = _compared_later(case) if case.pen.dialect == "jax" else None
    if compared is not None:
        return _compared_without_cast(case, node, compared)
    if case.pen.dialect == "jax" and _counted_on(case):
        return None
    outer = (n for n in reversed(builders.path_to(node, file)) if isinstance(n, ast.Call) and _is_cast(n))
    whole: ast.expr = next(outer, None) or _cast_later(case) or node
    pen = case.pen
    text = builders.operand(inner, file)
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


ROUNDING = {"floor", "rint", "round", "trunc", "ceil"}


def _unrounded(case: Case, node: ast.expr) -> ast.expr:
    """Return what a position was before it was rounded, where that is what is cast, or has its name."""
    scope = case.function
    made = assigned_before(scope, node.id, node.lineno) if isinstance(node, ast.Name) and scope is not None else None
    rounded = made if made is not None else node
    inner = builders.worked_on(rounded, case.file) if simple_name(rounded) in ROUNDING else None
    return node if inner is None or any(isinstance(n, ast.Call) for n in ast.walk(inner)) else inner


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
        hits.distance,
        counts.instead,
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
        if text is None and simple_name(part).endswith(DRAWS) and pen.phrases.passing:
            text = passing_text(pen, part, file)
        if text is not None:
            total = pen.call("sum").removesuffix("()")
            around = builders.parent_of(part, file)
            counted = isinstance(around, ast.Call) and simple_name(around) == "count_nonzero"
            followed = pen.dialect == "torch" or (pen.dialect == "jax" and not counted)
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
    if _is_number(one, 1) and _is_number(other, 0):
        return builders.replace(outer, file, text)
    if _is_number(one, 0) and _is_number(other, 1):
        return builders.replace(outer, file, f"(1.0 - {text})")
    high, low = builders.operand(one, file), builders.operand(other, file)
    return builders.replace(outer, file, f"({text} * {high} + (1.0 - {text}) * {low})")


def _is_number(node: ast.expr | None, value: float) -> bool:
    return isinstance(node, ast.Constant) and node.value == value


EQUIVALENT = {
    "eigvalsh": "{module}.eigh({x})[0]",
    "sqrtm": (
        "(lambda w, v: (v * jnp.sqrt(w)) @ jnp.linalg.inv(v))(*jax.lax.linalg.eig({x}, "
        "compute_left_eigenvectors=False, enable_eigvec_derivs=True))"
    ),
    "eig": "jax.lax.linalg.eig({x}, compute_left_eigenvectors=False, enable_eigvec_derivs=True)",
    "logm": ("(lambda w, v: tf.matmul(v * tf.math.log(w)[..., None, :], v, adjoint_b=True))(*tf.linalg.eigh({x}))"),
    "adjust_contrast": "tf.reduce_mean({x}, [-3, -2], keepdims=True) * (1.0 - {f}) + {f} * {x}",
    "cross entropy": "-tf.reduce_sum({labels} * tf.nn.log_softmax({logits}), axis=-1)",
}
"""Other ways to compute the same, for functions whose derivative is not there, or only the first one."""


CROSS_ENTROPIES = {
    "softmax_cross_entropy_with_logits": ("labels", "logits"),
    "categorical_crossentropy": ("y_true", "y_pred"),
}
"""Functions whose second derivative leaves out the labels, and what they call their arguments."""


def another_way(case: Case) -> Suggestion | None:
    """Compute the same by functions that have a derivative, or let the gradient pass."""
    call, file, pen = case.call, case.file, case.pen
    failure = case.context.question.failure
    if failure is not None and "custom_vjp" in failure.text:
        return passing.backwards(case)
    if call is None:
        return None
    name = simple_name(call)
    if name == "eigvalsh" and call.args:
        module = syntax.text_of(call.func).rpartition(".")[0]
        text = EQUIVALENT[name].format(module=module, x=builders.written(call.args[0], file))
        return builders.likely(*builders.replace(call, file, text))
    if name in {"eig", "sqrtm"} and pen.dialect == "jax" and len(call.args) == 1 and not call.keywords:
        text = pen.say(EQUIVALENT[name], x=builders.written(call.args[0], file))
        return builders.likely(*builders.replace(call, file, text), *pen.imports)
    if name == "logm" and pen.dialect == "tensorflow" and len(call.args) == 1 and not call.keywords:
        text = pen.say(EQUIVALENT[name], x=builders.written(call.args[0], file))
        return builders.sketch(*builders.replace(call, file, text))  # of a symmetric matrix
    if name == "resize" and pen.dialect == "tensorflow":
        return builders.likely(*_smoothly_resized(call, file))
    if name == "svd" and failure is not None and pen.dialect == "jax":  # the rule is there for the reduced one
        return builders.likely(*builders.set_argument(call, file, "full_matrices", "False"))
    if name in CROSS_ENTROPIES and pen.dialect == "tensorflow":
        labels, logits = (builders.argument(call, k, word) for k, word in enumerate(CROSS_ENTROPIES[name]))
        from_logits = next((k.value for k in call.keywords if k.arg == "from_logits"), None)
        if labels is None or logits is None or (name == "categorical_crossentropy" and not _is_number(from_logits, 1)):
            return None
        text = pen.say(
            EQUIVALENT["cross entropy"], labels=builders.operand(labels, file), logits=builders.written(logits, file)
        )
        return builders.likely(*builders.replace(call, file, text))
    if name == "adjust_contrast" and len(call.args) == 2 and not call.keywords:
        text = pen.say(EQUIVALENT[name], **{k: builders.operand(a, file) for k, a in zip("xf", call.args, strict=True)})
        return builders.likely(*builders.replace(call, file, text), *pen.imports)
    if name == "bincount" and pen.dialect == "tensorflow":
        return _summed_by_segment(pen, call, file)
    if name in {"lu", "lu_solve"}:
        return _solved_directly(case)
    if name == "fori_loop" and pen.dialect == "jax" and (known := static.known_before(case)):
        return builders.likely(*known)
    if name == "fori_loop":
        return _plain_bounds(case, call) or loops.counted_to_most(case, call)
    if name == "while_loop":
        return loops.counted(case, call)
    if name in {"pure_callback", "io_callback", "numpy_function", "py_function"}:
        return without_callback(case)
    return pass_through(case) if name.endswith(DRAWS) else from_values(case)


def _smoothly_resized(call: ast.Call, file: str) -> Changes:
    """Make an image smaller by a filter as wide as its new pixels, where means over areas have no derivative."""
    method = builders.argument(call, 2, "method")
    if method is None or not syntax.text_of(method).strip("'\"").lower().endswith("area"):
        return ()
    return (
        *builders.replace(method, file, '"bilinear"'),
        *builders.set_argument(call, file, "antialias", "True"),
    )


def _summed_by_segment(pen: Pen, call: ast.Call, file: str) -> Suggestion | None:
    """Sum the weights that belong to each number, which has a derivative where a weighted count has none."""
    numbers = builders.argument(call, 0, "arr")
    given = {k.arg: builders.written(k.value, file) for k in call.keywords}
    if numbers is None or "weights" not in given or set(given) - {"arr", "weights", "minlength", "maxlength"}:
        return None
    which = builders.written(numbers, file)
    count = given.get("maxlength") or given.get("minlength") or f"{pen.call('max', which)} + 1"
    text = pen.say("tf.math.unsorted_segment_sum({w}, {i}, {n})", w=given["weights"], i=which, n=count)
    return builders.likely(*builders.replace(call, file, text), *pen.imports)


def _solved_directly(case: Case) -> Suggestion | None:
    """Solve with the matrix itself where a function factors it first and solves with the factors."""
    scope, file = case.function, case.file
    nodes = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    factored = next((n for n in nodes if isinstance(n, ast.Call) and simple_name(n) == "lu" and n.args), None)
    solved = next((n for n in nodes if isinstance(n, ast.Call) and simple_name(n) == "lu_solve"), None)
    if factored is None or solved is None or len(solved.args) < 2:
        return None
    text = case.pen.call(
        "linalg.solve", builders.written(factored.args[0], file), builders.written(solved.args[-1], file)
    )
    statement = syntax.statement_at(syntax.span_of(factored, file))
    gone = builders.remove(statement, file) if statement is not None else ()
    return builders.likely(*builders.replace(solved, file, text), *gone)


def _plain_bounds(case: Case, call: ast.Call) -> Suggestion | None:
    """Give a loop bounds that are plain numbers, so that it runs a known number of times."""
    scope = case.function
    for bound in call.args[:2]:
        value = (
            assigned_before(scope, bound.id, call.lineno)
            if isinstance(bound, ast.Name) and scope is not None
            else bound
        )
        if isinstance(value, ast.Call) and simple_name(value) in {"asarray", "array", "int32", "int64"}:
            return builders.likely(*builders.drop_call(value, case.file))
    return None


DRAWS = ("poisson", "bernoulli", "multinomial", "categorical", "binomial", "gamma", "sample", "normal", "uniform")

MEANS = {"bernoulli", "poisson", "exponential"}
"""Draws whose mean is their first argument: its gradient may pass straight through; that of a drawn index cannot."""

DISCRETE = {"multinomial", "bernoulli", "binomial", "poisson"}
"""Draws of whole numbers by PyTorch: its distributions that use them have no `rsample`."""


def reparameterise(case: Case) -> Suggestion | None:
    """Draw so that the gradient reaches the parameters."""
    call, file, pen = case.call, case.file, case.pen
    if call is None:
        return None
    name = simple_name(call)
    if name.removeprefix("stateless_") == "categorical" and pen.dialect == "tensorflow":
        return builders.sketch(*following.smooth(case))
    weights = (weights_instead(case) or picked_softly(case)) if name in CHOICES else choosing.drawn_softly(case)
    if weights:
        return builders.sketch(*weights)
    if name == "sample" and any(link.operation.name in DISCRETE for link in case.route):
        return None  # a score has no draw to be written otherwise
    if name == "sample" and pen.dialect == "torch" and isinstance(call.func, ast.Attribute):
        return builders.likely(*builders.rename_call(call, file, f"{builders.written(call.func.value, file)}.rsample"))
    if name == "normal" and len(call.args) >= 2 and pen.dialect == "torch":
        mean, spread = (builders.operand(a, file) for a in call.args[:2])
        return builders.likely(
            *builders.replace(call, file, pen.say("{m} + {s} * torch.randn_like({m})", m=mean, s=spread))
        )
    if _draws_as_numpy(call, file):
        return builders.likely(*_of_noise(case, call), *pen.imports)
    if pen.dialect == "jax" and len(call.args) > 1 and name in {"bernoulli", "poisson"}:
        parameter = builders.operand(call.args[1], file)  # behind the key
        mended = pen.say(pen.phrases.passing, x=parameter, e=builders.written(call, file))
        return builders.likely(*builders.replace(call, file, mended), *pen.imports)
    return pass_through(case) if name.removeprefix("stateless_") in MEANS else None


GENERATORS = {"default_rng", "RandomState", "Generator"}


def _draws_as_numpy(call: ast.Call, file: str) -> bool:
    """Whether a call draws from a normal distribution of NumPy's, by the module or a generator."""
    if function_name(call.func, file) == "random.normal":
        return True
    if not isinstance(call.func, ast.Attribute) or call.func.attr != "normal":
        return False
    makers = syntax.made_by(syntax.text_of(call.func.value), syntax.span_of(call, file))
    return any(maker.rpartition(".")[2] in GENERATORS for maker in makers)


def _of_noise(case: Case, call: ast.Call) -> Changes:
    """Write a normal draw as a function of noise: `mean + spread * noise`."""
    file, pen = case.file, case.pen
    mean, spread, size = (builders.argument(call, k, name) for k, name in enumerate(("loc", "scale", "size")))
    scaled = spread is not None and not isinstance(spread, ast.Constant)
    like = spread if scaled and (mean is None or isinstance(mean, ast.Constant)) else mean
    if like is None:
        return ()
    shape = (
        builders.written(size, file) if size is not None else pen.say("np.shape({x})", x=builders.written(like, file))
    )
    text = f"{builders.written(call.func, file)}(size={shape})"
    if spread is not None:
        text = f"{builders.operand(spread, file)} * {text}"
    return builders.replace(call, file, text if mean is None else f"{builders.operand(mean, file)} + {text}")
