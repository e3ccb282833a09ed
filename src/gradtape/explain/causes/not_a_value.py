"""GT108: what was asked for, or watched, is no computed value: a model, a layer, a symbolic tensor, a name."""

from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import End
from gradtape.explain.report import Finding

SAID = {
    "symbolic": "is a symbolic tensor: it stands for values that no run has computed yet",
    "model": "is a model, which has variables but is none",
    "layer": "is a layer, which has variables but is none",
    "function": "is a function, not what it returns",
    "string": "is a text",
    "nothing": "is None",
    "object": "is no tensor and no variable",
}
"""What is said of each kind of end that is no value."""


UNKNOWN_TREE = "is no array, and no tree of arrays that JAX knows"
"""What is said of an object of a class that was not registered with JAX."""


def detect(context: Context) -> Finding | None:
    ends = [end for end in (context.source, *context.question.targets) if end.kind in SAID]
    return _told(context, ends[0]) if ends else None


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error about something that is no value, though the question may not have come as far as its ends."""
    found = detect(context)
    if found is not None:
        return found
    failure = context.question.failure
    why = failure.detail if failure is not None else ""
    return context.failed(
        "not-a-value",
        "something that was asked for is no computed value",
        why if why and not why[0].isdigit() else "asked for here",
        helps=(f"use {context.words.sources}",),
    )


def _told(context: Context, end: End) -> Finding:
    made = context.made_at(end)
    said = UNKNOWN_TREE if end.kind == "object" and context.question.dialect == "jax" else SAID[end.kind]
    return context.failed(
        "not-a-value",
        f"`{end.name}` is no computed value, so nothing can flow to or from it",
        f"`{end.name}` {said}" + (f" (a `{end.dtype}`)" if end.dtype else ""),
        labels=((made, f"`{end.name}` is made here"),),
        helps=(_help(context, end),),
    )


def _help(context: Context, end: End) -> str:
    name = end.name
    if end.kind in {"model", "layer"}:
        return f"ask for its variables: `{name}.trainable_variables`"
    if end.kind == "object" and context.question.dialect == "jax":
        return f"ask by a dict or a list of its arrays, or register `{end.dtype}` with `jax.tree_util`"
    if end.kind == "function" and context.question.dialect != "jax":
        return f"call it while the tape records, and ask for what it returns: `y = {name}(...)`"
    if end.kind == "symbolic":
        return (
            f"compute the value first: build a model that returns `{name}`, and call it on data while the tape records"
        )
    if context.question.dialect == "jax" and not name.isidentifier():
        return f"keep `{name}` out of what is differentiated: in an argument of its own, or in the function"
    return f"use {context.words.sources}"


CAUSE = Cause("not-a-value", Stage.CALL, detect)
FAILURE = Cause("not-a-value", Stage.FAILURE, detect_failure)
