"""GT104: the source that was asked for is not the one that was used: a copy, a second run, a layer built anew.

Three things prove it: the source was made from something that the target depends on (`row = W[0]`); the target depends
on another object that the same line made, or that goes by the same name; or none of a whole list of variables is used
while others are.
"""

from __future__ import annotations

import ast
import re
from itertools import takewhile
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.explain.again import run_again
from gradtape.explain.cause import THROUGH_PYTHON, Cause, Context, Stage
from gradtape.explain.graph import OUTSIDE, BreakKind, Event, Operation
from gradtape.explain.siblings import used_sibling
from gradtape.explain.stepped import stepped_copy
from gradtape.explain.unread import unread

if TYPE_CHECKING:
    from collections.abc import Set

    from gradtape.diagnostics import Passage, Site
    from gradtape.explain.report import Finding
    from gradtape.explain.search import BreakGroup, Route

PARTS = {
    "getitem",
    "reshape",
    "transpose",
    "squeeze",
    "expand_dims",
    "ravel",
    "copy",
    "identity",
    "cast",
    "broadcast_to",
}
"""What gives the elements of its argument, some of them or in another form, as an object of its own."""


class Used(NamedTuple):
    """What the target depends on instead of the source: its ids, and how to tell it."""

    ids: frozenset[int]
    at: Span | None
    label: str
    labels: tuple[tuple[Span | None, str], ...]
    help: str
    doubt: str = ""


def detect(context: Context) -> Finding | None:
    used = used_instead(context)
    if used is None:
        return None
    return context.finding(
        "different-object",
        used.at,
        used.label,
        labels=used.labels,
        helps=(used.help,),
        proven=not (used.doubt or context.may_have_left),
        doubt=used.doubt or THROUGH_PYTHON,
    )


def used_instead(context: Context) -> Used | None:
    """Return what the target depends on in the place of the source, if that is proven."""
    copied = _namesakes(context)
    found = (_copied, _original, *(() if copied else (_made_anew,)), _another_list, _ignored, _cloned, _kindred)
    return next((used for look in found if (used := look(context)) is not None), None)


def _copied(context: Context) -> Used | None:
    """Look for a copy of the source that learned by itself, and that the target was computed with."""
    found = stepped_copy(context)
    if found is None:
        return None
    computed = ((context.made_at(target), "the target is computed here") for target in context.question.targets[:1])
    label, help_ = _of_copy(context)
    return Used(found.ids, found.copied.site.span, label, tuple(computed), help_)


def _of_copy(context: Context) -> tuple[str, str]:
    """Say that a target was computed with a copy, and what to do."""
    target = context.question.target_name
    return (
        f"a copy of what was asked for is made here, and `{target}` is computed with the copy",
        f"compute `{target}` without the copy, or ask for the gradient in the copy",
    )


# -- made from what is used -----------------------------------------------------------------------------------------


def _original(context: Context) -> Used | None:
    """Look for what the source was made from on the way to the target."""
    source, made = context.source, context.source.made
    part = isinstance(made, Operation) and (made.function or made.name) in PARTS
    columns = context.run.columns
    elsewhere = any(columns.outputs[number] not in source.ids for number in columns.readers(source.ids))
    if made is None or (elsewhere and not part):
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
        return Used(used, again.site.span, label, ((here, f"`{source.name}` is made here"),), help_)
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


# -- made anew by the same line, or under the same name ---------------------------------------------------------------


def _made_anew(context: Context) -> Used | None:
    """Look for a variable on the way to the target that the same line made, or that goes by the same name."""
    source, made = context.source, context.source.made
    if source.kind != "variable":
        return None
    asked = frozenset().union(*(end.ids for end in context.question.together), source.ids)
    idle = asked.isdisjoint(context.before_target)
    for event in reversed(context.run.events):
        if event.kind != "create" or event.value in asked or event.value not in context.before_target:
            continue
        while_recording = _during(context, event.seq)
        after_the_target = made is not None and made.seq > max(context.question.target_ids, default=0) > 0
        if _alike(context, event) and (idle or while_recording or after_the_target):
            return None if idle and _ran_as_well(context) else _anew(context, event)
    return None


