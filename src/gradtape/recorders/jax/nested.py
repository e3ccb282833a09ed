"""Gradients of gradients: what the search over the operations cannot know is why a derivative does not move."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.explain import engine, notes
from gradtape.explain.graph import End
from gradtape.explain.report import Status
from gradtape.recorders.jax.asking import DERIVATIVE
from gradtape.recorders.jax.derivatives import differentiable

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradtape.explain.graph import Question
    from gradtape.explain.report import Finding, GradientReport
    from gradtape.recorders.jax.graphs import Graph
    from gradtape.recorders.jax.program import Program
    from gradtape.recorders.jax.recording import Taken


def name_of(function: Any) -> str:
    """Return what a function is called, `grad(loss)` if it is a gradient; empty where it has no name of its own."""
    derivative = getattr(function, DERIVATIVE, None)
    if derivative is not None:
        kind, of = derivative
        inner = name_of(of)
        return f"{kind}({inner})" if inner else "the gradient" if kind == "grad" else "the jacobian"
    name = getattr(function, "__name__", "")
    return "" if name == "<lambda>" else name


def told(
    report: GradientReport, question: Question, graph: Graph, source: int, targets: Sequence[int]
) -> GradientReport:
    """Return a report of zeros that says, where a gradient was taken on the way, what that one depends on.

    No operation leads from the point at which a gradient is taken to a gradient that does not change with it. Either
    nothing flowed inside either, then the reason is that one's; or the function is linear there, and all is well.
    """
    context = report.context
    if report.status is not Status.ZERO or context is None or context.routes or not question.source.ids:
        return report
    between = list(_between(source, targets, graph.program))
    for taken in between:
        findings = _inside(taken, question, graph).findings or _of_its_own(taken)
        if findings:
            return replace(report, findings=findings)
    linear = (notes.linear(context, name_of(taken.asked.function) or "the function") for taken in between[:1])
    return replace(report, findings=(), notes=tuple(linear)) if between else report


def _between(source: int, targets: Sequence[int], program: Program) -> Iterator[Taken]:
    """Yield the gradients that were taken of what depends on the source, and that the target may depend on.

    What is computed from constants alone is not recorded, so a constant target may come from a constant gradient.
    """
    after, before = {source}, set(targets)
    for _ in range(len(program.taken) + 1):
        for step in program.steps:
            if not after.isdisjoint(step.inputs):
                after.update(step.outputs)
        for taken in program.taken:
            if not after.isdisjoint((*taken.sources, *taken.targets)):
                after.update(taken.gradients)
    for _ in range(len(program.taken) + 1):
        for step in reversed(program.steps):
            if not before.isdisjoint(step.outputs):
                before.update(step.inputs)
        for taken in program.taken:
            if not before.isdisjoint(taken.gradients):
                before.update(taken.sources)
    still = program.constants.issuperset(targets)
    for taken in program.taken:
        reaches = not before.isdisjoint(taken.gradients) or (still and program.constants.issuperset(taken.gradients))
        if reaches and not after.isdisjoint((*taken.sources, *taken.targets)):
            yield taken


def _inside(taken: Taken, question: Question, graph: Graph) -> GradientReport:
    """Ask the same of the function that the gradient was taken of."""
    name = name_of(taken.asked.function) or "the result"
    ends = tuple(
        End(name, frozenset({id} if id else ()), "tensor", str(np.asarray(value).dtype), differentiable(value), True)
        for id, value in ((graph.id_of(n), graph.program.values[n]) for n in taken.targets if n)
    )
    return engine.explain(replace(question, targets=ends, pulls=()))


def _of_its_own(taken: Taken) -> tuple[Finding, ...]:
    """Return what was found of a gradient that is zero by itself, whatever stands around it."""
    return tuple(f for r in taken.asked.reports if r.status is Status.ZERO for f in r.findings)
