"""Edits of what a program computes once and keeps: it is computed anew whenever it is asked for."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def computed_anew(case: Case) -> Changes:
    """Compute what a finding is about whenever it is asked for: without the branch, the decorator that keeps it."""
    context, failure = case.context, case.context.question.failure
    made = context.run.producers.get(failure.value) if failure is not None else None
    if failure is None:
        made = next((link.operation for _, link in case.route.broken), None)
    places = [made.site.span, *(site.span for site in made.callers)] if made is not None else [case.at]
    kept = syntax.kept_once(places)
    if kept is None:
        return ()
    guard, file = kept.guard, kept.file
    if isinstance(guard, ast.If) and any(isinstance(s, ast.If) for s in guard.orelse):
        return ()  # further cases, which may not be of the same kind
    if isinstance(guard, ast.stmt):
        computes = [s for s in kept.computes if isinstance(s, ast.stmt)]
        return builders.unwrap_block(guard, file, computes) if computes else builders.remove(guard, file)
    if kept.computes:
        return builders.replace(guard, file, builders.written(kept.computes[0], file))
    return _without_mark(guard, file)


def not_cached(case: Case) -> Changes:
    """Let a function compute anew what it kept for its next call."""
    mark = syntax.cached_by(case.at)
    return _without_mark(mark, case.file) if mark is not None else ()


def _without_mark(mark: ast.expr, file: str) -> Changes:
    if syntax.text_of(mark).endswith("cached_property"):
        return builders.replace(mark, file, "property")
    return builders.drop_decorator(mark, file)
