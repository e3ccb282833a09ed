"""Variables that the target depends on, where it depends on none of those that were asked for."""

from __future__ import annotations

import ast
import re
from itertools import takewhile
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.instead.anew import during
from gradtape.explain.instead.siblings import used_sibling
from gradtape.explain.instead.used import Used
from gradtape.explain.unread import unread

if TYPE_CHECKING:
    from collections.abc import Set

    from gradtape.explain.cause import Context


def another_list(context: Context) -> Used | None:
    """Look whether a whole list of variables is unused while the target depends on others."""
    together, question = context.question.together, context.question
    asked = frozenset().union(*(end.ids for end in together)) if together else frozenset()
    others = context.run.variables & context.before_target
    if len(together) < 2 or not others or not asked.isdisjoint(context.before_target):
        return None
    if not all(end.kind == "variable" for end in together) or written_out(context):
        return None
    owner = _owner([end.name for end in together])
    names, asked_names = context.run.names, {end.path or end.name for end in together}
    used = {names.get(value, "") for value in others}
    if owner and used.isdisjoint(asked_names) and any(_belongs(name, owner) for name in used):
        return None  # other variables of the same object are used
    if unread(context) is not None or _left_by_itself(context) or met(context, others):
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


def cloned(context: Context) -> Used | None:
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


def kindred(context: Context) -> Used | None:
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


def _left_by_itself(context: Context) -> bool:
    """Whether what was computed with the source while the tape ran left the tape."""
    left = (e for e in context.run.left if e.value in context.after_source and during(context, e.seq))
    return context.may_have_left and any(left)


def met(context: Context, others: Set[int]) -> bool:
    """Whether the source went through the variables that the target depends on, but what the target depends on did not.

    A network was run on what comes from the source, and on something else: the target is made of the other run.
    """
    columns, after = context.run.columns, context.after_source
    # each use of a variable may read it anew
    read = others | {columns.outputs[k] for k in columns.readers(others) if columns.functions[k] == "identity"}
    return any(columns.outputs[k] in after for k in columns.readers(read))


def namesakes(context: Context) -> bool:
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


def written_out(context: Context) -> bool:
    """Whether the sources are listed one by one where they are asked for: then each was meant."""
    node = syntax.expression_at(context.question.call.span)
    lists = [n for n in ast.walk(node) if isinstance(n, ast.List | ast.Tuple)] if node is not None else []
    elements = [element for found in lists for element in found.elts]
    return any(isinstance(e, ast.Starred) or syntax.text_of(e) == context.source.name for e in elements)
