"""GT401: the derivative of an operation is infinite or 0/0 at this very point, or the operation has no value there."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING

from gradtape.explain import singular, wording
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.numbers import target_is_finite
from gradtape.explain.spots import Spot, Trouble

if TYPE_CHECKING:
    from gradtape.explain.graph import Operation
    from gradtape.explain.pulls import Pull
    from gradtape.explain.report import Finding


def detect(context: Context, spot: Spot) -> Finding | None:
    operation, pull = spot.operation, spot.pull
    if operation is None:
        return None
    if spot.trouble is Trouble.FORWARD:
        inputs = tuple(context.values.get(i) if i else None for i in operation.inputs)
        row = singular.at_run(operation.function, pull.inputs if pull and pull.inputs else inputs, None)
        if row is None:
            return None
        facts: tuple[str, ...] = ()
        if not target_is_finite(context):
            facts = (f"`{context.question.target_name}` itself is not finite: it is lost in the forward pass",)
    elif spot.trouble is Trouble.BACKWARD and pull is not None:
        row = singular.at_step(pull, wording.called(pull.operation))
        if not isfinite(pull.came_size):  # lost behind it already
            row = singular.at_run(operation.function, pull.inputs, pull.output)
        if row is None and (_overflowed(pull) or pull.inside is not None):
            return None
        shown = row is None or row.shown
        facts = context.run.once_of("where", pull, lambda: _facts(pull)) if shown else ()
    else:
        return None
    route = wording.route_through(context, operation, pull.position if pull is not None else None)
    name = wording.named_by(operation, row)
    return context.finding(
        "singular-point",
        operation.site.span,
        row.says.format(f=name) if row is not None else _says(name, pull),
        notes=(*facts, *wording.again(spot), *wording.way_note(context, route, operation)),
        helps=helps(context, operation, row),
        route=route,
        headline=headline(context),
    )


def headline(context: Context) -> str:
    """Say what is wrong with the gradient."""
    gradient = context.question.gradient
    what = "infinite" if gradient is not None and gradient.infs and not gradient.nans else "not a number"
    what = "zero" if gradient is not None and gradient.all_zero else what
    return f"the gradient from `{context.question.target_name}` to `{context.source.name}` is {what}"


def helps(context: Context, operation: Operation, row: singular.Singular | None) -> tuple[str, ...]:
    """Return what to do about a singular place."""
    if row is None:
        return ("keep its argument away from this point, before the operation",)
    return tuple(wording.filled(text, context, operation, row) for text in row.helps)


def _says(name: str, pull: Pull | None) -> str:
    return f"the derivative of {name} {_what(pull)} here"


def _what(pull: Pull | None) -> str:
    return "is infinite" if pull is not None and pull.gave.infs and not pull.gave.nans else "is not finite"


def _facts(pull: Pull) -> tuple[str, ...]:
    return tuple(fact for fact in (_where(pull), wording.product(pull)) if fact)


def _where(pull: Pull) -> str:
    return wording.elements(pull, pull.gave.nans + pull.gave.infs, pull.gave.size)


def _overflowed(pull: Pull) -> bool:
    """Whether the operation's own result is not finite, or the numbers only grew too large."""
    if pull.output is not None and not pull.output.finite:
        return True
    return any(v is not None and not v.finite for v in pull.inputs) or too_large(pull)


def too_large(pull: Pull) -> bool:
    """Whether a product of finite numbers left the range of the dtype: what came was huge already."""
    return not pull.gave.nans and pull.came.largest > HUGE.get(pull.came.dtype, 1e100)


HUGE = {"float32": 1e15, "complex64": 1e15, "float16": 1e2, "bfloat16": 1e15}
"""From which size on an overflow is no wonder, by dtype; that of double precision for all others."""


CAUSE = Cause("singular-point", Stage.NUMBERS, detect)
