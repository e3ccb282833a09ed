"""GT104: the source that was asked for is not the one that was used: a copy, a second run, a layer built anew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.cause import THROUGH_PYTHON, Cause, Context, Stage
from gradtape.explain.graph import OUTSIDE, BreakKind
from gradtape.explain.instead import used_instead
from gradtape.explain.instead.anew import last
from gradtape.explain.instead.copies import of_copy
from gradtape.explain.instead.others import met, written_out

if TYPE_CHECKING:
    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route


def detect(context: Context) -> Finding | None:
    used = used_instead(context)
    if used is None:
        return None
    return context.finding(
        "different-object",
        used.at,
        used.label,
        labels=used.labels,
        helps=(used.help,),
        proven=not (used.doubt or context.may_have_left),
        doubt=used.doubt or THROUGH_PYTHON,
    )


def detect_copied(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    """Tell of a copy that the target was computed with, in the place of the source."""
    label, help_ = of_copy(context)
    return context.broken("different-object", route, group, label, helps=(help_,))


def detect_twin(context: Context) -> Finding | None:
    """Tell that the tape saw another model that the same line made, where those asked for ran outside of it alone.

    So the variables of a target network are asked for in the place of those that learn.
    """
    source, together, made = context.source, context.question.together, context.source.made
    if len(together) < 2 or source.kind != "variable" or made is None:
        return None
    ways = context.ways
    some_flow = context.run.once_of("some flow", together, lambda: any(ways.flow_from(end.ids) for end in together))
    if some_flow or written_out(context):
        return None
    kinds = {b.kind for route in context.routes for _, link in route.broken for b in link.breaks}
    asked = frozenset().union(*(end.ids for end in together))
    if not kinds or not kinds <= OUTSIDE:
        return None
    names = context.run.names
    own = last(source.path or source.name)
    twins = frozenset(
        e.value
        for e in context.run.events
        if e.kind == "create" and e.site == made.site and e.value not in asked and context.ways.flow_from([e.value])
    )
    if own not in {last(names.get(value, "")) for value in twins} or met(context, twins):
        return None
    target = context.question.target_name
    return context.finding(
        "different-object",
        context.question.call.span,
        f"in this tape `{target}` depends on another model that the same line made, not on the one that is asked for",
        labels=((context.route[0].operation.site.span if context.route else None, "the one asked for ran outside"),),
        helps=("ask for the variables of the model that ran in the tape, or run the one that was asked for there",),
        proven=False,
        doubt="which of the two models was meant is not written down",
    )


COPIED = Cause("different-object", Stage.BREAK, detect_copied, frozenset({BreakKind.COPIED}))
TWIN = Cause("different-object", Stage.SOURCE, detect_twin)
CAUSE = Cause("different-object", Stage.ABSENCE, detect)
