"""Edits where an operation has no derivative, or none that is of use: keep its value and let the gradient pass."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.explain import flat
from gradtape.explain.edits import builders, hits, loops, metrics, numbers, passing, soft
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.leaving import without_callback
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.edits.rules import from_values

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes

CASTS = {"int", "long", "short", "byte", "bool", "astype"}
"""Methods that cast to a dtype without derivatives; `astype` takes it as an argument."""


def pass_through(case: Case) -> Suggestion | None:
    """Suggest the expression whose value stays and whose gradient is that of what it works on."""
    name = simple_name(case.node) if case.node is not None else ""
    if name in flat.STRAIGHT:  # a gradient of a gradient: the slope that would pass is constant too
        return numbers.with_slope(case) if name in numbers.DEAD else None
    text, changes = case.once("straight through", lambda: _around(case))
    return case.once("pass through", lambda: builders.likely(*changes)) if text else soften(case)


def straight_through(case: Case) -> str:
    """Return the text of that expression, for a help; empty where there is none."""
    text, _ = case.once("straight through", lambda: _around(case))
    return text


def _around(case: Case) -> tuple[str, Changes]:
    pen, node = case.pen, case.node
    text = _passing(pen, node, case) if node is not None else None
    if node is None or text is None:
        return "", ()
    return text, (*builders.replace(node, case.file, text), *pen.imports)


def around_cast(case: Case) -> Suggestion | None:
    """Let the gradient pass around a cast to whole numbers: around the cast back, where there is one."""
    node, file = case.node, case.file
    inner = builders.worked_on(node, file) if node is not None else None
    if node is None or inner is None:
        return None
    if _is_index(case, node) or _picked_later(case):
        between = _between_rows(case, node, inner)
        return builders.sketch(*between) if between else None
    outer = (n for n in reversed(builders.path_to(node, file)) if isinstance(n, ast.Call) and _is_cast(n))
    whole: ast.expr = next(outer, None) or _cast_later(case) or node
    pen = case.pen
    text = builders.operand(inner, file)
    exact = builders.written(whole, file)
    if whole is node and pen.dialect == "tensorflow":  # which does not compute with two dtypes
        exact = pen.say("tf.cast({e}, {x}.dtype)", e=exact, x=text)
    mended = pen.say(pen.phrases.passing, x=text, e=exact)
    return builders.likely(*builders.replace(whole, file, mended), *pen.imports)


def _is_index(case: Case, node: ast.expr) -> bool:
    """Whether the whole number that an expression gives picks elements: then nothing but a whole number will do."""
    path = builders.path_to(node, case.file)
    around = (n for n in path if isinstance(n, ast.Call | ast.Subscript))
    for outer in around:
        if isinstance(outer, ast.Subscript) and syntax.span_of(outer.slice, case.file).contains(case.at):
            return True
        if isinstance(outer, ast.Call) and simple_name(outer) in PICKING:
            return True
    names = set(syntax.assigned_names(case.at))
    scope = case.function
    return any(
        isinstance(n, ast.Subscript) and names & syntax.names_in(n.slice, ast.Load)
        for n in (ast.walk(scope) if scope is not None else ())
    )


def _picked_later(case: Case) -> bool:
    """Whether the route enters an operation that picks elements by the positions that it gets."""
    blamed = case.operation
    later = (k for k in case.route if blamed is not None and k.operation.seq > blamed.seq)
    return any(k.position > 0 and _picks(k.operation.name) for k in later)


PICKING = {"item", "int", "gather", "take", "one_hot", "embedding", "index_select", "range", "take_along_axis"}
"""What needs whole numbers."""


def _between_rows(case: Case, node: ast.expr, inner: ast.expr) -> Changes:
    """Go in a straight line from one row of a table to the next, where a cast position picks a row."""
    file, pen, scope = case.file, case.pen, case.function
    names = set(syntax.assigned_names(case.at))
    picks = [n for n in (ast.walk(scope) if scope is not None else ()) if isinstance(n, ast.Subscript)]
    pick = next((n for n in picks if n.slice is node or syntax.text_of(n.slice) in names), None)
    if pick is None or not isinstance(pick.ctx, ast.Load) or not isinstance(pick.value, ast.Name | ast.Attribute):
        return ()
    if isinstance(pick.value, ast.Attribute) and pick.value.attr in {"at", "loc", "iloc"}:  # no rows, but a place
        return _between_places(pick, builders.operand(inner, file), file) if pen.dialect == "jax" else ()
    rows, table, position = (
        builders.written(pick.slice, file),
        builders.written(pick.value, file),
        builders.operand(inner, file),
    )
    index = rows if rows in names else f"({rows})"
    last = f"len({table}) - 1"
    after = f"({index} + 1).clamp(max={last})" if pen.dialect == "torch" else pen.call("minimum", f"{index} + 1", last)
    weight = f"({position} - {index}).reshape({index}.shape + (1,) * ({table}.ndim - 1))"
    text = f"{table}[{rows}] + {weight} * ({table}[{after}] - {table}[{rows}])"
    return (*builders.replace(pick, file, text), *pen.imports)


def _between_places(pick: ast.Subscript, position: str, file: str) -> Changes:
    """Write to both neighbours of a position, each by its nearness: `a.at[i].set(v)` for JAX."""
    path = builders.path_to(pick, file)
    method = next((n for n in reversed(path) if isinstance(n, ast.Attribute) and n.value is pick), None)
    call = next((n for n in reversed(path) if isinstance(n, ast.Call) and n.func is method), None)
    if method is None or call is None or method.attr not in {"set", "add"} or len(call.args) != 1:
        return ()
    place, value = builders.written(pick.slice, file), builders.operand(call.args[0], file)
    nearness = f"({position} - {place})"
    near = f"{builders.written(method, file)}({value} * (1 - {nearness}))"
    return builders.replace(call, file, f"{near}.at[{place} + 1].{method.attr}({value} * {nearness})")


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
            return node
    return None


COUNTING = (
    "histogram",
    "histc",
    "bincount",
    "count",
    "argmax",
    "argmin",
    "argsort",
    "searchsorted",
    "digitize",
    "unique",
)
"""Functions whose result has not one element per element of what they work on."""


def _passing(pen: Pen, node: ast.expr, case: Case) -> str | None:
    file = case.file
    if simple_name(node).startswith(COUNTING):
        return None
    if isinstance(node, ast.Call) and pen.phrases.passing_call and len(node.args) == 1 and not node.keywords:
        function, given = builders.written(node.func, file), builders.written(node.args[0], file)
        if not isinstance(node.args[0], ast.Starred) and not builders.is_method(node, file):
            return pen.say(pen.phrases.passing_call, f=function, x=given)
    whole = builders.written(node, file)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.FloorDiv):
        smooth = f"{builders.operand(node.left, file)} / {builders.operand(node.right, file)}"
        return pen.say(pen.phrases.passing.replace("- {x}", "- ({x})"), x=smooth, e=whole)
    return _passing_text(pen, node, file)


def _passing_text(pen: Pen, node: ast.expr, file: str) -> str | None:
    whole = builders.written(node, file)
    inner = _value_in(node, file)
    if inner is None:
        return None
    text = builders.operand(inner, file)
    if not any(isinstance(part, ast.Call | ast.Await) for part in ast.walk(inner)):
        return pen.say(pen.phrases.passing, x=text, e=whole)
    name = scopes.free_name(file, "exact")  # a call should not run twice
    once = pen.phrases.passing.replace("{x}", "{once}", 1)
    return pen.say(
        once, once=f"({name} := {builders.written(inner, file)})", x=name, e=builders.with_part(node, inner, file, name)
    )


PARAMETERS = {"x", "input", "lam", "rate", "p", "a", "probs", "mean", "scale"}


def _value_in(node: ast.expr, file: str) -> ast.expr | None:
    """Return what an operation works on: of several arguments the first that is no literal."""
    if isinstance(node, ast.Call) and not builders.is_method(node, file):
        given = [*node.args, *(k.value for k in node.keywords if k.arg in PARAMETERS)]
        return next((a for a in given if not isinstance(a, ast.List | ast.Tuple | ast.Constant | ast.Starred)), None)
    return builders.worked_on(node, file)


def _picked_softly(case: Case) -> Changes:
    """Take the mean of all rows under the softmax, where an argmax picks one row of a table."""
    node, file = case.node, case.file
    call = next((n for n in parts(node) if simple_name(n) in CHOICES), None) if node is not None else None
    blamed = case.operation
    scores = _value_in(call, file) if call is not None else None
    if blamed is None or scores is None or any(isinstance(n, ast.Call) for n in ast.walk(scores)):
        return ()
    pen = case.pen
    later = next((k.operation for k in case.route if k.operation.seq > blamed.seq and _picks(k.operation.name)), None)
    place = later.site.span if later is not None else None
    picking = syntax.expression_at(place) if place is not None and place.file == file else None
    if place is None or not isinstance(picking, ast.Call) or not picking.args:
        return ()
    text = builders.written(scores, file)
    scope = syntax.function_at(place) or syntax.parse_file(file)
    if scope is None or (scope is not case.function and assigned(scope, text) is None):
        return ()
    made = assigned_before(case.function, text, case.at.line) if case.function is not None else None
    weights = (
        text if "prob" in text or (made is not None and _is_probability(case, made)) else pen.call("softmax", text)
    )
    if simple_name(picking) == "gather" and len(picking.args) >= 2:
        table = builders.written(picking.args[0], file)
    elif len(picking.args) == 1:
        table = f"{builders.written(picking.func, file)}({pen.call('arange', f'{text}.shape[-1]')})"
    else:
        return ()
    return builders.replace(picking, file, pen.call("matmul", weights, table))


def assigned(scope: ast.AST, name: str) -> ast.stmt | None:
    """Return a statement that gives a name a value in a scope."""
    return next((s for s in statements_of(scope) if name in syntax.names_in(s, ast.Store)), None)


def _is_probability(case: Case, node: ast.expr) -> bool:
    return any(simple_name(n) == "softmax" for n in parts(node)) or "softmax" in case.context.source.name


def _picks(name: str) -> bool:
    return any(word in name.lower() for word in ("gather", "embedding", "take"))


CHOICES = {"argmax", "categorical"}
"""Functions that choose a position by scores: the largest, or one that is drawn."""


def _weights_instead(case: Case) -> Changes:
    """Take the weights of a softmax, where the position that was chosen becomes a row of zeros and a one."""
    node, file, scope = case.node, case.file, case.function
    found = next((n for n in parts(node) if simple_name(n) in CHOICES), None) if node is not None else None
    scores = _value_in(found, file) if found is not None else None
    names = set(syntax.assigned_names(case.at))
    calls = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    rows = [n for n in calls if simple_name(n) == "one_hot" and isinstance(n, ast.Call) and n.args]
    rows = [n for n in rows if n.args[0] is node or (syntax.text_of(n.args[0]) in names and n.lineno > case.at.line)]
    if (
        scores is None
        or any(isinstance(n, ast.Call) for n in parts(scores))
        or not rows
        or case.pen.dialect not in {"tensorflow", "jax"}
    ):
        return ()
    text = case.pen.call("softmax", builders.written(scores, file))
    return tuple(c for n in rows for c in builders.replace(n, file, text))


def soften(case: Case) -> Suggestion | None:
    """Sketch a smooth function in the place of one that has no derivative."""
    node, file, pen = case.node, case.file, case.pen
    measured = metrics.loss_instead(case)
    if measured:
        return builders.likely(*measured)
    picked = _picked_softly(case) or _weights_instead(case) or hits.expected(case) or hits.distance(case)
    if picked:
        return builders.sketch(*picked, *pen.imports)
    if node is None or _is_index(case, node):
        return None
    outer = builders.parent_of(node, file)
    if isinstance(outer, ast.Call) and simple_name(outer) == simple_name(node) == "argsort":
        node = outer  # the order of an order
    for part in parts(node):
        text = soft.smooth(pen, part, file)
        if text is None and simple_name(part).endswith(DRAWS) and pen.phrases.passing:
            text = _passing_text(pen, part, file)
        if text is not None:
            return builders.sketch(*_as_number(part, file, text, pen.call("sum").removesuffix("()")), *pen.imports)
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
    if name in {"lu", "lu_solve"}:
        return _solved_directly(case)
    if name == "fori_loop":
        return _plain_bounds(case, call) or loops.counted_to_most(case, call)
    if name == "while_loop":
        return loops.counted(case, call)
    if name in {"pure_callback", "io_callback", "numpy_function", "py_function"}:
        return without_callback(case)
    return pass_through(case) if name.endswith(DRAWS) else from_values(case)


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
    weights = (_weights_instead(case) or _picked_softly(case)) if name in CHOICES else ()
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
    if function_name(call.func, file) == "random.normal" and len(call.args) == 2:
        mean, spread = (builders.operand(a, file) for a in call.args)
        draw = pen.say("np.random.normal(size=np.shape({m}))", m=mean)
        return builders.likely(*builders.replace(call, file, f"{mean} + {spread} * {draw}"))
    if pen.dialect == "jax" and len(call.args) > 1 and name in {"bernoulli", "poisson"}:
        parameter = builders.operand(call.args[1], file)  # behind the key
        mended = pen.say(pen.phrases.passing, x=parameter, e=builders.written(call, file))
        return builders.likely(*builders.replace(call, file, mended), *pen.imports)
    return pass_through(case) if name.removeprefix("stateless_") in MEANS else None
