"""GT509: a traced value was kept when its function had returned."""

import ast

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.report import Finding


def detect_failure(context: Context) -> Finding | None:
    name, failure = context.question.target_name, context.question.failure
    span = failure.at.span if failure is not None and failure.at is not None else None
    mark = syntax.cached_by(span) if span is not None else None
    if span is not None and mark is not None:
        return _cached(context, span, mark)
    within = failure.detail if failure is not None else ""
    where = f"the {within} in `{name}`" if within else f"`{name}`"
    ended = f"the {within} has ended" if within else "the function has returned"
    return context.failed(
        "leaked-tracer",
        f"a traced value outlived {where} and was used",
        f"this keeps a traced value; it stands for a number only until {ended}",
        helps=WITHIN.get(within) or HELPS[context.question.dialect],
    )


def _cached(context: Context, span: Span, mark: ast.expr) -> Finding:
    function = getattr(syntax.function_at(span), "name", "the function")
    by = syntax.text_of(mark.func if isinstance(mark, ast.Call) else mark)
    return context.failed(
        "leaked-tracer",
        f"`{function}` gave a traced value from its cache, after the trace that it belongs to",
        f"`{by}` keeps this traced value; it stands for a number only until the traced function has returned",
        helps=(
            f"compute it anew each time: leave `{by}` out",
            PLAIN[context.question.dialect],
        ),
    )


PLAIN = {
    "jax": "or compute plain numbers: under `jax.ensure_compile_time_eval()`, or with NumPy",
    "tensorflow": "or compute plain numbers: under `tf.init_scope()`, or with NumPy",
}
"""What a function may keep."""

HELPS = {
    "jax": (
        "return it from the function beside the loss, and ask with `has_aux=True`",
        "leave the statement out if nobody needs the value",
    ),
    "tensorflow": (
        "return it from the function, and use what the call returns",
        "or keep the number in a `tf.Variable`: `kept.assign(value)` runs in every call",
    ),
}

WITHIN = {
    "loop": (
        "collect the values in a `tf.TensorArray`: `array = array.write(i, value)` in the loop, then `array.stack()`",
        "or loop over Python's `range(n)`, where `n` is a plain number",
    ),
    "branch": ("give the name a value in every branch, before or in it",),
}
"""What to do about a value that outlived a part of a function."""

FAILURE = Cause("leaked-tracer", Stage.FAILURE, detect_failure)
