"""GT106: the target depends on no variable and on no tensor that the tape watches."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.report import Finding
from gradtape.explain.unread import only_shape, overwritten, told_overwritten


def detect(context: Context) -> Finding | None:
    run, question = context.run, context.question
    if context.origin_unknown:
        return None
    watched = set(run.tape.watches) if run.tape is not None else set()
    if context.before_target & (run.variables | watched | context.source.ids):
        return None
    target = question.targets[0] if question.targets else None
    if target is None:
        return None
    lost = overwritten(context)
    if lost is not None:
        return told_overwritten(context, "constant-target", lost)
    made = context.made_at(target)
    read = only_shape(context)
    kind = {"array": "a plain array", "number": "a plain number"}.get(target.kind, "made from constants alone")
    jax = question.dialect == "jax"
    sources = "nothing that is differentiated" if jax else "no variable and no watched tensor"
    return context.finding(
        "constant-target",
        question.call.span,
        f"`{target.name}` is {kind} and depends on {sources}",
        labels=(
            (made, f"`{target.name}` is made here"),
            (read.site.span if read is not None else None, "only a shape is read here, and no value goes on"),
            (
                context.made_at(context.source),
                f"`{context.source.name}` is made here and does not reach `{target.name}`",
            ),
        ),
        proven=not context.may_have_left,
        helps=(f"compute `{target.name}` from `{context.source.name}` {context.words.recording}",),
    )


CAUSE = Cause("constant-target", Stage.ABSENCE, detect)
