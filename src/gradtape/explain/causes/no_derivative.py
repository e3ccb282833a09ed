"""GT301: an operation without a derivative: positions, orders, comparisons, counts, or one that has no rule here."""

from gradtape.explain.cause import Cause, Context, Stage, break_labels, route_note
from gradtape.explain.graph import BreakKind
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route

HELP = "use a smooth one of `gradtape`: `soft_argmax`, `soft_step` for a comparison, `soft_rank` for an order"


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation = group.links[0].operation
    helps = (HELP,)
    if group.kind is BreakKind.MISSING_RULE:
        helps = ("give the derivative yourself: `gradtape.external(f, vjp=...)`",)
    return context.finding(
        "no-derivative",
        operation.site.span,
        f"{operation.name} {group.first.reason}",
        labels=break_labels(group),
        notes=route_note(context, route),
        helps=helps,
        route=route,
    )


CAUSE = Cause("no-derivative", Stage.BREAK, detect, frozenset({BreakKind.NO_DERIVATIVE, BreakKind.MISSING_RULE}))
