"""GT509: a traced value was kept when its function had returned."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.report import Finding


def detect_failure(context: Context) -> Finding | None:
    name = context.question.target_name
    return context.failed(
        "leaked-tracer",
        f"a traced value outlived `{name}` and was used",
        "this keeps a traced value; it stands for a number only until the function has returned",
        helps=(
            "return it from the function beside the loss, and ask with `has_aux=True`",
            "leave the statement out if nobody needs the value",
        ),
    )


FAILURE = Cause("leaked-tracer", Stage.FAILURE, detect_failure)
