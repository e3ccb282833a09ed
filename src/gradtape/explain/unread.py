"""A value that is computed from a source and that nobody reads: its name, its place in a result, its argument."""

from __future__ import annotations

import ast
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Span, syntax
from gradtape.explain.edits.blocks import is_asked
from gradtape.explain.unseen import comes_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Event, Operation
    from gradtape.explain.report import Finding

SHAPE = "shape"
"""The kind of an event: of a value nothing but the shape was read, and the event's `detail` is what that gave."""


def only_shape(context: Context) -> Event | None:
    """Return where the shape of a value of the source's was read last that the target depends on."""
    before, after = context.before_target, context.after_source
    read = (e for e in reversed(context.run.events) if e.kind == SHAPE and e.detail in before and e.value in after)
    return next(read, None)


Part = int | str
"""By what a part is taken out of a result: its place, or its key."""

LOOPS = ast.For | ast.While

MOST_ENDS = 100
"""How many values that nothing reads are looked at."""


class Unread(NamedTuple):
    """Where a value stops being read.

    Parameters
    ----------
    at : Span
        The expression that made it, or the call that gave it.
    name : str
        The name that nobody reads afterwards, or that is handed to a call which does not read it; empty for a part of
        a result of which only another part is taken.
    part : int or str or None
        Which part of the result it is, where that is known.
    handed : bool
        Whether a call gets it and does not read it.
    overwritten : ast.Assign or None
        The statement that gives the name another value, before anybody reads it.
    by_target : bool
        Whether that is the target.
    """

    at: Span
    name: str
    part: Part | None = None
    handed: bool = False
    overwritten: ast.Assign | None = None
    by_target: bool = False


def unread(context: Context) -> Unread | None:
    """Return where the newest value that moves with the source, and that no operation reads, is left lying."""
    found: Unread | None = context.run.once_of("unread", context.question, lambda: _newest(context))
    return found


def _newest(context: Context) -> Unread | None:
    columns, moving = context.run.columns, context.moving
    uses, began = columns.uses, context.run.tape.entered[0][0] if context.run.tape and context.run.tape.entered else 0
    ends = (
        number
        for number in range(len(columns) - 1, -1, -1)
        if columns.seqs[number] >= began and columns.outputs[number] in moving and columns.outputs[number] not in uses
    )
    found = (_left_lying(context, columns[number]) for number in islice(ends, MOST_ENDS))
    return next((place for place in found if place is not None), None)


class Early(NamedTuple):
    """Where a value was read for the target before another one, computed from it and the source, took its place."""

    at: Span
    written: Span
    name: str


def read_too_early(context: Context) -> Early | None:
    """Return where the target is computed with what stood under a name before the source came into it.

    What is carried from round to round, by a loop or an object, is meant to be read before it is written.
    """
    columns = context.run.columns
    if not columns.readers(context.source.ids):
        return None
    before, after = context.before_target, context.moving
    for number, output in enumerate(columns.outputs):
        if output not in after or output in before:
            continue
        for position, value in enumerate(columns.inputs[number]):
            if value not in before or value in after:
                continue
            writer = columns[number]
            operand = syntax.operand_at(writer.site.span, position, len(writer.inputs))
            name = syntax.text_of(operand) if operand is not None else ""
            statement = syntax.statement_at(writer.site.span)
            stored = {syntax.text_of(t) for t in statement.targets} if isinstance(statement, ast.Assign) else set()
            readers = [n for n, _ in columns.uses.get(value, ()) if columns.outputs[n] in before]
            if name in stored and not isinstance(operand, ast.Attribute) and readers and max(readers) < number:
                places = columns[readers[0]].apart_from(writer)
                if places is not None and not any(isinstance(n, LOOPS) for n in syntax.around(places[1])):
                    return Early(*places, name)
    return None


def overwritten(context: Context) -> Unread | None:
    """Return what was computed from the source, if its name is given to the target before anybody reads it."""
    found = unread(context)
    return found if found is not None and found.by_target else None


