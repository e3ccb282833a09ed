"""GT101: the source is a tensor that the tape did not watch, or watched only after it was used."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind, Operation
from gradtape.explain.report import Finding
from gradtape.explain.search import NO_ROUTE, BreakGroup, Route


def detect(context: Context, route: Route = NO_ROUTE, group: BreakGroup | None = None) -> Finding | None:
    source, tape = context.source, context.run.tape
    if tape is None:
        return _never_marked(context, route, group) if context.words.mark else None
    name = source.name
    if group is not None:
        watch = next((tape.watches[i] for i in source.ids if i in tape.watches), None)
        return context.finding(
            "not-watched",
            context.beside_tape(group.links[0].operation).span,
            f"uses `{name}` before the tape watches it",
            labels=((watch[1].span if watch else None, "watched only from here on"),),
            helps=(f"call `{context.words.watch.format(x=name)}` before the first use of `{name}`",),
            route=route,
        )
    if source.watched or source.kind != "tensor":
        return None
    route = context.route
    made = source.made
    notes: tuple[str, ...] = ()
    if isinstance(made, Operation) and any(made.inputs):
        notes = (f"`{name}` is the result of an operation; only variables are watched by themselves",)
    return context.finding(
        "not-watched",
        context.entered_at,
        f"this tape does not watch `{name}`: it is a tensor, and only variables are watched by themselves",
        labels=(
            (context.made_at(source), f"`{name}` is made here"),
            (route[0].operation.site.span if route else None, "used here, unrecorded"),
        ),
        notes=notes,
        helps=(context.words.follow.format(x=name),),
        route=route,
    )


def _never_marked(context: Context, route: Route, group: BreakGroup | None) -> Finding | None:
    """Tell, where the tensor itself says whether it gets a gradient, that it does not, or did not when it was used."""
    source, name, mark = context.source, context.source.name, context.words.mark
    turn_on = context.words.watch.format(x=name)
    marks = [e for e in context.run.events if e.value in source.ids and e.kind in {"marked", "unmarked"}]
    if group is not None:
        return context.finding(
            "not-watched",
            group.links[0].operation.site.span,
            f"uses `{name}` before it has `{mark}`",
            labels=((marks[-1].site.span if marks else None, "turned on only from here on"),),
            helps=(f"call `{turn_on}` before the first use of `{name}`",),
            route=route,
        )
    if source.watched or not source.leaf:
        return None
    used = context.routes[0][0].operation.site.span if context.routes else None
    off = marks[-1].site.span if marks and marks[-1].kind == "unmarked" else None
    return context.finding(
        "not-watched",
        off or context.made_at(source),
        f"`{mark}` is turned off here, so `{name}` gets no gradient"
        if off is not None
        else f"`{name}` is made here without `{mark}`, so it gets no gradient",
        labels=((context.made_at(source) if off is not None else None, "made here"), (used, "used here, unrecorded")),
        helps=(context.words.follow.format(x=name),),
        route=context.route,
    )


CAUSE = Cause("not-watched", Stage.SOURCE, detect, frozenset({BreakKind.WATCHED_LATER}))
