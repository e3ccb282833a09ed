"""What a cause is, and what it may look at: the question, and the search for routes, done once for all causes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import BY_SLUG, Annotation, Diagnostic, Passage, Severity, Site, scopes, syntax
from gradtape.explain.dialects import DIALECTS
from gradtape.explain.graph import Operation
from gradtape.explain.known import Known, NotFinite
from gradtape.explain.pulls import Pulls, Some
from gradtape.explain.report import Excuse, Finding, Status, Step
from gradtape.explain.search import NO_ROUTE
from gradtape.explain.unseen import comes_back
from gradtape.explain.ways import MOST_WAYS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, KeysView

    from gradtape.diagnostics import Code, Site, Span, Suggestion
    from gradtape.explain.dialects import Dialect
    from gradtape.explain.graph import BreakKind, End, Event, Question, Run
    from gradtape.explain.pulls import Pull
    from gradtape.explain.reach import Reach, Reached
    from gradtape.explain.search import BreakGroup, Route
    from gradtape.explain.spots import Spot
    from gradtape.explain.ways import Ways


THROUGH_PYTHON = "a value may have gone through plain Python on the way"
"""Why most findings that are not proven are not."""


class Stage(StrEnum):
    """When a cause is asked."""

    CALL = "call"
    """Before anything else: the question itself could not be answered."""
    SOURCE = "source"
    """What is wrong with the source; the first cause that answers speaks."""
    BREAK = "break"
    """For each group of breaks on a route; the cause names the kinds that are its own."""
    NUMBERS = "numbers"
    """For each spot where the numbers of a gradient that arrived got lost; the first that answers speaks."""
    FAILURE = "failure"
    """Where an error came in the place of a gradient, and the recorder says what it is about (`Failure.kind`)."""
    ABSENCE = "absence"
    """Where no route exists at all; the first cause that answers speaks."""


@dataclass(frozen=True)
class Context:
    """The question, and what the search found."""

    question: Question

    @property
    def run(self) -> Run:
        """The graph."""
        return self.question.run

    @property
    def source(self) -> End:
        """The source."""
        return self.question.source

    @property
    def words(self) -> Dialect:
        """The words of the framework that the program uses."""
        return DIALECTS[self.question.dialect]

    @cached_property
    def ways(self) -> Ways:
        """All that leads to the targets, shared by the sources of a question."""
        targets = self.question.targets
        ways: Ways = self.run.once_of("ways", targets, lambda: self.run.ways(self.question.target_ids))
        return ways

    @cached_property
    def asked(self) -> tuple[tuple[frozenset[int], ...], int]:
        """The ids of all sources that were asked for together, and the number of this one."""
        together = self.question.together
        numbers, ids = self.run.once_of("asked", together, lambda: _numbered(together))
        number = numbers.get(id(self.source))
        return ((self.source.ids,), 0) if number is None else (ids, number)

    @cached_property
    def _searched(self) -> tuple[tuple[Route, ...], bool]:
        sources, number = self.asked
        if self.flows:
            sources, number = (self.source.ids,), 0
        return self.ways.fan(sources).routes(number)

    @property
    def flows(self) -> bool:
        """Whether a route without a break leads from the source to the target."""
        return self.ways.flow_from(self.source.ids)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Routes from the source to the target that break at different places, fewest breaks first.

        One route without a break if the gradient flows.
        """
        return self._searched[0]

    @property
    def route(self) -> Route:
        """The first of `routes`, an empty one if there is none."""
        return self.routes[0] if self.routes else NO_ROUTE

    @property
    def complete(self) -> bool:
        """Whether every place that ends a route first is on one of `routes`."""
        return self._searched[1]

    @cached_property
    def count(self) -> int:
        """How many routes there are; `ways.MOST_WAYS` stands for that many or more."""
        return self.ways.count(self.source.ids)

    @cached_property
    def may_have_left(self) -> bool:
        """Whether a value on the way was also handed to plain Python, so that no search can rule out another route.

        What happened before the memory's horizon counts as possible, and so does what the recorder does not see.
        """
        if Stage.ABSENCE in self.question.unseen or any(0 < id < self.run.horizon for id in self.source.ids):
            return True
        if self.question.targets and all(_stands_in_the_text(target.made) for target in self.question.targets):
            return False
        made = max(self.question.target_ids, default=0)
        done = made if made > 0 else max((event.seq for event in self.run.events), default=0) + 1
        shown: Site | Passage | None = None
        for event in self.run.left:
            site = event.site
            if site is shown:
                continue  # a loop shows something at one place in every round
            if event.value in self.after_source and 0 < event.seq < done:
                if comes_back(site.span):
                    return True
                shown = site
        return False

    @cached_property
    def origin_unknown(self) -> bool:
        """Whether the target depends on a tensor that nobody remembers making: then no search can rule anything out."""
        return bool(self.ways.unknown - self.source.ids)

    @property
    def before_target(self) -> KeysView[int]:
        """Every id that the target depends on."""
        return self.ways.price.keys()

    @cached_property
    def after_source(self) -> Reached:
        """Every id that depends on the source."""
        return self._reach.of(self.asked[1])

    @property
    def after_any_source(self) -> KeysView[int]:
        """Every id that depends on one of the sources that were asked for together."""
        return self._reach.of_any

    @property
    def _reach(self) -> Reach:
        sources = self.asked[0]
        reach: Reach = self.run.once_of("reach", sources, lambda: self.run.reach(sources))
        return reach

    @cached_property
    def spots(self) -> tuple[Spot, ...]:
        """Where numbers got lost on the way from the target back to this source."""
        from gradtape.explain import numbers

        return numbers.spots(self)

    @property
    def values(self) -> Known:
        """What values are like, where somebody looked."""
        question = self.question
        known: Known = self.run.once(("known", question.target_ids, id(question.pulls)), lambda: Known(question))
        return known

    @property
    def not_finite(self) -> NotFinite:
        """Which values on the way to the target have elements that are not finite."""
        question = self.question
        key = ("not finite", question.target_ids, id(question.pulls))
        found: NotFinite = self.run.once(key, lambda: NotFinite(self))
        return found

    @cached_property
    def moving(self) -> Reached:
        """Every id that moves with the source: what depends on it on a way without breaks."""
        sources, number = self.asked
        reach: Reach = self.run.once_of("whole reach", sources, lambda: self.run.reach(sources, whole=True))
        return reach.of(number)

    @property
    def every_pull(self) -> Pulls:
        """The steps of the backward pass, on whatever way they are."""
        given = self.question.pulls
        if isinstance(given, Pulls):
            return given
        every: Pulls = self.run.once_of("pulls", given, lambda: Pulls(given))
        return every

    @cached_property
    def pulls(self) -> Pulls:
        """The steps of the backward pass on the ways from this source."""
        every = self.every_pull
        if len(self.asked[0]) == 1 and self.question.pulls_are_own:
            return every
        masks, k = self.after_source
        before, bit = self.before_target, 1 << k
        known = zip(every.values, every.outputs, strict=True)
        return Some(every, [n for n, (value, out) in enumerate(known) if masks.get(value, 0) & bit and out in before])

    def own(self, chosen: Iterable[int]) -> list[Pull]:
        """Return those of a few steps of the backward pass, by their numbers, that are on the ways from this source."""
        every = self.every_pull
        if len(self.asked[0]) == 1 and self.question.pulls_are_own:
            return [every[k] for k in chosen]
        after, before = self.after_source, self.before_target
        return [every[k] for k in chosen if every.values[k] in after and every.outputs[k] in before]

    @cached_property
    def steps(self) -> dict[tuple[int, int], Pull]:
        """The same steps by what the operation made, and the position of the input."""
        return {(p.operation.output, p.position): p for p in reversed(self.pulls)}

    @property
    def entered_at(self) -> Span | None:
        """Where the tape was entered: the expression in the `with` statement."""
        tape = self.run.tape
        return syntax.with_header(tape.entered[0][1].span) if tape is not None and tape.entered else None

    def beside_tape(self, operation: Operation | Event) -> Site | Passage:
        """Return where an operation was started from in the function that entered the tape, or in one that called it.

        That is the call which a program can move, or watch something before; its own place where no function is shared.
        """
        tape = self.run.tape
        inner = (self.question.call,) if tape is None or not tape.entered else (tape.entered[0][1], *tape.callers)
        places = (place_in(operation, site.code) for site in inner)
        codes = {site.code for site in inner}
        return next((place for place in places if place.code in codes), operation.site)

    def made_at(self, end: End) -> Span | None:
        """Where the program made a target or source."""
        return end.made.site.span if end.made is not None else None

    def bound_at(self, end: End) -> Span | None:
        """Where the function that asked got a target or source: the call to a helper, if a helper made it."""
        made, call = end.made, self.question.call
        if made is None or made.site.code is call.code:
            return self.made_at(end)
        known = place_in(made, call.code)
        if known is not made.site:
            return known.span
        function = syntax.function_at(call.span)
        given = [syntax.span_of(value, call.span.file) for value in syntax.values_given_to(end.name, call.span)]
        here = [span for span in given if syntax.function_at(span) is function]
        return here[0] if len(here) == 1 else made.site.span

    def finding(
        self,
        slug: str,
        at: Span | None,
        label: str,
        *,
        labels: tuple[tuple[Span | None, str], ...] = (),
        notes: tuple[str, ...] = (),
        helps: tuple[str, ...] = (),
        suggestion: Suggestion | None = None,
        proven: bool = True,
        doubt: str = THROUGH_PYTHON,
        route: Route = NO_ROUTE,
        headline: str | None = None,
        excuse: tuple[Excuse, str] | None = None,
    ) -> Finding:
        """Put a message together; the causes of a missing gradient share their headline.

        `doubt` is why something is not proven, `excuse` whether it may be harmless, and in which words.
        """
        code = BY_SLUG[slug]
        q = self.question
        headline = headline or f"no gradient flows from `{q.target_name}` to `{q.source.name}`"
        primary = at or q.call.span
        severity = Severity.ERROR if q.status is Status.ERROR or q.used_at is not None else Severity.WARNING
        if suggestion is None:
            from gradtape.explain.edits.mends import mend

            suggestion = mend(slug, self, primary, route)
        others = tuple(Annotation(span, text) for span, text in labels if span is not None and span != primary)
        if excuse is not None:
            notes = (*notes, excuse[1])
        if not proven:
            notes = (*notes, possible(doubt))
        diagnostic = Diagnostic(
            code,
            severity,
            headline,
            (Annotation(primary, label, primary=True), *others),
            notes,
            helps,
            suggestion,
            proven,
        )
        excused = excuse[0] if excuse is not None else Excuse.NONE
        return Finding(code, diagnostic, proven, steps(self.run, route), excused, q.source.name)

    def broken(
        self,
        slug: str,
        route: Route,
        group: BreakGroup,
        label: str,
        *,
        at: Span | None = None,
        labels: tuple[tuple[Span | None, str], ...] = (),
        helps: tuple[str, ...] = (),
    ) -> Finding:
        """Tell where a route breaks: at the first operation of a group, unless `at` says better."""
        return self.finding(
            slug,
            at or group.links[0].operation.site.span,
            label,
            labels=(*labels, *break_labels(group)),
            notes=route_note(self, route),
            helps=helps,
            proven=group.first.proven,
            route=route,
        )

    def failed(
        self,
        slug: str,
        headline: str,
        label: str,
        *,
        labels: tuple[tuple[Span | None, str], ...] = (),
        helps: tuple[str, ...] = (),
    ) -> Finding:
        """Tell of an error that came in the place of a gradient; what the framework said becomes a note."""
        failure = self.question.failure
        said = failure.text if failure is not None else ""
        places = [] if failure is None else [(site.span, text) for site, text in failure.also]
        return self.finding(
            slug,
            failure.at.span if failure is not None and failure.at is not None else None,
            label,
            labels=(*labels, *places),
            notes=(f"{self.words.name} says: {said}",) if said else (),
            helps=helps,
            headline=headline,
        )


