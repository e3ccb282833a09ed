"""GT305: a derivative exists and nobody wrote it, or what was written is incomplete."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    reason = group.first.reason or f"has a derivative, but {context.words.name} has no rule for it"
    return context.broken(
        "missing-rule", route, group, f"{group.links[0].operation.name} {reason}", helps=_helps(context)
    )


def detect_failure(context: Context) -> Finding | None:
    failure = context.question.failure
    what = failure.detail if failure is not None and failure.detail else "this operation"
    label, helps = KNOWN.get(what, (f"{what} has a derivative, but {context.words.name} has no rule for it", ()))
    return context.failed(
        "missing-rule",
        f"no gradient of `{context.question.target_name}`: an operation on the way has no rule",
        label,
        helps=helps or _helps(context),
    )


KNOWN = {
    "loop": (
        "nobody can run this loop backwards: how often it turns is only known once it runs",
        (
            "give it bounds that are plain Python numbers, or use `jax.lax.scan` over a fixed number of rounds",
            "or give the derivative yourself with `jax.custom_vjp`",
        ),
    ),
    "forwards": (
        "this function was given a derivative for the way back only, and here it is asked for forwards",
        (
            "ask backwards: `jax.jacrev` in the place of `jax.jacfwd`, `jax.vjp` in that of `jax.jvp`",
            "or give the derivative with `jax.custom_jvp`, which serves both ways",
        ),
    ),
    "conditions": (
        "its derivative only exists under conditions that JAX cannot check, so it gives none unless it is told to",
        (
            "say that they hold: no eigenvalue comes twice, and no eigenvector has two largest components",
            "or use `jnp.linalg.eigh` if the matrix is symmetric, `jnp.linalg.eigvals` if the vectors are not needed",
        ),
    ),
    "callback": (
        "nothing is known of the derivative of what the callback computes",
        (
            "compute it with `jnp.*` functions instead of calling back",
            "or give the derivative yourself with `jax.custom_jvp` around the callback",
        ),
    ),
}
"""What cannot have a rule by its nature, by the recorder's word for it: what to say, and what to do."""


def _helps(context: Context) -> tuple[str, ...]:
    return (
        "write it with operations that have a derivative",
        f"or give the derivative yourself with `{context.words.own_rule}`",
    )


CAUSE = Cause("missing-rule", Stage.BREAK, detect, frozenset({BreakKind.MISSING_RULE}))
FAILURE = Cause("missing-rule", Stage.FAILURE, detect_failure)