def _alike(context: Context, event: Event) -> bool:
    """Whether a variable is another edition of the source: the same line in another run, or the same full name."""
    source, made, names = context.source, context.source.made, context.run.names
    name = names.get(event.value, "")
    own = source.path or next((names[i] for i in source.ids if i in names), "")
    if name and own:
        if name == own or (own.count(".") > 1 and name.endswith(f".{own}")):  # the same object seen from further out
            return True
        if _last(name) != _last(own):
            return False
    if not isinstance(made, Event):
        return False
    if made.site == event.site:
        bound = syntax.assigned_names(event.site.span) and not syntax.in_comprehension(event.site.span)
        return made.callers != event.callers or bool(bound)
    both = set(syntax.assigned_names(made.site.span)), set(syntax.assigned_names(event.site.span))
    return any(_attribute(a) == _attribute(b) for a in both[0] for b in both[1])


def _last(path: str) -> str:
    """Return the last part of a framework's name, without the number that makes it unique: `kernel`."""
    return path.rpartition("/")[2].rpartition(".")[2].partition(":")[0].rstrip("0123456789").rstrip("_")


def _attribute(name: str) -> str:
    """Return the attribute that `self.w` and `model.w` share; a plain name as it is."""
    return f".{name.rpartition('.')[2]}" if "." in name else name


def _anew(context: Context, event: Event) -> Used:
    source, made, target = context.source, context.source.made, context.question.target_name
    mine = _frames(made) if made is not None else []
    theirs = _frames(event)
    here, there = _where_they_part(mine, theirs, again=_during(context, event.seq))
    held = next((e.site.span for e in context.run.events if e.kind == "held" and e.value in source.ids), None)
    kept = f"`{source.name}`" if held is None else "the one that the optimizer holds"
    if made is None or event.seq > made.seq:
        return Used(
            frozenset({event.value}),
            _put_in_place(source.path or source.name, theirs) or there,
            f"another one is made here, and `{target}` uses that one, not {kept}",
            (
                (held, "the optimizer gets the first one here"),
                (here, f"`{source.name}`, which was asked for, is made here"),
            ),
            f"make it once and use `{source.name}` itself" if held is None else "make the optimizer after it",
        )
    return Used(
        frozenset({event.value}),
        here,
        f"`{source.name}` is made here; `{target}` was computed with the one before it",
        ((there, f"the one that `{target}` uses is made here"),),
        f"ask for the gradient in the one that `{target}` was computed with, or compute `{target}` again",
    )


def _frames(made: Operation | Event) -> list[Site | Passage]:
    return [made.site, *made.callers]


def _put_in_place(path: str, frames: list[Site | Passage]) -> Span | None:
    """Return where a path gets what a function made anew: `model.head = slim(...)` for `model.head.weight`."""
    parts = set(path.split(".")[1:-1])
    for site in frames[1:]:
        names = syntax.assigned_names(site.span)
        if any("." in name and name.rpartition(".")[2] in parts for name in names):
            return site.span
    return None


def _where_they_part(
    mine: list[Site | Passage], theirs: list[Site | Passage], *, again: bool
) -> tuple[Span | None, Span | None]:
    """Return the innermost calls in which two creations differ; where both were made if they do not.

    Where one function was only called `again`, in the course of the computation, it is the line in it that makes anew.
    """
    for k, (a, b) in enumerate(zip(mine, theirs, strict=False)):
        if a != b:
            if again and k and a.code is b.code:
                return a.span, mine[k - 1].span
            return a.span, b.span
    return (mine[0].span if mine else None), theirs[0].span


def _during(context: Context, seq: int) -> bool:
    tape = context.run.tape
    return tape is not None and bool(tape.entered) and seq > tape.entered[0][0]


# -- another model's variables ----------------------------------------------------------------------------------------


