"""From the numbers of an answer to its reports: the program is run again, and the question put to the engine."""

from __future__ import annotations

import inspect
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from gradtape.explain import engine
from gradtape.explain.cause import Context
from gradtape.explain.causes.not_explained import unexplained
from gradtape.explain.graph import BreakKind, End, Event, Question, Run, Summary
from gradtape.explain.report import Status
from gradtape.recorders.jax import nested, origins, sweep
from gradtape.recorders.jax.derivatives import Derivatives
from gradtape.recorders.jax.graphs import Graph
from gradtape.recorders.jax.program import NotReplayable, replayed
from gradtape.recorders.pulls import suspicious
from gradtape.recorders.summaries import summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.report import GradientReport
    from gradtape.recorders.jax.asking import Asked, Source
    from gradtape.recorders.jax.program import Program

JACOBIANS = {"jax.jacrev", "jax.jacfwd", "jax.jacobian"}
REPEATED = {"jax.grad", "jax.value_and_grad", "jax.vjp"}
"""The questions that a backward pass over the recorded steps answers exactly as JAX did."""

FOLLOWED = {BreakKind.LEFT_AS_ARRAY, BreakKind.LEFT_AS_NUMBER}
"""The ways out that may have been taken by mistake: a gradient that arrives may lack a part."""

NO_RUN = Run((), (), None)


class Answer(NamedTuple):
    """What came out of a question, per source."""

    asked: Asked
    gradients: tuple[Any, ...]
    others: tuple[Any, ...]
    found: tuple[Summary, ...]
    statuses: tuple[Status, ...]

    @classmethod
    def of(cls, asked: Asked, gradients: Sequence[Any], others: Sequence[Any]) -> Answer | None:
        """Sort gradients by the sources; None if they cannot be told apart."""
        count = len(asked.sources)
        plain = tuple(map(np.asarray, gradients))
        if not count or not plain or (not asked.forward and len(plain) % count):
            return None
        some = [plain if asked.forward else plain[k::count] for k in range(count)]
        found = tuple(summary(g[0] if len(g) == 1 else np.concatenate([np.ravel(x) for x in g])) for g in some)
        statuses = [status_of(g[0] if len(g) == 1 else np.concatenate([np.ravel(x) for x in g])) for g in some]
        if any(s is not Status.NONE for s in statuses):  # whole numbers beside others: the program allows them
            statuses = [Status.OK if status is Status.NONE else status for status in statuses]
        if asked.forward:  # a tangent of zeros asks for nothing
            seeds = jax.tree.leaves(asked.seed)
            idle = [not np.asarray(s).any() for s in others[len(others) - len(seeds) :]]
            if len(idle) == count:
                statuses = [Status.OK if quiet else s for s, quiet in zip(statuses, idle, strict=True)]
        return cls(asked, plain, tuple(others), found, tuple(statuses))

    @property
    def strange(self) -> tuple[bool, ...]:
        """Per source, whether it is worth looking into how the gradient came about."""
        return tuple(
            s is not Status.OK or self._left_in_silence or (suspicious(f) and not self.asked.forward)
            for s, f in zip(self.statuses, self.found, strict=True)
        )

    @property
    def _left_in_silence(self) -> bool:
        """Whether a value became a plain number on the way, which JAX allows: a part of the gradient may be lost."""
        recording = self.asked.recording
        return recording is not None and any(left.kind in FOLLOWED for left in recording.left)

    @property
    def failed(self) -> bool:
        """Whether a gradient is zero, or not finite, or does not exist."""
        return any(s is not Status.OK for s in self.statuses)


def status_of(gradient: Any) -> Status:
    """Say what came out: zeros, something that is not finite, or a gradient; None for an integer's."""
    if gradient.dtype == jax.dtypes.float0:
        return Status.NONE
    if not jnp.issubdtype(gradient.dtype, jnp.inexact):
        return Status.OK
    if not np.isfinite(gradient.astype(np.float32) if gradient.dtype.kind == "V" else gradient).all():
        return Status.NAN
    return Status.OK if gradient.any() or not gradient.size else Status.ZERO


def healthy(asked: Asked) -> tuple[GradientReport, ...]:
    """Report that every gradient flows."""
    return tuple(_fine(asked, source) for source in asked.sources)


def _fine(asked: Asked, source: Source) -> GradientReport:
    return engine.explain(plain_question(asked, source, Status.OK))


def explained(answer: Answer, derivatives: Derivatives, to_draw: bool) -> tuple[GradientReport, ...]:
    """Work out the reports of an answer."""
    asked = answer.asked
    if not any(answer.strange) and not to_draw:
        return healthy(asked)
    seeds = len(jax.tree.leaves(asked.seed))
    outer, seed = answer.others[: len(answer.others) - seeds], answer.others[len(answer.others) - seeds :]
    if asked.recording is None:
        raise NotReplayable("the function was not run")
    program = replayed(asked.recording, outer)
    connections = sweep.connected(program, derivatives)
    graph = Graph(program, connections, asked.sources)
    name = target_name(asked)
    targets = [graph.target(asked, name, number) for number in asked.recording.targets]
    wanted, cotangents = _seeds(answer, program, seed)
    targets_asked = tuple(targets[k] for k in wanted)
    run = graph.run(asked, targets_asked)
    pulled, arrived = sweep.backwards(program, derivatives, connections, cotangents)
    pulls = graph.pulls(pulled)
    reports = []
    for k, source in enumerate(asked.sources):
        status, found = answer.statuses[k], answer.found[k]
        if not answer.strange[k] and not to_draw:
            reports.append(_fine(asked, source))
            continue
        end = (
            graph.source(source, made(asked, source), asked.place.site) if source.number else _plain_end(asked, source)
        )
        question = Question(
            run, asked.kind, asked.place.site, targets_asked, end, status, gradient=found, pulls=pulls, dialect="jax"
        )
        report = engine.explain(question)
        if source.number:
            ends = [program.names[asked.recording.targets[j]] for j in wanted]
            report = nested.told(report, question, graph, program.names[source.number], ends)
        reports.append(report)
        mine = arrived.get(program.names[source.number]) if source.number else None
        parts = sweep.parts_of(program, pulled, program.names[source.number]) if source.number else ()
        if asked.kind in REPEATED and source.number and _contradicts(status, mine, parts):
            context = Context(question)
            reports[-1] = replace(reports[-1], findings=(unexplained(context),), notes=())
    return tuple(reports)


