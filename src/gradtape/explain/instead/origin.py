"""What the source was made from, where the target depends on that itself; what a function reads in its place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.explain.graph import Operation
from gradtape.explain.instead.again import computed_again, run_again
from gradtape.explain.instead.used import Used
from gradtape.explain.names import PARTS

if TYPE_CHECKING:
    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Event


def original(context: Context) -> Used | None:
    """Look for what the source was made from on the way to the target."""
    source, made = context.source, context.source.made
    part = isinstance(made, Operation) and (made.function or made.name) in PARTS
    columns = context.run.columns
    elsewhere = any(columns.outputs[number] not in source.ids for number in columns.readers(source.ids))
    if made is None or (elsewhere and not part and not computed_again(context, made)):
        return None
    shared = _shared(context, made)
    if not shared:
        return None
    reader = next((op for op, _ in context.run.readers(shared) if op.output in context.before_target), None)
    name = _name_of(context, made, shared)
    again = run_again(context, made)
    target = context.question.target_name
    here = context.bound_at(source)
    if again is not None:
        return _told_again(context, made, again)
    what = f"`{name}`" if name else "what it was made from"
    if made.site == context.question.call and reader is not None:  # an argument, and the function has its own way to it
        outside = _closed_over(context, shared)
        if outside is not None:
            what = f"`{syntax.text_of(outside)}`"
        return Used(
            shared,
            syntax.span_of(outside, reader.site.span.file)
            if outside is not None
            else _handed_by(context, shared, name) or _read_at(reader.site.span, name),
            f"`{target}` is computed from {what} itself here, not from its argument `{source.name}`",
            ((made.site.span, f"{f'`{name}`' if name else what} is passed as `{source.name}` here"),),
            f"use `{source.name.partition('[')[0]}` in the place of {what}",
        )
    return Used(
        shared,
        here,
        f"`{source.name}` is a value of its own, made here from {what}; `{target}` does not use it",
        ((reader.site.span if reader is not None else None, f"`{target}` is computed from {what} itself"),),
        f"compute `{target}` from `{source.name}`" + (f", or ask for the gradient in `{name}`" if name else ""),
    )


def _told_again(context: Context, made: Operation | Event, again: Operation) -> Used:
    """Tell of a value that is computed for the target, and once more for the question."""
    source, target, here = context.source, context.question.target_name, context.bound_at(context.source)
    used = frozenset({again.output})
    help_ = f"compute it once, and use that value both for `{target}` and as the source"
    own = f"`{source.name}` is a value of its own: it is computed once more, and `{target}` uses that result"
    if context.question.call.span.contains(made.site.span):
        there = (again.site.span, f"`{target}` uses what is computed here")
        return Used(used, made.site.span, f"computed anew here, and `{target}` uses another result", (there,), help_)
    if again.site != made.site:
        label = f"computes the same once more, and `{target}` uses this result, not `{source.name}`"
        apart = made.apart_from(again) if isinstance(made, Operation) else None
        beside = apart is not None and apart[0] == made.site.span  # else it lies deeper, as the source does
        at = apart[1] if apart is not None and beside else again.site.span
        return Used(used, at, label, ((here, f"`{source.name}` is made here"),), help_)
    around = {site.code for site in made.callers}
    called = next((site.span for site in again.callers if site.code in around and site not in made.callers), None)
    if again.seq > made.seq and called is not None:
        label = f"computes `{source.name}` once more, and `{target}` uses that result"
        return Used(used, called, label, ((here, f"`{source.name}` is made here"),), help_)
    return Used(used, here, own, ((made.site.span, "computed here, twice"),), help_)


def _closed_over(context: Context, used: frozenset[int]) -> ast.Name | None:
    """Return the one name from outside by which the function asked about reads what is used, or hands it on."""
    target = context.question.target_name.partition("(")[0]
    for reader, _ in context.run.readers(used):
        for site in (reader.site, *reader.callers) if reader.output in context.before_target else ():
            function, node = syntax.function_at(site.span), syntax.expression_at(site.span)
            if not isinstance(function, ast.FunctionDef) or function.name != target or node is None:
                continue
            read = syntax.names_in(node, ast.Load)
            own = {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}
            own |= {name for statement in function.body for name in syntax.names_in(statement, ast.Store)}
            inside = [n for n in ast.walk(node) if isinstance(n, ast.Name) and n.id in read - own]
            called = {id(n) for c in ast.walk(node) if isinstance(c, ast.Call) for n in ast.walk(c.func)}
            outside = [n for n in inside if id(n) not in called and not scopes.is_module(n, site.span.file)]
            if len({n.id for n in outside}) == 1:
                return outside[0]
    return None


def _handed_by(context: Context, used: frozenset[int], name: str) -> Span | None:
    """Return where a call hands over what is called `name`, to a function that reads a part of its parameter.

    None where a function that reads it, or none that called one, has that name for it.
    """
    readers = [op for op, _ in context.run.readers(used) if op.output in context.before_target]
    for reader in readers if name else ():
        own = syntax.function_at(reader.site.span)
        if own is None or syntax.mentions(own, name):
            return None
        for site in reader.callers:
            if site.span.contains(context.question.call.span):
                break
            node = syntax.expression_at(site.span)
            given = [*node.args, *(k.value for k in node.keywords)] if isinstance(node, ast.Call) else []
            own_name = f"self.{name.rpartition('.')[2]}"  # as a method calls an attribute
            found = [n for argument in given for text in (name, own_name) for n in syntax.mentions(argument, text)]
            if found:
                return syntax.span_of(found[0], site.span.file)
    return None


def _read_at(used: Span, name: str) -> Span:
    """Return where a function reads what is called `name` outside, if it takes it apart first: `for w in self.params`.

    Parameters
    ----------
    used : Span
        Where it computes with a part.
    name : str
        The name outside, of which an object's own methods know only the last attribute.
    """
    scope, node = syntax.function_at(used), syntax.expression_at(used)
    if scope is None or node is None or not name:
        return used
    read, last = syntax.names_in(node, ast.Load), name.rpartition(".")[2]
    binding = [n for n in ast.walk(scope) if isinstance(n, ast.Assign | ast.For) and n.lineno <= used.line]
    for part in sorted(binding, key=lambda part: -part.lineno):
        targets = part.targets if isinstance(part, ast.Assign) else [part.target]
        if not any(read & syntax.names_in(target, ast.Store) for target in targets):
            continue
        value = part.value if isinstance(part, ast.Assign) else part.iter
        read |= syntax.names_in(value, ast.Load)
        taken = [n for n in ast.walk(value) if isinstance(n, ast.Attribute | ast.Name)]
        where = next((n for n in taken if syntax.text_of(n).rpartition(".")[2] == last), None)
        if where is not None:
            return syntax.span_of(where, used.file)
    return used


def _shared(context: Context, made: Operation | Event | None) -> frozenset[int]:
    """Return the nearest values that both the source was made from and the target depends on."""
    start: list[int] = []
    if isinstance(made, Operation):
        start = [i for i in made.inputs if i]
    elif made is not None and isinstance(made.detail, int) and made.detail:
        start = [made.detail]
    seen, found = set(start), set()
    while start:
        value = start.pop()
        if value in context.before_target:
            found.add(value)
            continue
        producer = context.run.producers.get(value)
        new = {i for i in producer.inputs if i} - seen if producer is not None else set()
        seen |= new
        start += new
    return frozenset(found)


def _name_of(context: Context, made: Operation | Event, shared: frozenset[int]) -> str:
    """Return what the source's own line calls the thing that it was made from, empty if it was made on a longer way."""
    if not isinstance(made, Operation):
        return ""
    for position, value in enumerate(made.inputs):
        if value in shared:
            node = syntax.expression_at(made.site.span)
            if isinstance(node, ast.Subscript):
                return syntax.text_of(node.value)
            if isinstance(node, ast.ListComp | ast.GeneratorExp):  # whose rows are read one by one
                return syntax.text_of(node.generators[0].iter)
            operand = syntax.operand_at(made.site.span, position, len(made.inputs))
            return syntax.text_of(operand) if operand is not None else context.run.names.get(value, "")
    return ""