def _numbered(together: tuple[End, ...]) -> tuple[dict[int, int], tuple[frozenset[int], ...]]:
    """Return the numbers of the sources that were asked for together, by their identity, and the ids of each."""
    numbers = {id(end): k for k, end in reversed(list(enumerate(together)))}
    return numbers, tuple([end.ids for end in together])


def possible(doubt: str) -> str:
    """Return the note of a finding that is not proven."""
    return f"this is possible, not proven: {doubt}"


class Cause(NamedTuple):
    """One cause: its slug, when it is asked, which breaks are its own, and the function that answers."""

    slug: str
    stage: Stage
    detect: Callable[..., Finding | None]
    kinds: frozenset[BreakKind] = frozenset()

    @property
    def code(self) -> Code:
        """The cause's entry in the list of codes."""
        return BY_SLUG[self.slug]


MOST_STEPS = 200
"""How many steps of a long route are shown; those in the middle are left out."""


def steps(run: Run, route: Route) -> tuple[Step, ...]:
    """Return a route as it is shown: of a long one both ends, and every place that breaks it."""
    half, numbers, columns = MOST_STEPS // 2, route.numbers, route.columns
    if len(route) > MOST_STEPS:
        middle = (numbers[k] for k, _ in route.broken if half <= k < len(route) - half)
        numbers = (*numbers[:half], *islice(middle, MOST_STEPS), *numbers[-half:])
    plumbing = columns.plumbing
    told = [number for number in numbers if number not in plumbing] if plumbing else numbers
    known: dict[int, Step] = run.once_of("steps", columns, dict)  # the routes of many sources share most of theirs
    for number in told:
        if number not in known:
            operation = columns[number]
            known[number] = Step(operation.name, operation.site.span)
    return tuple([known[number] for number in told])


