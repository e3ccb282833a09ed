"""Edits of functions whose derivative nobody wrote: another way to compute the same."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.outside import static
from gradtape.explain.edits.outside.callbacks import without_callback
from gradtape.explain.edits.outside.rules import from_values
from gradtape.explain.edits.question import passing
from gradtape.explain.edits.smooth import activations, slopes, spelled_out
from gradtape.explain.edits.smooth.steps import draws, is_number, pass_through
from gradtape.explain.edits.tracing import loops

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

EQUIVALENT = {
    "eigvalsh": "{module}.eigh({x})[0]",
    "sqrtm": (
        "(lambda w, v: (v * jnp.sqrt(w)) @ jnp.linalg.inv(v))(*jax.lax.linalg.eig({x}, "
        "compute_left_eigenvectors=False, enable_eigvec_derivs=True))"
    ),
    "eig": "jax.lax.linalg.eig({x}, compute_left_eigenvectors=False, enable_eigvec_derivs=True)",
    "logm": "(lambda w, v: tf.matmul(v * tf.math.log(w)[..., None, :], v, adjoint_b=True))(*tf.linalg.eigh({x}))",
    "adjust_contrast": "tf.reduce_mean({x}, [-3, -2], keepdims=True) * (1.0 - {f}) + {f} * {x}",
    "adjust_saturation": "tf.reduce_max({x}, -1, keepdims=True) * (1.0 - {f}) + {f} * {x}",  # while it stays below 1
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
    if pen.dialect == "torch":
        return builders.sketch(*slopes.by_differences(case))
    spelled = spelled_out.instead(case, call)
    if spelled:
        return builders.sketch(*spelled)
    twice = activations.differentiable_twice(case)
    if twice is not None:
        return twice
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
        return builders.likely(*_smoothly_resized(case, call))
    if name == "svd" and failure is not None and pen.dialect == "jax":  # the rule is there for the reduced one
        return builders.likely(*builders.set_argument(call, file, "full_matrices", "False"))
    if name in CROSS_ENTROPIES and pen.dialect == "tensorflow":
        labels, logits = (builders.argument(call, k, word) for k, word in enumerate(CROSS_ENTROPIES[name]))
        from_logits = next((k.value for k in call.keywords if k.arg == "from_logits"), None)
        if labels is None or logits is None or (name == "categorical_crossentropy" and not is_number(from_logits, 1)):
            return None
        text = pen.say(
            EQUIVALENT["cross entropy"], labels=builders.operand(labels, file), logits=builders.written(logits, file)
        )
        return builders.likely(*builders.replace(call, file, text))
    if name in {"adjust_contrast", "adjust_saturation"} and len(call.args) == 2 and not call.keywords:
        text = pen.say(EQUIVALENT[name], **{k: builders.operand(a, file) for k, a in zip("xf", call.args, strict=True)})
        trust = builders.likely if name == "adjust_contrast" else builders.sketch
        return trust(*builders.replace(call, file, text), *pen.imports)
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
    return pass_through(case) if draws(name) else from_values(case)


NEAREST = (
    "(lambda x, h, w: tf.gather(tf.gather(x, (2 * tf.range(h) + 1) * x.shape[-3] // (2 * h), axis=-3), "
    "(2 * tf.range(w) + 1) * x.shape[-2] // (2 * w), axis=-2))({x}, *{size})"
)
"""Every new pixel as the old one that it lies in."""

CURVED = ("bicubic", "gaussian", "lanczos3", "lanczos5", "mitchellcubic")
"""Ways to resize without a second derivative."""


def _smoothly_resized(case: Case, call: ast.Call) -> Changes:
    """Resize in a way that has a derivative, where means over areas have none; or a second one."""
    file, pen = case.file, case.pen
    given = [builders.argument(call, k, name) for k, name in enumerate(("images", "size", "method"))]
    method = syntax.text_of(given[2]).strip("'\"").lower().rpartition(".")[2] if given[2] is not None else ""
    if method == "area" and given[2] is not None:
        wide = builders.set_argument(call, file, "antialias", "True")
        return (*builders.replace(given[2], file, '"bilinear"'), *wide)
    if method in CURVED and given[2] is not None:
        return builders.replace(given[2], file, '"bilinear"')
    if method.startswith("nearest") and given[0] is not None and given[1] is not None:
        text = pen.say(NEAREST, x=builders.written(given[0], file), size=builders.operand(given[1], file))
        return builders.replace(call, file, text)
    return ()


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
