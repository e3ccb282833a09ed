"""GT109: the gradient passes through the tensor that was asked, and is kept by the leaf that it was made from."""

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import Operation
from gradtape.explain.report import Finding
from gradtape.explain.search import flowing_cone

HELPS = (
    "make the tensor first and call `requires_grad_()` on it last, so that it is the leaf",
    "or read `.grad` of the leaf, or call `retain_grad()` on this one before `backward()`",
)


def detect(context: Context) -> Finding | None:
    source, made = context.source, context.source.made
    if source.leaf or not isinstance(made, Operation):
        return None
    leaf = _leaf(context, made)
    return context.finding(
        "nonleaf-grad-read",
        _left_behind(context, made, leaf),
        f"`{source.name}` is the result of `{made.name}`, not a leaf: the gradient passes through and is not kept",
        labels=((leaf.site.span if leaf is not None else None, "the gradient is kept by this leaf"),),
        helps=HELPS if leaf is not None else (HELPS[1].removeprefix("or "),),
        route=context.route,
    )


def detect_failure(context: Context) -> Finding | None:
    """Tell of an optimizer that was given a tensor which is no leaf."""
    source, made = context.source, context.source.made
    failure = context.question.failure
    if not isinstance(made, Operation) or failure is None:
        return None
    refused = failure.at.span if failure.at is not None else None
    leaf = _leaf(context, made)
    return context.finding(
        "nonleaf-grad-read",
        made.site.span,
        f"`{source.name}` is the result of `{made.name}`, not a leaf: no gradient will be kept on it",
        labels=(
            (leaf.site.span if leaf is not None else None, "the gradient would be kept by this leaf"),
            (refused, "refused here"),
        ),
        notes=(f"{context.words.name} says: {failure.text}",),
        helps=HELPS[:1],
        headline=f"no gradient is kept on `{source.name}`",
    )


def _leaf(context: Context, made: Operation) -> Operation | None:
    """Return what made the leaf that a tensor hangs on, if there is one alone."""
    run = context.run
    leaves = flowing_cone(run, [i for i in made.inputs if i]) & run.variables
    if len({run.names.get(i, str(i)) for i in leaves}) > 1:  # those of one layer are made at one place
        return None
    found = {run.producers[i].site.span: run.producers[i] for i in leaves if i in run.producers}
    return next(iter(found.values())) if len(found) == 1 else None


def _left_behind(context: Context, made: Operation, leaf: Operation | None) -> Span | None:
    """Return where the program goes on with a result instead of the leaf: in the innermost function that has both.

    A leaf within the very call there was handed in, and left behind further inside. What the function computed itself
    that asks for the gradient is told where it did.
    """
    if made.site.code is context.question.call.code and made.site.code.co_name != "<module>":
        return made.site.span
    if leaf is not None:
        codes = {id(site.code) for site in (leaf.site, *leaf.callers)}
        inner = made.site
        for site in (made.site, *made.callers):
            if id(site.code) in codes:
                return inner.span if site.span.contains(leaf.site.span) else site.span
            inner = site
    return _stored(context.source.name, made) or context.bound_at(context.source)


def _stored(name: str, made: Operation) -> Span | None:
    """Return where a result became the attribute by which its gradient is read, `self.hidden` for `net.hidden`."""
    attribute = name.rpartition(".")[2]
    for site in (made.site, *made.callers) if "." in name else ():
        if any("." in kept and kept.rpartition(".")[2] == attribute for kept in syntax.assigned_names(site.span)):
            return site.span
    return None


CAUSE = Cause("nonleaf-grad-read", Stage.SOURCE, detect)
FAILURE = Cause("nonleaf-grad-read", Stage.FAILURE, detect_failure)
