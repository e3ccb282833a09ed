"""Runs the causes over a question and orders their findings; says "not explained" where model and result disagree."""

from __future__ import annotations

import ast
from dataclasses import replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from gradtape.diagnostics import Applicability, Suggestion, syntax
from gradtape.diagnostics.changes import edits_of
from gradtape.explain import cancelling, notes, partial
from gradtape.explain.cause import Context, Stage, possible
from gradtape.explain.causes import BY_FAILURE, BY_KIND, BY_STAGE
from gradtape.explain.causes.flat_region import flat_twice
from gradtape.explain.causes.not_explained import unexplained
from gradtape.explain.graph import OUTSIDE, UNWRITTEN, BreakKind
from gradtape.explain.instead import used_instead
from gradtape.explain.report import GradientReport, Status
from gradtape.explain.search import BreakGroup, Link, broken_routes, way_to
from gradtape.explain.spots import Trouble
from gradtape.explain.wording import route_through

if TYPE_CHECKING:
    from collections.abc import KeysView, Sequence

    from gradtape.diagnostics import Code
    from gradtape.explain.graph import Question
    from gradtape.explain.reach import Reached
    from gradtape.explain.report import Finding
    from gradtape.explain.search import Route


LEFT = {"left-through-numpy", "left-through-number"}
"""One conversion may do both: NumPy asks a tensor for an array first and for a number then."""

LEAVING = {BreakKind.LEFT_AS_ARRAY, BreakKind.LEFT_AS_NUMBER}
STORING = {BreakKind.STATE, BreakKind.LOADED}


ON_PURPOSE = {"stop-gradient", "gradients-off"}
"""What a program does on purpose: it stays, on a way that breaks more often than another one."""


STEP = {"inner-gradient-not-recorded", "gradients-off"}
"""What is so in a step of training anyway: it takes a gradient, and nothing should flow through it."""


def explain(question: Question) -> GradientReport:
    """Say what became of one gradient, and why."""
    context = Context(question)
    status, findings = _findings(context)
    return GradientReport(
        kind=question.kind,
        call=question.call.span,
        target=question.target_name,
        source=question.source.name,
        status=status,
        findings=findings,
        notes=() if _stand_for_nothing(context, status) else notes.remarks(context, status),
        context=context,
        spoiled=status is Status.NAN and _is_spoiled(context),
    )


def _is_spoiled(context: Context) -> bool:
    """Whether what was lost was lost before anything was computed, in variables or the sources that were asked for."""
    sources = {id for end in context.question.together or (context.source,) for id in end.ids} | context.run.variables
    return bool(context.spots) and all(s.trouble is Trouble.DATA and s.value in sources for s in context.spots)


def _findings(context: Context) -> tuple[Status, tuple[Finding, ...]]:
    call = _first(context, Stage.CALL)
    if call is not None:
        return Status.ERROR, (call, *_beneath(context, call))
    status = context.question.status
    if status is None:
        found = _why_missing(context)
        return (Status.NONE, found) if found else _perhaps_partial(context)
    if status is Status.ERROR:
        return status, _why_failed(context)
    if _stand_for_nothing(context, status):
        return status, _why_missing(context)
    if status is not Status.NONE:
        return _why_odd(context, status)
    return status, _why_missing(context) or (unexplained(context),)


HIDING = {"tape-used-up", "constant-target"}
"""Causes behind which it does not show that nobody watches the source: mended alone, they would leave None."""


def _beneath(context: Context, told: Finding) -> tuple[Finding, ...]:
    """Return what else stands in the way of a gradient that could not come anyhow: that nobody watches its source."""
    unwatched = _first(context, Stage.SOURCE) if told.cause in HIDING else None
    return (unwatched,) if unwatched is not None and unwatched.cause == "not-watched" else ()


def _stand_for_nothing(context: Context, status: Status | None) -> bool:
    """Whether zeros stand for a missing gradient: some frameworks answer so, and others where the call says it."""
    return status is Status.ZERO and (not context.flows or _first(context, Stage.SOURCE) is not None)