def route_note(context: Context, route: Route) -> tuple[str, ...]:
    """Say how the source reaches the target; "only" where a second route was searched for and not found."""
    if not route:
        return ()
    ends = [context.source.name, *_shown(route), context.question.target_name]
    shown = " -> ".join(ends)
    if not context.count:  # it starts at what is used in the place of the source
        return (f"a route is {shown}",)
    if context.count == 1:
        if context.may_have_left:
            return (f"a route is {shown}",)
        uses = {context.run.columns.seqs[number] for number in context.run.columns.readers(context.source.ids)}
        alone = f"; nothing else uses `{context.source.name}`" if len(uses) == 1 else ""
        return (f"the only route is {shown}{alone}",)
    count = f"more than {MOST_WAYS - 1}" if context.count == MOST_WAYS else str(context.count)
    others = len(context.routes) - 1
    if not others:
        return (f"{count} routes end here, one is {shown}",)
    more = f"{others} other {'place' if others == 1 else 'places'}"
    return (f"one of {count} routes is {shown}; routes end at {'' if context.complete else 'more than '}{more} too",)


def _shown(route: Route) -> list[str]:
    """Return the steps of a route for a note, those of a long one left out in the middle."""
    told = route.told
    left_out = len(told) - 7
    ends = [route.columns[number] for number in ([*told[:4], *told[-3:]] if len(told) > 8 else told)]
    parts = [f"{operation.name} ({operation.site.span.line})" for operation in ends]
    return [*parts[:4], f"{left_out} more", *parts[4:]] if len(told) > 8 else parts


