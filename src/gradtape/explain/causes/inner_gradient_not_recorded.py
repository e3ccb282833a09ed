"""GT506: a derivative on the way was computed where nothing recorded it, so it cannot be differentiated again."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.cause import Cause, Context, Stage, place_in
from gradtape.explain.edits.blocks import ASKING
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.diagnostics import Span
    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route


def detect(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    operation, tape = group.links[0].operation, context.run.tape
    off = any(b.kind is BreakKind.GRADIENTS_OFF for link in group.links for b in link.breaks) and tape is not None
    # with a tape, the call to move stands where the outer tape stands, not in the helper that differentiates
    moves = tape is not None and tape.entered and not off
    place = place_in(operation, tape.entered[0][1].code) if tape is not None and moves else operation.site
    when = "while the outer tape is paused" if off else "where nothing records it"
    return context.broken(
        "inner-gradient-not-recorded",
        route,
        group,
        group.first.reason or f"this derivative is computed {when}, so it is a constant from here on",
        at=place.span,
        labels=(
            (operation.site.span, "differentiated here"),
            (context.entered_at, "the outer tape records only inside this block"),
        ),
        helps=(context.words.on_again if off else _help(context),),
    )


def detect_failure(context: Context) -> Finding | None:
    return context.failed(
        "inner-gradient-not-recorded",
        f"no gradient of `{context.question.target_name}`: it holds a derivative that was not recorded",
        "this derivative is computed where nothing records it",
        helps=(_help(context),),
    )


def detect_unwatched(context: Context) -> Finding | None:
    """Tell of a tensor that an inner tape alone watches: what it gave is no derivative by that tensor for the outer."""
    source, tape = context.source, context.run.tape
    if tape is None or not tape.entered or source.watched or source.kind != "tensor" or not context.routes:
        return None
    began, name = tape.entered[-1][0], source.name
    watches = [e for e in context.run.events if e.kind == "watch" and e.value in source.ids and e.seq > began]
    asked = next(
        (a for e in watches if (a := _asked_inside(e.site.span, context.question.call.span)) is not None), None
    )
    if asked is None:
        return None
    return context.finding(
        "inner-gradient-not-recorded",
        context.entered_at,
        f"this tape does not watch `{name}`, the inner tape alone does: what that gave cannot be differentiated by "
        f"`{name}` again",
        labels=((watches[0].site.span, "watched by the inner tape"), (asked, "differentiated here")),
        helps=(context.words.follow.format(x=name),),
        route=context.route,
    )


def _asked_inside(watch: Span, question: Span) -> Span | None:
    """Return where the tape that watched is asked, in the same function and before the outer one is."""
    node, function = syntax.expression_at(watch), syntax.function_at(watch)
    receiver = node.func.value if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) else None
    scope = function or syntax.parse_file(watch.file)
    for call in syntax.walk_scope(scope) if receiver is not None and scope is not None else ():
        method = call.func if isinstance(call, ast.Call) else None
        if isinstance(method, ast.Attribute) and method.attr in ASKING:
            span = syntax.span_of(call, watch.file)
            if syntax.text_of(method.value) == syntax.text_of(receiver) and span != question:
                return span
    return None


def _help(context: Context) -> str:
    return f"{context.words.inner}: then this derivative can be differentiated again"


CAUSE = Cause("inner-gradient-not-recorded", Stage.BREAK, detect, frozenset({BreakKind.INNER_GRADIENT}))
FAILURE = Cause("inner-gradient-not-recorded", Stage.FAILURE, detect_failure)
UNWATCHED = Cause("inner-gradient-not-recorded", Stage.SOURCE, detect_unwatched)
