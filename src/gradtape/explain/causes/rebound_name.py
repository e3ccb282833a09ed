"""GT103: the name of the source now holds a tensor that was computed from what the name held before."""

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import Operation
from gradtape.explain.report import Finding
from gradtape.explain.search import backward_cone


def detect(context: Context) -> Finding | None:
    source = context.source
    made = source.made
    if source.kind != "tensor" or source.watched or not isinstance(made, Operation):
        return None
    names = syntax.assigned_names(made.site.span)
    last = source.name.rpartition(".")[2]
    if not any(n == source.name or n.rpartition(".")[2] == last for n in names):
        return None
    name = next(n for n in names if n == source.name or n.rpartition(".")[2] == last)
    before = _held_before(context, made, name)
    if before is None:
        return None
    route = context.routes[0] if context.routes else ()
    return context.finding(
        "rebound-name",
        made.site.span,
        f"`{name}` now names the result of this operation, a new tensor that no tape watches",
        labels=((before, f"before, `{name}` was this one"),),
        helps=(
            f"change a variable in place instead: `{name}.assign(...)` or `{name}.assign_sub(...)`",
            f"or call `tape.watch({source.name})` in each round, if the new tensor is what you mean",
        ),
        route=route,
    )


def _held_before(context: Context, made: Operation, name: str) -> Span | None:
    """Return where an earlier value of the same name was made, if the new one was computed from it."""
    run = context.run
    known = {e.value: e.site.span for e in run.events if e.kind == "create"}
    cone = backward_cone(run, [i for i in made.inputs if i])
    own = syntax.statement_at(made.site.span)
    for value in sorted(cone, reverse=True):
        producer = run.producers.get(value)
        span = producer.site.span if producer is not None and producer.name != "assign" else known.get(value)
        if span is not None and syntax.statement_at(span) is not own and name in syntax.assigned_names(span):
            return span
    # the old value may have got its name elsewhere (a parameter, a loop): `w = w - ...` says so itself
    value_node = getattr(own, "value", None)
    mentioned = syntax.mentions(value_node, name) if value_node is not None else []
    return syntax.span_of(mentioned[0], made.site.span.file) if mentioned else None


CAUSE = Cause("rebound-name", Stage.SOURCE, detect)
