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
    return context.failed(
        "leaked-tracer",
        f"a traced value outlived `{name}` and was used",
        "this keeps a traced value; it stands for a number only until the function has returned",
        helps=(
            "return it from the function beside the loss, and ask with `has_aux=True`",
            "leave the statement out if nobody needs the value",
        ),
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
            "or compute plain numbers: under `jax.ensure_compile_time_eval()`, or with NumPy",
        ),
    )


FAILURE = Cause("leaked-tracer", Stage.FAILURE, detect_failure)
