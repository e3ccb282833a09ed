"""Which edit mends which cause: one row per cause that has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.edits.case import Case
from gradtape.explain.edits.finite import masks, numbers, overflows
from gradtape.explain.edits.outside import leaving, rules
from gradtape.explain.edits.question import asking, dtypes, nonleaf, objects, sources
from gradtape.explain.edits.recording import places, state, stops
from gradtape.explain.edits.smooth import draws, steps, unruled
from gradtape.explain.edits.tracing import choices, traced

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.diagnostics import Span, Suggestion
    from gradtape.explain.cause import Context
    from gradtape.explain.search import Route

MENDS: dict[str, Callable[[Case], Suggestion | None]] = {
    "not-watched": sources.watch,
    "frozen-variable": sources.unfreeze,
    "rebound-name": sources.in_place,
    "different-object": objects.same_object,
    "not-used": objects.use,
    "constant-target": objects.use,
    "integer-source": dtypes.floats,
    "not-a-value": asking.values,
    "nonleaf-grad-read": nonleaf.make_leaf,
    "left-through-numpy": leaving.stay,
    "left-through-number": leaving.stay,
    "rebuilt-from-values": state.not_rebuilt,
    "opaque-callback": rules.opened,
    "array-assignment": state.on_the_tape,
    "no-derivative": steps.soften,
    "piecewise-constant": steps.pass_through,
    "integer-cast": steps.around_cast,
    "stop-gradient": stops.through_stop,
    "missing-rule": unruled.another_way,
    "custom-rule-none": rules.without_own_rule,
    "sampled": draws.reparameterise,
    "singular-point": numbers.away_from_singular,
    "masked-branch": masks.masked_twice,
    "overflow": overflows.without_overflow,
    "flat-region": numbers.with_slope,
    "outside-the-tape": places.into_tape,
    "gradients-off": places.gradients_on,
    "branch-not-taken": places.both_sides,
    "state-boundary": state.without_state,
    "tape-used-up": asking.again,
    "inner-gradient-not-recorded": asking.inner_recorded,
    "overwritten-value": state.not_overwritten,
    "traced-control-flow": choices.chosen_by_where,
    "leaked-tracer": traced.kept_as_number,
    "nonscalar-output": asking.one_number,
}
"""By the slug of the cause."""


def mend(slug: str, context: Context, at: Span, route: Route) -> Suggestion | None:
    """Return the edit that mends a finding at a place, None where there is no source or no edit is known."""
    build, case = MENDS.get(slug), Case(context, at, route)
    suggestion = build(case) if build is not None else None
    return sources.without_marks(case, suggestion) if suggestion is not None else None