def told_overwritten(context: Context, slug: str, lost: Unread) -> Finding:
    """Tell the statement that gives the name of a value to the target."""
    source, target = context.source.name, context.question.target_name
    whole = syntax.span_of(lost.overwritten, lost.at.file) if lost.overwritten is not None else lost.at
    return context.finding(
        slug,
        whole,
        f"`{lost.name}` is overwritten here, before anybody reads what was computed from `{source}`",
        labels=(
            (lost.at, f"this was computed from `{source}`"),
            (context.question.call.span, f"`{target}` is asked for here, and does not depend on `{source}`"),
        ),
        helps=(f"add the two, or give the new value another name: `{lost.name}` stands for one of them only",),
        proven=not context.may_have_left,
    )


def _left_lying(context: Context, operation: Operation) -> Unread | None:
    """Follow a value outward, from the function that made it to its caller, as long as it is handed out."""
    asking = syntax.expression_at(context.question.call.span)
    given = [syntax.span_of(a, context.question.call.span.file) for a in getattr(asking, "args", ())]
    if any(a.contains(s.span) for a in given for s in (operation.site, *operation.callers)):
        return None  # what the question itself is given
    part: Part | None = None
    for site in (operation.site, *operation.callers):
        span, scope = site.span, syntax.function_at(site.span) or syntax.parse_file(site.span.file)
        if scope is None:
            return None
        names = list(_names(span, part))
        dead = [name for name in names if not _reads(context, scope, name, span.file)]
        if dead:
            return Unread(span, dead[0])
        for name in names:
            over = _written_next(scope, name, span)
            if over is not None and _gives_target(context, over, span.file):
                return Unread(span, name, overwritten=over, by_target=True)
            if over is not None and _in_a_row(scope, syntax.statement_at(span), over):
                return Unread(span, name, overwritten=over)
        taken = {place_of(n) for n in taken_apart(span)}
        if taken:
            return None if part in taken else Unread(span, "", part)
        parts = _handed_out(scope, span, names)
        if not parts:
            handed = next((name for name in names if _handed_on(context, scope, name, span)), None)
            return Unread(span, handed, handed=True) if handed is not None else None
        part = parts[0]
    return None


def _reads(context: Context, scope: ast.AST, name: str, file: str) -> list[ast.expr]:
    """Return where a scope reads a name, other than to show its value or after the question, when that is too late."""
    call = context.question.call.span
    asks = call.file == file and scope is (syntax.function_at(call) or syntax.parse_file(file))
    found = [n for n in syntax.mentions(scope, name) if not asks or n.lineno <= call.end_line or is_asked(n, file)]
    if not found:
        return []
    left = [e.site.span for e in context.run.left if e.site.span.file == file]
    shown = [span for span in dict.fromkeys(left) if not comes_back(span)]
    return [node for node in found if not any(span.contains(syntax.span_of(node, file)) for span in shown)]


def _written_next(scope: ast.AST, name: str, span: Span) -> ast.Assign | None:
    """Return the statement that gives a name another value, where the next that happens to the name is that."""
    here = syntax.statement_at(span)
    end = (here.end_lineno or here.lineno) if here is not None else span.line
    later = [
        n
        for n in syntax.walk_scope(scope)
        if isinstance(n, ast.stmt) and not hasattr(n, "body") and n.lineno > end and name in _all_names(n)
    ]
    first = min(later, key=lambda n: n.lineno, default=None)
    if not isinstance(first, ast.Assign) or syntax.mentions(first.value, name):
        return None
    return first if [syntax.text_of(target) for target in first.targets] == [name] else None


def _gives_target(context: Context, statement: ast.Assign, file: str) -> bool:
    """Whether a statement made the target, by a call in it or by what it read."""
    made = next((target.made for target in context.question.targets if target.made is not None), None)
    given = syntax.names_in(statement.value, ast.Load)
    whole = syntax.span_of(statement, file)
    places = [site.span for site in (made.site, *made.callers) if site.span.file == file] if made is not None else []
    return any(whole.contains(p) or given.intersection(syntax.assigned_names(p)) for p in places)


def _in_a_row(scope: ast.AST, first: ast.stmt | None, second: ast.stmt) -> bool:
    """Whether two statements run one after the other whenever the first does: they stand in one block."""
    blocks = (getattr(n, field, None) for n in [scope, *ast.walk(scope)] for field in ("body", "orelse", "finalbody"))
    return any(first in block and second in block for block in blocks if isinstance(block, list))