def ignored(context: Context) -> Used | None:
    """Look for a function that was handed a value made with the source, and read something else: `f(x + noise)`.

    The value that it read instead is one that the source was joined with.
    """
    target = context.question.target_name
    for joined, _ in context.run.readers(context.source.ids):
        others = frozenset(i for i in joined.inputs if i in context.before_target)
        names = _handed_to(joined)
        for reader, _ in context.run.readers(others):
            function = syntax.function_at(reader.site.span)
            if (
                reader.output in context.before_target
                and reader.seq > joined.seq
                and getattr(function, "name", "") in names
            ):
                return Used(
                    others,
                    reader.site.span,
                    f"`{target}` is computed from here without `{context.source.name}`",
                    (
                        (
                            joined.site.span,
                            f"what is made here with `{context.source.name}` is handed over and not read",
                        ),
                    ),
                    "read the argument that the function was called with",
                )
    return None


def _handed_to(operation: Operation) -> set[str]:
    """Return the names of the functions that get the result of an operation as an argument."""
    span = operation.site.span
    calls = syntax.calls_around(span)
    around = syntax.function_at(span) or syntax.parse_file(span.file)
    for name in syntax.assigned_names(span):
        for node in syntax.mentions(around, name) if around is not None else ():
            calls += syntax.calls_around(syntax.span_of(node, span.file))
    return {syntax.text_of(call.func).rpartition(".")[2] for call in calls}
