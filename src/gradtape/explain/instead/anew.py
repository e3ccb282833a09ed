"""Another object that the same line made, or that goes by the same name, and that the target depends on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, syntax
from gradtape.explain.graph import Event, Operation
from gradtape.explain.instead.used import Used

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Passage, Site
    from gradtape.explain.cause import Context


def made_anew(context: Context) -> Used | None:
    """Look for a variable on the way to the target that the same line made, or that goes by the same name."""
    source, made = context.source, context.source.made
    if source.kind != "variable":
        return None
    asked = frozenset().union(*(end.ids for end in context.question.together), source.ids)
    idle = asked.isdisjoint(context.before_target)
    for event in _editions(context, asked):
        while_recording = during(context, event.seq)
        after_the_target = made is not None and made.seq > max(context.question.target_ids, default=0) > 0
        replaced = made is not None and _is_element_of_both(made.site.span, event.site.span)
        if _alike(context, event) and (idle or while_recording or after_the_target or replaced):
            both = while_recording and made is not None and during(context, made.seq)
            return None if (idle or both) and _ran_as_well(context) else _anew(context, event)
    return None


def _editions(context: Context, asked: frozenset[int]) -> Iterator[Event]:
    """Yield what may be another edition of the source, newest first; what the same line made before all else.

    A function that gives one name to layer after layer has others on the lines beside it.
    """
    made, used = context.source.made, context.before_target
    created = [e for e in context.run.events if e.kind == "create" and e.value in used and e.value not in asked]
    same = [e for e in created if made is not None and e.site == made.site]
    yield from reversed(same)
    yield from (e for e in reversed(created) if e not in same)


def _alike(context: Context, event: Event) -> bool:
    """Whether a variable is another edition of the source: the same line in another run, or the same full name."""
    source, made, names = context.source, context.source.made, context.run.names
    name = names.get(event.value, "")
    own = source.path or next((names[i] for i in source.ids if i in names), "")
    if name and own:
        if name == own or (own.count(".") > 1 and name.endswith(f".{own}")):  # the same object seen from further out
            return True
        if last(name) != last(own):
            return False
    if not isinstance(made, Event):
        return False
    if made.site == event.site:
        bound = syntax.assigned_names(event.site.span) and not syntax.in_comprehension(event.site.span)
        return made.callers != event.callers or bool(bound)
    both = _names_at(made.site.span), _names_at(event.site.span)
    return any(_attribute(a) == _attribute(b) for a in both[0] for b in both[1])


def _is_element_of_both(first: Span, second: Span) -> bool:
    """Whether two values are given to the same element of a dict."""
    return any("[" in name for name in _names_at(first) & _names_at(second))


def _names_at(span: Span) -> set[str]:
    """Return the names that a value gets, also as an element of a dict: `parts['head']` for `parts = {"head": f()}`."""
    names, value = set(syntax.assigned_names(span)), getattr(syntax.statement_at(span), "value", None)
    pairs = zip(value.keys, value.values, strict=True) if isinstance(value, ast.Dict) else ()
    keys = [k.value for k, v in pairs if isinstance(k, ast.Constant) and syntax.span_of(v, span.file).contains(span)]
    return {f"{name}[{key!r}]" for name in names for key in keys} or names


def last(path: str) -> str:
    """Return the last part of a framework's name, without the number that makes it unique: `kernel`."""
    return path.rpartition("/")[2].rpartition(".")[2].partition(":")[0].rstrip("0123456789").rstrip("_")


def _attribute(name: str) -> str:
    """Return the attribute that `self.w` and `model.w` share; a plain name as it is."""
    return f".{name.rpartition('.')[2]}" if "." in name else name


def _anew(context: Context, event: Event) -> Used:
    source, made, target = context.source, context.source.made, context.question.target_name
    mine = _frames(made) if made is not None else []
    theirs = _frames(event)
    here, there = _where_they_part(mine, theirs, again=during(context, event.seq))
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

    Where one function was only called `again`, in the course of the computation, it is the line in it that makes anew:
    where an attribute gets it, if one does, other than one of the object that is made.
    """
    for k, (a, b) in enumerate(zip(mine, theirs, strict=False)):
        if a != b:
            if again and k and a.code is b.code:
                return a.span, next((s for s in mine[k - 1 :: -1] if _fills(s.span)), mine[k - 1]).span
            return a.span, b.span
    return (mine[0].span if mine else None), theirs[0].span


def _fills(span: Span) -> bool:
    inside = syntax.function_at(span)
    made = isinstance(inside, ast.FunctionDef) and inside.name == "__init__"
    return not made and any("." in name for name in syntax.assigned_names(span))


def during(context: Context, seq: int) -> bool:
    """Whether something happened while the tape was open."""
    tape = context.run.tape
    return tape is not None and bool(tape.entered) and seq > tape.entered[0][0]


def _ran_as_well(context: Context) -> bool:
    """Whether something was computed with the source while the tape ran: then what came of it got lost."""
    columns = context.run.columns
    return any(during(context, columns.seqs[k]) for k in columns.readers(context.source.ids))