def _another_list(context: Context) -> Used | None:
    """Look whether a whole list of variables is unused while the target depends on others."""
    together, question = context.question.together, context.question
    asked = frozenset().union(*(end.ids for end in together)) if together else frozenset()
    others = context.run.variables & context.before_target
    if len(together) < 2 or not others or not asked.isdisjoint(context.before_target):
        return None
    if not all(end.kind == "variable" for end in together) or _written_out(context):
        return None
    owner = _owner([end.name for end in together])
    names, asked_names = context.run.names, {end.path or end.name for end in together}
    used = {names.get(value, "") for value in others}
    if owner and used.isdisjoint(asked_names) and any(_belongs(name, owner) for name in used):
        return None  # other variables of the same object are used
    if unread(context) is not None or _left_by_itself(context) or _met(context, others):
        return None  # these are used as well, and what comes of it is left lying, or goes elsewhere
    made = [e for e in context.run.events if e.kind == "create" and e.value in others]
    tail = context.source.path.split("/")[-2:]
    alike = (e for e in made if names.get(e.value, "").split("/")[-2:] == tail)  # the same layer of a copied model
    first = next(alike, made[0] if made else None)
    return Used(
        others,
        question.call.span,
        f"`{question.target_name}` depends on none of the {len(together)} variables that are asked for here",
        (
            (
                first.site.span if first is not None else None,
                f"`{question.target_name}` depends on this one, for example",
            ),
        ),
        f"ask for the variables that `{question.target_name}` is computed from",
    )


def _cloned(context: Context) -> Used | None:
    """Look for a weight of the same layer in another model: a layer's name is given once, unless a model is cloned."""
    source, run = context.source, context.run
    tail = source.path.split("/")[-2:]
    asked = frozenset().union(*(end.ids for end in context.question.together), source.ids)
    if source.kind != "variable" or len(tail) < 2 or not asked.isdisjoint(context.before_target & source.ids):
        return None
    if _left_by_itself(context):
        return None
    used = (run.variables & context.before_target) - asked
    same = [v for v in used if run.names.get(v, "").split("/")[-2:] == tail]
    if len({run.names[v] for v in same}) != 1:
        return None
    made = next((e.site.span for e in run.events if e.kind == "create" and e.value in same), None)
    return Used(
        frozenset(same),
        context.question.call.span,
        f"`{context.question.target_name}` depends on another `{'/'.join(tail)}`, not on `{source.name}`",
        ((made, "the one that is used is made here"),),
        "ask for the variables of the model that runs: a copied model has variables of its own",
    )


def _kindred(context: Context) -> Used | None:
    """Look for another leaf that was made of the same before there was a graph."""
    found = used_sibling(context)
    if found is None:
        return None
    source, target = context.source.name, context.question.target_name
    marked = next(
        (e.site.span for e in context.run.events if e.kind == "marked" and e.value in context.source.ids), None
    )
    return Used(
        found.ids,
        context.question.call.span,
        f"`{target}` is computed from `{found.name}`, whose gradient nobody asks for; nothing uses `{source}`",
        (
            (context.made_at(context.source), f"`{source}` is made here"),
            (marked, f"`{source}` is told here to want a gradient"),
        ),
        f"ask for the gradient in `{found.name}`, or compute `{target}` from `{source}`",
        "that one was made from the other before there was a graph is a guess by their names",
    )


def _ran_as_well(context: Context) -> bool:
    """Whether something was computed with the source while the tape ran: then what came of it got lost."""
    columns = context.run.columns
    return any(_during(context, columns.seqs[k]) for k in columns.readers(context.source.ids))


def _left_by_itself(context: Context) -> bool:
    """Whether what was computed with the source while the tape ran left the tape."""
    left = (e for e in context.run.left if e.value in context.after_source and _during(context, e.seq))
    return context.may_have_left and any(left)


