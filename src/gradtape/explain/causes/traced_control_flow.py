"""GT508: an `if` or a loop of Python's depends on a traced value."""

import ast

from gradtape.diagnostics import syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.report import Finding


def detect(context: Context) -> Finding | None:
    """Look for a source that reaches no more than a decision: the choice between two sides has no derivative."""
    for event in context.run.events:
        if event.kind == "branch" and event.value in context.after_source:
            name = context.source.name
            return context.finding(
                "traced-control-flow",
                event.site.span,
                f"`{name}` only decides which way the program goes here, and no decision has a derivative",
                notes=(f"no value that depends on `{name}` reaches `{context.question.target_name}`",),
                helps=_helps(context),
                proven=not context.may_have_left,
            )
    return None


def detect_failure(context: Context) -> Finding | None:
    failure = context.question.failure
    span = failure.at.span if failure is not None and failure.at is not None else context.question.call.span
    return context.failed(
        "traced-control-flow",
        f"no gradient of `{context.question.target_name}`: a traced value decides which way it goes",
        f"{syntax.decision_at(span)} needs a truth value or a size here, and {_lacks(context)}",
        helps=_helps(context) if not isinstance(syntax.statement_at(span), ast.While) else _rounds(context),
    )


def _rounds(context: Context) -> tuple[str, ...]:
    return ROUNDS if context.question.dialect == "jax" else ROUNDS[:1]


def _lacks(context: Context) -> str:
    if context.question.dialect == "torch":
        return "a value under `vmap` has one for each element of the batch"
    return "a traced value has none yet"


ROUNDS = (
    "let it run a number of rounds that is known before, `for _ in range(n)`; more of them change little",
    "or write it with `jax.lax.fori_loop` and plain bounds; `jax.lax.while_loop` has no derivative backwards",
)
"""What to do about a loop that a traced value ends."""

AUTOGRAPH = {
    "autograph=False": "leave `autograph=False` out: TensorFlow then writes `if`, `for` and `while` on tensors anew",
    "": "TensorFlow writes `if`, `for` and `while` of a function anew, but no comprehension and no other package",
}
"""What TensorFlow does by itself, by what the program said of that."""


def _helps(context: Context) -> tuple[str, ...]:
    question = context.question
    detail = question.failure.detail if question.failure is not None and question.dialect == "tensorflow" else None
    return (
        *((AUTOGRAPH[detail],) if detail in AUTOGRAPH else ()),
        f"compute both sides and choose with `{context.words.where}(condition, a, b)`",
        "or pass what decides as a plain Python value that is not traced",
    )


CAUSE = Cause("traced-control-flow", Stage.ABSENCE, detect)
FAILURE = Cause("traced-control-flow", Stage.FAILURE, detect_failure)