def _why_odd(context: Context, status: Status) -> tuple[Status, tuple[Finding, ...]]:
    """Explain the numbers of a gradient that arrived.

    What cancels whatever the numbers are is zero, and rounding all that is left. Where two outputs have it alike, as
    the bias of a critic's last layer, that is right, and nothing to mend.
    """
    blind = Stage.NUMBERS in context.question.unseen
    found = () if blind else context.spots
    if status is Status.OK and context.question.pulls and not blind:
        constants = cancelling.constants(context)
        if constants and not cancelling.flows_besides(context, constants):
            status, found = Status.ZERO, tuple(constants)
    constant = bool(found) and all(spot.trouble is Trouble.CONSTANT for spot in found)
    if status is Status.ZERO and constant and cancelling.added_alike(context):
        return Status.OK, ()
    findings: list[Finding] = []
    for spot in found:
        told = next((f for f in (cause.detect(context, spot) for cause in BY_STAGE[Stage.NUMBERS]) if f), None)
        if told is not None and not any(_same_place(told, f) for f in findings):
            findings.append(told)
    if status is Status.ZERO and Stage.BREAK not in context.question.unseen:
        findings += [lost for lost in partial.findings(context) if not any(_same_place(lost, f) for f in findings)]
    if status is Status.NAN and not findings and (blind or context.question.pulls):
        findings.append(unexplained(context))
    if status is Status.OK and not findings:
        return _perhaps_partial(context)
    return status, _at_most(findings)


def _perhaps_partial(context: Context) -> tuple[Status, tuple[Finding, ...]]:
    """Say of a gradient that arrived whether a part of it is lost, where what ends a way is seen for certain."""
    if Stage.BREAK in context.question.unseen:
        return Status.OK, ()
    lost = _at_most(list(partial.findings(context)))
    return (Status.PARTIAL if lost else Status.OK), lost


MOST = 4
"""How many places are told of one gradient; further ones are counted."""


def _at_most(findings: list[Finding]) -> tuple[Finding, ...]:
    told = findings[:MOST]
    if len(findings) > MOST:
        message = told[-1].diagnostic
        more = f"the same is said of {len(findings) - MOST} more places"
        told[-1] = replace(told[-1], diagnostic=replace(message, notes=(*message.notes, more)))
    return tuple(told)


def _why_missing(context: Context) -> tuple[Finding, ...]:
    """Collect the findings that explain a missing gradient; empty if the model says that it flows."""
    if not context.routes:
        absent = _first(context, Stage.ABSENCE)
        if absent is None:
            return ()
        whole = _whole_before(context, absent) if absent.cause in LEFT else ()
        if whole:
            return whole
        used = used_instead(context) if absent.cause == "different-object" else None
        # what else stands in the way once the right object is asked for
        further = broken_routes(context.run, used.ids, context.question.target_ids)[0] if used is not None else ()
        return (*_with_breaks(context, [absent], further), *_beneath(context, absent))
    at_source = _first(context, Stage.SOURCE)
    found = [] if at_source is None else [at_source]
    if at_source is not None and at_source.cause == "inner-gradient-not-recorded":
        found += filter(None, [flat_twice(context)])
    return _with_breaks(context, found, context.routes)


WHOLE = {BreakKind.NO_DERIVATIVE, BreakKind.INTEGER_CAST}
"""What makes a whole number or a truth value of a value: that has no gradient, whether it leaves or stays."""


