"""GT102: a Variable that tapes do not watch by themselves, or a tape that watches none by itself."""

from gradtape.explain.cause import Cause, Context, Stage, harmless
from gradtape.explain.report import Finding


def detect(context: Context) -> Finding | None:
    source, tape = context.source, context.run.tape
    if source.kind != "variable" or source.watched or tape is None or not source.differentiable:
        return None
    route = context.route
    if source.trainable and tape.auto_watch:
        return None
    # a path of Keras's, as `dense/kernel`, is no expression
    watch = "watch it" if "/" in source.name else f"call `{context.words.watch.format(x=source.name)}`"
    if not tape.auto_watch:
        return context.finding(
            "frozen-variable",
            context.entered_at,
            f"this tape watches no variable by itself, and nobody called `watch` on `{source.name}`",
            labels=((context.made_at(source), f"`{source.name}` is made here"),),
            helps=(f"{watch} {context.words.recording}, or leave out `watch_accessed_variables=False`",),
            route=route,
        )
    return context.finding(
        "frozen-variable",
        context.made_at(source),
        f"`{source.name}` was made with `trainable=False`, so tapes do not watch it",
        labels=((context.entered_at, "this tape does not watch it"),),
        excuse=harmless(context),
        helps=(f"leave out `trainable=False`, or {watch} if it is frozen on purpose elsewhere",),
        route=route,
    )


CAUSE = Cause("frozen-variable", Stage.SOURCE, detect)
