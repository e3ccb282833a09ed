"""Where a value may have come back unseen: it left, and the target was made from a constant of unknown origin."""

from __future__ import annotations

import ast
from bisect import bisect_left
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.diagnostics import Span
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Event, Operation
    from gradtape.explain.report import Finding


def unseen(
    context: Context, slug: str, kind: str, label: Callable[[Event], str], helps: Callable[[Event], tuple[str, ...]]
) -> Finding | None:
    """Tell where a value of the source last left while the tape recorded, and where a constant came in after it.

    None if there is no such pair, or if the last value left in another way than `kind`, the word of the event. A target
    that is a plain array or number itself is such a constant.

    Parameters
    ----------
    context : Context
    slug : str
        Of the cause.
    kind : str
    label, helps : callable
        What to say of the event.
    """
    tape = context.run.tape
    began = tape.entered[-1][0] if tape is not None and tape.entered else 0
    entry = _unexplained_constant(context, began) or _set_by_what_left(context, began)
    until, place = (entry.seq, entry.site.span) if entry is not None else (0, context.question.call.span)
    if entry is None and not any(target.kind in {"array", "number"} for target in context.question.targets):
        return None
    left = _last_exit(context, began, until)
    if left is None or left.kind != kind:
        return None
    return context.finding(
        slug,
        left.site.span,
        label(left),
        labels=((place, "a constant comes in here that may be made from it"),),
        helps=helps(left),
        proven=False,
    )


def _unexplained_constant(context: Context, began: int) -> Operation | None:
    """Return the last operation on the way to the target that took a constant which is no literal."""
    before, asked = context.before_target, set()
    columns = context.run.columns
    for number in range(bisect_left(columns.seqs, began), len(columns))[::-1]:
        inputs = columns.inputs[number]
        if all(inputs) or columns.outputs[number] not in before:
            continue
        place = columns.places[number], inputs.index(0), len(inputs)
        if inputs.count(0) == 1 and place in asked:
            continue
        operation = columns[number]
        span = operation.site.span
        if operation.own and not inputs[0]:  # the function itself, which the text of the call does not pass
            inputs = inputs[1:]
        for position, value in enumerate(inputs):
            place = columns.places[number], position, len(inputs)
            if value or place in asked:
                continue
            asked.add(place)  # the text says the same however often it ran
            operand = syntax.operand_at(span, position, len(inputs))
            if operand is None or scopes.is_written_down(operand, span.file):
                continue
            if not _made_from_others(context, operand, span):
                return operation
    return None


def _set_by_what_left(context: Context, began: int) -> Operation | None:
    """Return the last operation on the way to the target that is told by a number that left: the bounds of a slice."""
    left = [e for e in context.run.left if e.seq > began and e.kind == "left as number"]
    others = {e.site.span for e in left if e.value not in context.after_source}  # which of them it was nobody knows
    places = dict.fromkeys(e.site.span for e in left if e.value in context.after_source)
    exits = [(place, set(syntax.assigned_names(place))) for place in places if place not in others]
    columns, before, asked = context.run.columns, context.before_target, set()
    for number in range(bisect_left(columns.seqs, began), len(columns))[::-1] if exits else ():
        if columns.outputs[number] not in before or columns.places[number] in asked:
            continue
        asked.add(columns.places[number])
        span = columns[number].site.span
        node = syntax.expression_at(span)
        read = syntax.names_in(node, ast.Load) if node is not None else set()
        for place, names in exits:
            here = syntax.function_at(place) is syntax.function_at(span) and place.file == span.file
            if here and (span.contains(place) or (names & read and place.line <= span.line)):
                return columns[number]
    return None


def _made_from_others(context: Context, operand: ast.expr, span: Span) -> bool:
    """Whether a constant is seen to come from a value that does not depend on the source, here or in a helper."""
    whole = syntax.span_of(operand, span.file)
    read = syntax.names_in(operand, ast.Load)
    mine: set[Span] = set()
    others: set[Span] = set()
    called: set[Span] = set()
    for event in context.run.left:
        if event.value in context.after_source:
            mine.update(site.span for site in event.callers)
        else:
            others.add(event.site.span)
            called.update(site.span for site in event.callers)
    others |= called - mine
    return any(whole.contains(place) or read.intersection(syntax.assigned_names(place)) for place in others)


def _last_exit(context: Context, began: int, until: int) -> Event | None:
    return next(
        (
            event
            for event in reversed(context.run.events)
            if began < event.seq
            and (event.seq < until or not until)
            and event.kind.startswith("left")
            and event.detail != "index"
            and event.value in context.after_source
            and all(syntax.value_goes_on(site.span) for site in (event.site, *event.callers))
            and comes_back(event.site.span)
        ),
        None,
    )


KEEPING = {"append", "extend", "insert", "add", "update", "setdefault"}
"""Methods by which a container keeps what it is given."""


def comes_back(span: Span) -> bool:
    """Whether a value that left somewhere may come back: it is no number that is only shown."""
    return not _is_shown(span) and _is_read_again(span)


def _is_shown(span: Span) -> bool:
    """Whether a value is only put into a text, printed, or dropped."""
    around = syntax.around(span)
    alone = any(isinstance(n, ast.Expr) and syntax.span_of(n, span.file) == span for n in around)
    named = {n.func.id for n in around if isinstance(n, ast.Call) and isinstance(n.func, ast.Name)}
    return alone or bool(named & SHOWING) or any(isinstance(n, ast.JoinedStr) for n in around)


SHOWING = {"print", "str", "repr", "format"}
"""Functions that make a text of a value."""


def _is_read_again(span: Span) -> bool:
    """Whether what a statement keeps of a value that left is read, other than to be shown; true where that is unclear.

    A number in a log, `self.parts = {"map": loss.item()}`, comes back nowhere if nobody computes with `parts`.
    """
    statement, tree = syntax.statement_at(span), syntax.parse_file(span.file)
    kept = [name for target in _keepers(statement) if (name := _last_name(target))]
    if statement is None or tree is None or not kept:
        return True
    own = syntax.span_of(statement, span.file)
    reads = [
        node
        for node in syntax.nodes_of(tree)
        if isinstance(node, ast.Name | ast.Attribute)
        and isinstance(node.ctx, ast.Load)
        and _last_name(node) in kept
        and not own.contains(syntax.span_of(node, span.file))
    ]
    kept_in = {
        id(target) for other in syntax.nodes_of(tree) if isinstance(other, ast.stmt) for target in _keepers(other)
    }
    return any(id(node) not in kept_in and not _is_shown(syntax.span_of(node, span.file)) for node in reads)


def _keepers(statement: ast.AST | None) -> list[ast.expr]:
    """Return what a statement gives its value to: names, attributes, the containers of elements or of an `append`."""
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign):
        targets = [statement.target]
    else:
        call = statement.value if isinstance(statement, ast.Expr) else None
        method = call.func if isinstance(call, ast.Call) else None
        targets = [method.value] if isinstance(method, ast.Attribute) and method.attr in KEEPING else []
    return [_whole(target) for target in targets]


def _whole(target: ast.expr) -> ast.expr:
    return _whole(target.value) if isinstance(target, ast.Subscript) else target


def _last_name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""
