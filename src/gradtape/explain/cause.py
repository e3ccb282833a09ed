"""What a cause is, and what it may look at: the question, and the search for routes, done once for all causes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import BY_SLUG, Annotation, Diagnostic, Severity, Site, syntax
from gradtape.explain import search
from gradtape.explain.dialects import DIALECTS
from gradtape.explain.graph import BreakKind, End, Event, Operation, Question, Run
from gradtape.explain.report import Finding, Status, Step

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.diagnostics import Code, Span, Suggestion
    from gradtape.explain.dialects import Dialect
    from gradtape.explain.search import BreakGroup, Route


class Stage(StrEnum):
    """When a cause is asked."""

    CALL = "call"
    """Before anything else: the question itself could not be answered."""
    SOURCE = "source"
    """What is wrong with the source; the first cause that answers speaks."""
    BREAK = "break"
    """For each group of breaks on a route; the cause names the kinds that are its own."""
    NUMBERS = "numbers"
    """Where a gradient arrived and its numbers are zero, not finite, or of no use; the first that answers speaks."""
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
    def _searched(self) -> tuple[tuple[Route, ...], bool]:
        return search.broken_routes(self.run, self.source.ids, self.question.target_ids)

    @property
    def routes(self) -> tuple[Route, ...]:
        """Routes from the source to the target that break at different places, fewest breaks first."""
        return self._searched[0]

    @property
    def complete(self) -> bool:
        """Whether `routes` are all there are, as far as their first breaks go."""
        return self._searched[1]

    @cached_property
    def may_have_left(self) -> bool:
        """Whether a value on the way was also handed to plain Python, so that no search can rule out another route.

        What happened before the memory's horizon counts as possible.
        """
        if any(0 < id < self.run.horizon for id in self.source.ids):
            return True
        made = max(self.question.target_ids, default=0)
        done = made if made > 0 else max((event.seq for event in self.run.events), default=0) + 1
        return any(
            event.kind.startswith("left") and event.value in self.after_source and 0 < event.seq < done
            for event in self.run.events
        )

    @cached_property
    def origin_unknown(self) -> bool:
        """Whether the target depends on a tensor that nobody remembers making: then no search can rule anything out."""
        run = self.run
        known = run.variables | self.source.ids | {e.value for e in run.events if e.kind in {"create", "watch"}}
        return any(i > 0 and i not in run.producers and i not in known for i in self.before_target)

    @cached_property
    def before_target(self) -> set[int]:
        """Every id that the target depends on."""
        return search.backward_cone(self.run, self.question.target_ids)

    @cached_property
    def after_source(self) -> set[int]:
        """Every id that depends on the source."""
        return search.forward_cone(self.run, self.source.ids)

    @property
    def entered_at(self) -> Span | None:
        """Where the tape was entered: the expression in the `with` statement."""
        tape = self.run.tape
        return syntax.with_header(tape.entered[0][1].span) if tape is not None and tape.entered else None

    def made_at(self, end: End) -> Span | None:
        """Where the program made a target or source."""
        return end.made.site.span if end.made is not None else None

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
        route: Route = (),
        headline: str | None = None,
    ) -> Finding:
        """Put a message together; the causes of a missing gradient share their headline."""
        code = BY_SLUG[slug]
        q = self.question
        headline = headline or f"no gradient flows from `{q.target_name}` to `{q.source.name}`"
        primary = at or q.call.span
        severity = Severity.ERROR if q.status is Status.ERROR or q.used_at is not None else Severity.WARNING
        others = tuple(Annotation(span, text) for span, text in labels if span is not None and span != primary)
        if not proven:
            notes = (*notes, "this is possible, not proven: a value may have gone through plain Python on the way")
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
        return Finding(code, diagnostic, proven, steps(route))

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
        suggestion: Suggestion | None = None,
    ) -> Finding:
        """Tell where a route breaks: at the first operation of a group, unless `at` says better."""
        return self.finding(
            slug,
            at or group.links[0].operation.site.span,
            label,
            labels=(*labels, *break_labels(group)),
            notes=route_note(self, route),
            helps=helps,
            suggestion=suggestion,
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


def steps(route: Route) -> tuple[Step, ...]:
    """Return a route as it is shown."""
    return tuple(Step(link.operation.name, link.operation.site.span) for link in route if not link.operation.plumbing)


def route_note(context: Context, route: Route) -> tuple[str, ...]:
    """Say how the source reaches the target; "only" where a second route was searched for and not found."""
    if not route:
        return ()
    parts = [f"{step.op} ({step.span.line})" for step in steps(route)]
    if len(parts) > 8:
        parts = [*parts[:4], f"{len(parts) - 7} more", *parts[-3:]]
    ends = [context.source.name, *parts, context.question.target_name]
    shown = " -> ".join(ends)
    if len(context.routes) == 1 and context.complete and not context.may_have_left:
        uses = {op.seq for id in context.source.ids for op, _ in context.run.uses.get(id, ())}
        return (
            f"the only route is {shown}" + (f"; nothing else uses `{context.source.name}`" if len(uses) == 1 else ""),
        )
    if len(context.routes) == 1:
        return (f"a route is {shown}",)
    places = {next((link.operation.site.span for link in r if link.breaks), None) for r in context.routes}
    if len(places) == 1:
        count = f"{len(context.routes)}{'' if context.complete else ' or more'}"
        return (f"{count} routes end here, one is {shown}",)
    others = len(context.routes) - 1
    more = f"; {others} more {'route breaks' if others == 1 else 'routes break'} too" if others else ""
    return (f"one route is {shown}{more}",)


def break_labels(group: BreakGroup) -> tuple[tuple[Span | None, str], ...]:
    """Return labels for the further breaks of a group, after the first, which the primary label tells."""
    spans = dict.fromkeys(link.operation.site.span for link in group.links[1:])
    first = group.links[0].operation.site.span
    return tuple((span, "and here") for span in spans if span != first)


def place_in(operation: Operation | Event, code: object) -> Site:
    """Return where an operation was started from within a function, if its callers are known; else its own place."""
    if operation.site.code is code:
        return operation.site
    callers = operation.callers if isinstance(operation, Operation) else ()
    return next((site for site in callers if site.code is code), operation.site)
