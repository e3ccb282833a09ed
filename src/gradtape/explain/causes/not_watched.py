"""GT101: the source is a tensor that the tape did not watch, or watched only after it was used."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import BreakKind, Operation
from gradtape.explain.report import Finding
from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route = (), group: BreakGroup | None = None) -> Finding | None:
    source, tape = context.source, context.run.tape
    if tape is None:
        return None
    name = source.name
    if group is not None:
        watch = next((tape.watches[i] for i in source.ids if i in tape.watches), None)
        return context.finding(
            "not-watched",
            group.links[0].operation.site.span,
            f"uses `{name}` before the tape watches it",
            labels=((watch[1].span if watch else None, "watched only from here on"),),
            helps=(f"call `watch({name})` before the first use of `{name}`",),
            route=route,
        )
    if source.watched or source.kind != "tensor":
        return None
    route = context.routes[0] if context.routes else ()
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
        helps=(f"call `tape.watch({name})` first thing inside the tape, or make `{name}` a Variable",),
        route=route,
    )


CAUSE = Cause("not-watched", Stage.SOURCE, detect, frozenset({BreakKind.WATCHED_LATER}))