def _whole_before(context: Context, absent: Finding) -> tuple[Finding, ...]:
    """Return what made a whole number of the value that is said to have left: there the gradient ended already."""
    at = absent.diagnostic.primary
    left = next((e for e in context.run.left if at is not None and e.site.span == at.span), None)
    if left is None or left.value in context.moving or left.value not in context.after_source:
        return ()
    routes = broken_routes(context.run, context.source.ids, frozenset({left.value}))[0][:1]
    groups = [group for route in routes for group in context.ways.groups(route)]
    if not groups or groups[0].kind not in WHOLE:
        return ()
    found = _with_breaks(context, [], routes)
    doubted = (
        replace(f.diagnostic, notes=(*f.diagnostic.notes, *absent.diagnostic.notes), proven=False) for f in found
    )
    return tuple(replace(f, diagnostic=d, proven=False) for f, d in zip(found, doubted, strict=True))


def _with_breaks(context: Context, findings: list[Finding], routes: tuple[Route, ...]) -> tuple[Finding, ...]:
    """Add a finding for every break on the routes that is a cause of its own."""
    told: dict[tuple[Code, int], int] = {}
    unwatched = bool(findings)
    fewest = min((len(context.ways.groups(route)) for route in routes), default=0)
    for route in sorted(routes, key=lambda route: _is_drawn(context, route)):
        groups = context.ways.groups(route)
        further = len(groups) > fewest
        # behind a draw stands what the draw is judged by: its score is the way that is meant, and one breaks less often
        judged = further and any(group.kind is BreakKind.SAMPLED for group in groups)
        drawn = False  # behind a draw that no edit can write as a function of noise, no edit lets anything through
        for group in _without_copies(groups):
            # an unwatched source makes "outside the tape" a consequence, not a second cause
            if unwatched and group.kind in OUTSIDE:
                continue
            if further and _is_let_through(context, route, group):
                continue
            found = _broken(context, route, group)
            if found is None or any(_same_place(found, f) for f in findings):
                continue
            if judged or drawn or (further and found.cause in ON_PURPOSE):
                found = replace(found, diagnostic=replace(found.diagnostic, suggestion=None))
            drawn = drawn or (group.kind is BreakKind.SAMPLED and found.diagnostic.suggestion is None)
            value = (found.code, group.links[0].operation.output)
            if value in told:
                findings[told[value]] = _told_together(findings[told[value]], found)
            else:
                told[value] = len(findings)
                findings.append(found)
    if any(found.cause == "rebound-name" for found in findings):  # a step of training has no other way on
        findings = [found for found in findings if found.cause not in STEP]
    return tuple(findings)


def _is_let_through(context: Context, route: Route, group: BreakGroup) -> bool:
    """Whether the expression in which a way breaks lets what goes into it through on another: a call of a library's."""
    columns = route.columns
    number = columns.number_of(group.links[0].operation)
    if number not in route.numbers:
        return False
    places = [columns.places[n] for n in route.numbers]
    first = last = route.numbers.index(number)
    while first and places[first - 1] == places[last]:
        first -= 1
    while last + 1 < len(places) and places[last + 1] == places[first]:
        last += 1
    entered = columns.inputs[route.numbers[first]][route.positions[first]]
    return way_to(context.run, {entered}, columns.outputs[route.numbers[last]]) is not None


def _is_drawn(context: Context, route: Route) -> bool:
    """Whether a route ends at a draw: it is told after others, as a draw is mostly meant, and its score the way."""
    return any(group.kind is BreakKind.SAMPLED for group in context.ways.groups(route))


def _without_copies(groups: Sequence[BreakGroup]) -> list[BreakGroup]:
    """Leave out where a value became an array only to be stored: `copy.set_weights(net.get_weights())`.

    The variable starts anew whatever it is given, so that a tensor in the array's place would change nothing.
    """
    pairs = zip_longest(groups, groups[1:])
    return [group for group, after in pairs if not _stored_as_it_is(group, after)]


def _stored_as_it_is(group: BreakGroup, after: BreakGroup | None) -> bool:
    """Whether the call that stores a value is given what left and nothing else, there or by name."""
    if after is None or group.kind not in LEAVING or after.kind not in STORING:
        return False
    left, storing = group.links[-1].operation.site.span, after.links[0].operation.site.span
    call = syntax.expression_at(storing)
    given = list(call.args) if isinstance(call, ast.Call) else []
    for name in [argument.id for argument in given if isinstance(argument, ast.Name)]:
        given += syntax.values_given_to(name, storing)
    return any(syntax.gives(value, left) for value in given)