def _met(context: Context, others: Set[int]) -> bool:
    """Whether the source went through the variables that the target depends on, but what the target depends on did not.

    A network was run on what comes from the source, and on something else: the target is made of the other run.
    """
    columns, after = context.run.columns, context.after_source
    # each use of a variable may read it anew
    read = others | {columns.outputs[k] for k in columns.readers(others) if columns.functions[k] == "identity"}
    return any(columns.outputs[k] in after for k in columns.readers(read))


def _namesakes(context: Context) -> bool:
    """Whether what is used has the names of what was asked for, and was made elsewhere: a copy of a whole model."""
    run, made = context.run, context.source.made
    used = run.variables & context.before_target
    names = {run.names.get(value, "") for value in used}
    again = any(e.kind == "create" and e.value in used and made is not None and e.site == made.site for e in run.events)
    together = context.question.together
    return not again and bool(together) and all((end.path or end.name) in names for end in together)


def _owner(names: list[str]) -> str:
    """Return the object that all these names belong to, `model.layers` for those of its layers; empty if none is."""
    parts = [re.split(r"(?=[.\[/])", name) for name in names]
    common = [of_all[0] for of_all in takewhile(lambda of_all: len(set(of_all)) == 1, zip(*parts, strict=False))]
    shortest = min(map(len, parts))
    return "".join(common[: shortest - 1])


def _belongs(name: str, owner: str) -> bool:
    return name.startswith(owner) and name[len(owner) : len(owner) + 1] in {".", "[", "/"}


def _written_out(context: Context) -> bool:
    """Whether the sources are listed one by one where they are asked for: then each was meant."""
    node = syntax.expression_at(context.question.call.span)
    lists = [n for n in ast.walk(node) if isinstance(n, ast.List | ast.Tuple)] if node is not None else []
    elements = [element for found in lists for element in found.elts]
    return any(isinstance(e, ast.Starred) or syntax.text_of(e) == context.source.name for e in elements)


# -- an argument that a function ignores ----------------------------------------------------------------------------


def _ignored(context: Context) -> Used | None:
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


def detect_copied(context: Context, route: Route, group: BreakGroup) -> Finding | None:
    """Tell of a copy that the target was computed with, in the place of the source."""
    label, help_ = _of_copy(context)
    return context.broken("different-object", route, group, label, helps=(help_,))


def detect_twin(context: Context) -> Finding | None:
    """Tell that the tape saw another model that the same line made, where those asked for ran outside of it alone.

    So the variables of a target network are asked for in the place of those that learn.
    """
    source, together, made = context.source, context.question.together, context.source.made
    if len(together) < 2 or source.kind != "variable" or made is None:
        return None
    ways = context.ways
    some_flow = context.run.once_of("some flow", together, lambda: any(ways.flow_from(end.ids) for end in together))
    if some_flow or _written_out(context):
        return None
    kinds = {b.kind for route in context.routes for _, link in route.broken for b in link.breaks}
    asked = frozenset().union(*(end.ids for end in together))
    if not kinds or not kinds <= OUTSIDE:
        return None
    names = context.run.names
    own = _last(source.path or source.name)
    twins = frozenset(
        e.value
        for e in context.run.events
        if e.kind == "create" and e.site == made.site and e.value not in asked and context.ways.flow_from([e.value])
    )
    if own not in {_last(names.get(value, "")) for value in twins} or _met(context, twins):
        return None
    target = context.question.target_name
    return context.finding(
        "different-object",
        context.question.call.span,
        f"in this tape `{target}` depends on another model that the same line made, not on the one that is asked for",
        labels=((context.route[0].operation.site.span if context.route else None, "the one asked for ran outside"),),
        helps=("ask for the variables of the model that ran in the tape, or run the one that was asked for there",),
        proven=False,
        doubt="which of the two models was meant is not written down",
    )


COPIED = Cause("different-object", Stage.BREAK, detect_copied, frozenset({BreakKind.COPIED}))
TWIN = Cause("different-object", Stage.SOURCE, detect_twin)
CAUSE = Cause("different-object", Stage.ABSENCE, detect)