def _all_names(statement: ast.stmt) -> set[str]:
    return syntax.names_in(statement, ast.Load) | syntax.names_in(statement, ast.Store)


def _names(span: Span, part: Part | None) -> Iterator[str]:
    """Yield the names that a statement gives to what an expression made.

    Of several results it is the name at the place of the part, or where that is not known those that nobody reads.
    """
    yield from (name for name in syntax.assigned_names(span) if name.isidentifier())
    statement = syntax.statement_at(span)
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    if not isinstance(target, ast.Tuple) or not isinstance(statement, ast.Assign):
        return
    if not isinstance(statement.value, ast.Call) or syntax.span_of(statement.value, span.file) != span:
        return
    scope = syntax.function_at(span) or syntax.parse_file(span.file)
    names = [e.id if isinstance(e, ast.Name) else "" for e in target.elts]
    if isinstance(part, int) and part < len(names):
        yield from names[part : part + 1]
    else:
        yield from (name for name in names if name and scope is not None and not syntax.mentions(scope, name))


def _handed_on(context: Context, scope: ast.AST, name: str, span: Span) -> bool:
    """Whether a call gets a name as its argument, and computes what the target depends on without it."""
    calls = {
        syntax.span_of(call, span.file)
        for read in syntax.mentions(scope, name)
        for call in syntax.calls_around(syntax.span_of(read, span.file))[:1]
        if read in call.args or any(read is k.value for k in call.keywords)
    }
    columns = context.run.columns
    ran = {
        site.span
        for number in context.ways.relevant
        for operation in (columns[number],)
        for site in (operation.site, *operation.callers)
    }
    return not calls.isdisjoint(ran)


def taken_apart(span: Span) -> list[ast.Subscript]:
    """Return where parts of a result are taken: `f(x)[0]`, and `r[0]` after `r = f(x)` if all of `r` is read so."""
    node = syntax.expression_at(span)
    around = [n for n in syntax.around(span) if isinstance(n, ast.Subscript) and n.value is node]
    if around:
        return [n for n in around[-1:] if place_of(n) is not None]
    statement, scope = syntax.statement_at(span), syntax.function_at(span) or syntax.parse_file(span.file)
    if not isinstance(statement, ast.Assign) or statement.value is not node or scope is None:
        return []
    name, looped = syntax.text_of(statement.targets[0]), any(isinstance(n, LOOPS) for n in syntax.around(span))
    reads = syntax.mentions(scope, name) if len(statement.targets) == 1 and name.isidentifier() else []
    reads = [n for n in reads if looped or n not in ast.walk(statement)]  # `r = f(r)` reads what was there before
    found = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.Subscript) and n.value in reads]
    return found if len(found) == len(reads) and all(place_of(n) is not None for n in found) else []


def place_of(taken: ast.Subscript) -> Part | None:
    """Return which part of a result a subscript takes, where that is written down."""
    part = taken.slice
    return part.value if isinstance(part, ast.Constant) and isinstance(part.value, int | str) else None


def _handed_out(scope: ast.AST, span: Span, names: Sequence[str]) -> list[Part | None]:
    """Return by what callers take an expression or its name out of what a function gives, None for all of it."""
    returned = (n.value for n in syntax.walk_scope(scope) if isinstance(n, ast.Return))
    return [
        part
        for value in returned
        for part, node in _parts(value)
        if syntax.text_of(node) in names or syntax.span_of(node, span.file).contains(span)
    ]


def _parts(value: ast.expr | None) -> list[tuple[Part | None, ast.expr]]:
    """Return the several results that an expression gives and by what they are taken out of it, or itself."""
    if isinstance(value, ast.Tuple | ast.List):
        return list(enumerate(value.elts))
    if isinstance(value, ast.Dict):
        return [
            (k.value if isinstance(k, ast.Constant) and isinstance(k.value, int | str) else None, v)
            for k, v in zip(value.keys, value.values, strict=True)
        ]
    if isinstance(value, ast.Call) and syntax.text_of(value.func) == "dict":
        return [*((None, a) for a in value.args), *((k.arg, k.value) for k in value.keywords)]
    return [(None, value)] if value is not None else []