MOST_LABELS = 4


def break_labels(group: BreakGroup) -> tuple[tuple[Span | None, str], ...]:
    """Return labels for the further breaks of a group, after the first, which the primary label tells."""
    first = group.links[0].operation.site.span
    sites = {(id(link.operation.site.code), link.operation.site.lasti): link.operation.site for link in group.links[1:]}
    spans = dict.fromkeys(site.span for site in sites.values())
    return tuple((span, "and here") for span in islice((s for s in spans if s != first), MOST_LABELS))


def harmless(context: Context) -> tuple[Excuse, str] | None:
    """Say it where a missing gradient may be nobody's business: of a counter, a statistic, a part not trained here."""
    source, together = context.source, context.question.together
    followed = [end for end in together if end.trainable or end.watched]
    flowing = sum(context.ways.flow_from(end.ids) for end in followed)
    if source.kind == "variable" and not source.trainable:
        if flowing:
            return Excuse.DECLARED, "harmless: the program says that it is not trainable, and others of this call learn"
        return (
            Excuse.PERHAPS,
            "harmless where it is a counter or a statistic: optimizers leave out what is not trainable",
        )
    updated = {event.value for event in context.run.events if event.kind == "assign"}
    if not updated.isdisjoint(source.ids):
        return None
    if any(not updated.isdisjoint(end.ids) for end in together):
        updates = f"the program updates others of these sources, and never `{source.name}`"
        return Excuse.PERHAPS, f"harmless if `{source.name}` is not meant to learn: {updates}"
    if not flowing:
        return None
    goal = f"harmless if `{source.name}` is not meant to learn from `{context.question.target_name}`"
    return Excuse.PERHAPS, f"{goal}: the gradient flows to {flowing} of the {len(together)} sources of this call"


def place_in(operation: Operation | Event, code: object) -> Site | Passage:
    """Return where an operation was started from within a function, if its callers are known; else its own place."""
    if operation.site.code is code:
        return operation.site
    return next((site for site in operation.callers if site.code is code), operation.site)


def _stands_in_the_text(made: Operation | Event | None) -> bool:
    """Whether an operation made a constant of what is written down, so that nothing can have come into it unseen."""
    if not isinstance(made, Operation) or any(made.inputs):
        return False
    node = syntax.expression_at(made.site.span)
    return node is not None and scopes.is_written_down(node, made.site.span.file)
