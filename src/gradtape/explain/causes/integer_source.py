"""GT107: the source or the target has a dtype whose values cannot move a little."""

import ast

from gradtape.diagnostics import Span, syntax
from gradtape.explain.cause import Cause, Context, Stage
from gradtape.explain.graph import End
from gradtape.explain.report import Finding


def detect(context: Context) -> Finding | None:
    end = context.source
    if end.differentiable:
        whole = [t for t in context.question.targets if t.kind in {"tensor", "variable"}]
        if not whole or any(t.differentiable for t in whole) or any(link.breaks for r in context.routes for link in r):
            return None
        end = whole[0]
    return context.finding(
        "integer-source",
        _written_at(context, end),
        _label(end),
        labels=((context.question.call.span, "asked for here"),),
        helps=(_help(end),),
    )


def _written_at(context: Context, end: End) -> Span | None:
    """Return where a weight of Keras's gets its dtype, in the class of its layer by its name; or where it is made."""
    made = context.made_at(end)
    node = syntax.expression_at(made) if made is not None else None
    called = syntax.text_of(node.func) if isinstance(node, ast.Call) else ""
    tree = syntax.parse_file(made.file) if made is not None else None
    holder = next((n for n in (tree.body if tree else ()) if isinstance(n, ast.ClassDef) and n.name == called), None)
    for call in (n for n in (ast.walk(holder) if holder is not None else ()) if isinstance(n, ast.Call)):
        named = [k.value.value for k in call.keywords if k.arg == "name" and isinstance(k.value, ast.Constant)]
        if made is not None and syntax.text_of(call.func).endswith(".add_weight") and named == [_last_name(end)]:
            return syntax.span_of(call, made.file)
    return made


def _last_name(end: End) -> str:
    return end.path.rpartition("/")[2].rpartition(".")[2].partition(":")[0]


def detect_failure(context: Context) -> Finding | None:
    """Tell of an error about a dtype."""
    ends = (context.source, *context.question.targets)
    end = next((e for e in ends if not e.differentiable), context.source)
    return context.failed(
        "integer-source",
        f"`{end.name}` has a dtype without derivatives",
        _label(end),
        labels=((context.made_at(end), f"`{end.name}` is made here"),),
        helps=_helps(end) if end is context.source else RESULT,
    )


RESULT = ("return a real number: a smooth measure in the place of a count, a position or a truth value",)
"""What to do about a function that gives whole numbers."""


def _helps(end: End) -> tuple[str, ...]:
    """Say what to do about a source; a leaf of a tree may be no parameter at all."""
    beside = "or ask for the gradient in the parameters alone, if this is a count or a state beside them"
    return (_help(end),) if end.name.isidentifier() else (_help(end), beside)


def _label(end: End) -> str:
    return f"`{end.name}` is {end.dtype}, and only floating-point values have a gradient"


def _help(end: End) -> str:
    return f"make `{end.name}` floating point: write `3.0` for `3`, or pass a float dtype"


CAUSE = Cause("integer-source", Stage.SOURCE, detect)
FAILURE = Cause("integer-source", Stage.FAILURE, detect_failure)
