"""GT307: a derivative that the program gives itself returned None, zeros, or the wrong number or shape."""

from gradtape.diagnostics import syntax
from gradtape.explain import wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.causes.flat_region import headline as zero_headline
from gradtape.explain.graph import HOOK, BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route
from gradtape.explain.spots import Spot, Trouble

GRADIENTS_ON = "compute what it asks for under `torch.enable_grad()`: gradients are off while a `backward` runs"
HELP = "return one gradient per argument of the function, each of its argument's shape"


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    reason = group.first.reason or "was given a derivative of its own, which returned None for this argument"
    operation, at = group.links[0].operation, group.first.at
    off = at is not None and wording.asks_without_gradients(syntax.function_at(at.span))
    return context.broken(
        "custom-rule-none",
        route,
        group,
        f"{operation.name} {reason}",
        at=at.span if at is not None else None,
        labels=((operation.site.span if at is not None else None, "called here"),),
        helps=(GRADIENTS_ON if off else HELP,),
    )


def detect_zeros(context: Context, spot: Spot) -> Finding | None:
    """Say that a derivative of the user's own turned something into nothing."""
    operation = spot.operation
    if operation is None or operation.own is None or spot.trouble is not Trouble.ZERO:
        return None
    position, own = spot.pull.position if spot.pull is not None else 0, operation.own
    at = (own.answers(position) if own.answers is not None else None) or operation.site
    return context.finding(
        "custom-rule-none",
        at.span,
        f"{operation.name} was given a derivative of its own, which returned zeros for this argument",
        labels=((operation.site.span, "called here"),),
        headline=zero_headline(context),
        helps=(HELP,),
        route=wording.route_through(context, operation, position),
    )


def detect_hook(context: Context, spot: Spot) -> Finding | None:
    """Say that a hook turned something into nothing."""
    operation = spot.operation
    if operation is None or operation.function != HOOK or spot.trouble is not Trouble.ZERO:
        return None
    registered = next((site.span for site in operation.callers), None)
    return context.finding(
        "custom-rule-none",
        operation.site.span,
        "this hook gives zeros in the place of the gradient that comes to it",
        labels=((registered, "it was registered here"),),
        headline=zero_headline(context),
        helps=("return the gradient itself, or what is to stand for it; what returns None leaves it as it is",),
        route=wording.route_through(context, operation, 0),
    )


def detect_failure(context: Context) -> Finding | None:
    failure = context.question.failure
    return context.failed(
        "custom-rule-none",
        f"no gradient of `{context.question.target_name}`: a derivative that was given does not fit",
        failure.detail
        if failure is not None and failure.detail
        else "the derivative that was given for this function returned something that does not fit",
        helps=(HELP,),
    )


CAUSE = Cause("custom-rule-none", Stage.BREAK, detect, frozenset({BreakKind.CUSTOM_NONE}))
OF_HOOK = Cause("custom-rule-none", Stage.NUMBERS, detect_hook)
ZEROS = Cause("custom-rule-none", Stage.NUMBERS, detect_zeros)
FAILURE = Cause("custom-rule-none", Stage.FAILURE, detect_failure)