def missing(asked: Asked) -> tuple[GradientReport, ...]:
    """Work out what ends the ways to what a function gave back, where JAX refused to differentiate that.

    Raises
    ------
    NotReplayable
        If the numbers are not known, or a step cannot be run again.
    """
    recording = asked.recording
    if recording is None or not recording.targets or recording.outer:
        raise NotReplayable("the function was traced for what runs around it")
    program = replayed(recording, ())
    graph = Graph(program, sweep.connected(program, Derivatives()), asked.sources)
    targets = tuple(graph.target(asked, target_name(asked), number) for number in recording.targets)
    run, call = graph.run(asked, targets), asked.place.site
    ends = [graph.source(s, made(asked, s), call) if s.number else _plain_end(asked, s) for s in asked.sources]
    return tuple(engine.explain(Question(run, asked.kind, call, targets, e, Status.NONE, dialect="jax")) for e in ends)


ROUNDINGS = 64
"""How many steps of rounding a sum may be away from zero whose parts cancel: JAX computes it in another order."""


def _contradicts(status: Status, mine: Any, parts: Sequence[Any]) -> bool:
    """Whether our own backward pass over the recorded steps gives another kind of gradient than JAX did."""
    own = Status.ZERO if mine is None else status_of(np.asarray(mine))
    if status is Status.ZERO and own is Status.OK and len(parts) > 1:
        largest = max(np.abs(part).max(initial=0) for part in parts)
        if np.abs(np.asarray(mine)).max(initial=0) <= ROUNDINGS * jnp.finfo(parts[0].dtype).eps * largest:
            return False
    return status in {Status.ZERO, Status.NAN} and own is not status


def target_name(asked: Asked) -> str:
    """Return what a function's result is called: as the function."""
    return nested.name_of(asked.function) or "the result"


def _seeds(answer: Answer, program: Program, seed: Sequence[Any]) -> tuple[list[int], dict[int, Any]]:
    """Return which targets are meant, and what goes back from each of them."""
    asked = answer.asked
    numbers = [program.names[n] for n in asked.recording.targets] if asked.recording is not None else []
    values = [program.values[n] for n in numbers]
    real = [k for k, v in enumerate(values) if jnp.issubdtype(jnp.result_type(v), jnp.inexact)]
    if asked.kind in JACOBIANS:
        count = len(asked.sources)
        bad = next((k for k, g in enumerate(answer.gradients) if not np.isfinite(g).all()), None)
        if bad is not None and bad // count < len(values):
            value, gradient = values[bad // count], answer.gradients[bad]
            rows = ~np.isfinite(gradient).reshape(*np.shape(value), -1).all(axis=-1)
            first = np.unravel_index(int(np.argmax(rows)), np.shape(value)) if np.shape(value) else ()
            return [bad // count], {numbers[bad // count]: jnp.zeros_like(value).at[first].set(1)}
    if asked.kind == "jax.vjp" and len(seed) == len(numbers):
        return real, {numbers[k]: jnp.asarray(seed[k]) for k in real}
    if not real:
        return list(range(len(numbers))), {}
    return real, {numbers[k]: jnp.ones_like(values[k]) for k in real}


def plain_question(asked: Asked, source: Source, status: Status, **more: Any) -> Question:
    """Return a question whose run nobody looks at."""
    name = target_name(asked)
    target = End(name, frozenset(), "tensor", "", differentiable=True, watched=True)
    return Question(
        NO_RUN, asked.kind, asked.place.site, (target,), _plain_end(asked, source), status, dialect="jax", **more
    )


def _kind(value: Any) -> str:
    """Say what an argument is."""
    if hasattr(value, "dtype"):
        return "tensor"
    if isinstance(value, complex | float | int):
        return "number"
    return "string" if isinstance(value, str) else "function" if inspect.isroutine(value) else "object"


def _plain_end(asked: Asked, source: Source) -> End:
    dtype = str(getattr(source.value, "dtype", type(source.value).__name__))
    try:
        real = bool(jnp.issubdtype(jnp.result_type(source.value), jnp.inexact))
    except TypeError:
        real = False
    return End(source.name, frozenset(), _kind(source.value), dtype, real, watched=True, made=made(asked, source))


def made(asked: Asked, source: Source) -> Event | None:
    """Return where the program made a source, as far as its text tells."""
    found = origins.made_at(asked.place.site.span, source.position, source.keys) if asked.call_gives_sources else None
    return None if found is None else Event(0, "create", 0, found)