def _broken(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    """Ask the cause that speaks for a kind of break; it is only possible where the recorder does not see everything."""
    cause = BY_KIND.get(group.kind)
    found = cause.detect(context, route, group) if cause is not None else None
    doubts = context.question.unseen.get(Stage.BREAK)
    if found is None or not found.proven or not doubts:
        return found
    message = found.diagnostic
    doubted = replace(message, notes=(*message.notes, possible("; ".join(doubts))), proven=False)
    return replace(found, diagnostic=doubted, proven=False)


def _told_together(first: Finding, other: Finding) -> Finding:
    """Add a second place to a finding: several values that went into one constant have one cause."""
    place = other.diagnostic.primary
    if place is None:
        return first
    annotations = (*first.diagnostic.annotations, replace(place, label="and here", primary=False))
    message = replace(first.diagnostic, annotations=annotations, suggestion=_joint_suggestion(first, other))
    return replace(first, diagnostic=message)


def _joint_suggestion(first: Finding, other: Finding) -> Suggestion | None:
    """Return the edit that mends two places at once, which is no better than the weaker; the first's if they clash."""
    one, two = first.diagnostic.suggestion, other.diagnostic.suggestion
    if one is None or two is None:
        return one
    changes = tuple(dict.fromkeys((*one.changes, *two.changes)))
    edits = edits_of(changes) if one.changes and two.changes else None
    weaker = max(one.applicability, two.applicability, key=list(Applicability).index)
    return one if edits is None else Suggestion(weaker, edits, changes)


def _why_failed(context: Context) -> tuple[Finding, ...]:
    """Explain an error by what the recorder says that it is about, or else by what the recorded operations show."""
    failure = context.question.failure
    cause = BY_FAILURE.get(failure.kind) if failure is not None else None
    found = cause.detect(context) if cause is not None else None
    if found is not None:
        return (found,)
    return _missing_rules(context, context.after_source) or _why_missing(context) or _missing_rules_of_others(context)


def _missing_rules_of_others(context: Context) -> tuple[Finding, ...]:
    """Tell of a gradient that came to nothing since the call raised on the way to another source."""
    return tuple(
        replace(f, diagnostic=replace(f.diagnostic, notes=(*f.diagnostic.notes, ALL_LOST)))
        for f in _missing_rules(context, context.after_any_source)
    )


ALL_LOST = "it is on no way to this source: the call raised there, and gave no gradient at all"


def _missing_rules(context: Context, after: Reached | KeysView[int]) -> tuple[Finding, ...]:
    """Collect the operations on the way whose derivative nobody wrote: the question raised at one of them."""
    found: list[Finding] = []
    columns = context.run.columns
    for operation in (columns[number] for number in columns.broken):
        for position, breaks in enumerate(operation.breaks):
            unwritten = next((b for b in breaks if b.kind in UNWRITTEN), None)
            on_the_way = operation.output in context.before_target and operation.inputs[position] in after
            if unwritten is not None and on_the_way:
                group = BreakGroup(unwritten.kind, (Link(operation, position),), unwritten)
                told = _broken(context, route_through(context, operation, position), group)
                if told is not None and not any(_same_place(told, f) for f in found):
                    found.append(told)
    return tuple(found)


def _same_place(a: Finding, b: Finding) -> bool:
    first, second = a.diagnostic.primary, b.diagnostic.primary
    same_cause = a.code == b.code or {a.cause, b.cause} == LEFT
    return same_cause and first is not None and second is not None and first.span == second.span


def _first(context: Context, stage: Stage) -> Finding | None:
    if stage in context.question.unseen:
        return None
    for cause in BY_STAGE[stage]:
        found = cause.detect(context)
        if found is not None:
            return found
    return None
