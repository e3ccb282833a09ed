"""Hears the answers, looks at their numbers, and has those explained that are new."""

from __future__ import annotations

import threading
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from gradtape.explain.report import Status
from gradtape.recorders.heard import failed_to_explain
from gradtape.recorders.jax import explaining, failures
from gradtape.recorders.jax.asking import Asked
from gradtape.recorders.jax.derivatives import Derivatives
from gradtape.recorders.jax.explaining import Answer
from gradtape.recorders.jax.hooks import STATE
from gradtape.recorders.jax.leaks import Leaks
from gradtape.recorders.jax.places import here, raised_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.explain.report import GradientReport
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.jax.places import Place

MOST_WAITING = 20
"""How many answers of compiled functions wait to be looked at; those of one question that look alike wait once."""


class Telling:
    """What the questions of a run report to."""

    def __init__(self, heard: Heard, options: Options) -> None:
        self.heard = heard
        self.options = options
        self.derivatives = Derivatives()
        self.leaks = Leaks()
        self._stopped: set[Any] = set()
        self._expected: dict[tuple[str, Place], Asked] = {}
        """Of each place one question that was only traced."""
        self._waiting: dict[Any, tuple[Asked, list[Any], list[Any]]] = {}
        self._lock = threading.Lock()
        self._told: list[BaseException] = []

    def listens(self, place: Place) -> bool:
        """Whether a call is to be recorded: once its gradients failed, only if all steps are wanted."""
        if STATE.busy:
            return False
        self.settle()
        return place.site not in self._stopped

    # -- what came out --------------------------------------------------------------------------------------------

    def expect(self, asked: Asked) -> None:
        """Remember a question that is only traced: if nothing is heard of it, its gradients are in order."""
        self._expected.setdefault((asked.kind, asked.place), asked)

    def later(self, asked: Asked, gradients: list[Any], others: list[Any]) -> None:
        """Keep an answer from within a compiled function, where JAX must not be called."""
        sorts = tuple(explaining.status_of(np.asarray(g)) for g in gradients)
        with self._lock:
            if len(self._waiting) < MOST_WAITING:
                self._waiting.setdefault((id(asked), sorts), (asked, gradients, others))

    def settle(self) -> None:
        """Look at the answers of compiled functions that came in."""
        while self._waiting:
            with self._lock:
                waiting, self._waiting = self._waiting, {}
            for asked, gradients, others in waiting.values():
                self.look(asked, gradients, others)

    def look(self, asked: Asked, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Look at the gradients of a question, and have them explained if their like is new."""
        self._expected.pop((asked.kind, asked.place), None)
        answer = Answer.of(asked, gradients, others)
        if answer is None:
            return
        if answer.failed and not self.options.all_steps:
            self._stopped.add(asked.place.site)
        story = asked.recording.story if asked.recording is not None else None
        call = (asked.kind, asked.place, answer.statuses, answer.strange)
        self._hear(
            asked,
            call,
            story,
            answer.statuses,
            lambda: explaining.explained(answer, self.derivatives, self.heard.to_draw),
        )

    def failed(self, asked: Asked, error: Exception) -> None:
        """Explain an error that came in the place of gradients; of nested questions the innermost is told."""
        if STATE.busy or any(error is known for known in self._told):
            return
        self._told.append(error)
        statuses = (Status.ERROR,) * len(asked.sources)
        call = (asked.kind, asked.place, type(error))
        self._hear(asked, call, str(error), statuses, lambda: failures.explained(asked, error, self.leaks))

    def escaped(self, error: Exception) -> None:
        """Explain an error of JAX's outside of every gradient; one within is told by its question."""
        if STATE.asked or any(error is known for known in self._told):
            return
        outside = self._outside(error)
        if outside is not None:
            self.failed(outside, error)

    def finish(self, error: BaseException | None) -> None:
        """Report what only the end of the run tells."""
        jax.effects_barrier()
        self.settle()
        for asked in list(self._expected.values()):
            statuses = (Status.OK,) * len(asked.sources)
            self._hear(asked, (asked.kind, asked.place), None, statuses, partial(explaining.healthy, asked))
        if isinstance(error, Exception):
            self.escaped(error)
        for place, name in self.leaks.kept_in_silence():
            self.heard.remark(
                f"{Path(place.file).name}:{place.line} keeps a traced value of `{name}`; to use it once `{name}` has "
                "returned is an error"
            )
        self._told.clear()

    def _outside(self, error: Exception) -> Asked | None:
        """Return what an error outside of every gradient is about: the question whose value was kept, or the run."""
        place = raised_at(error) or here()
        if place is None or not failures.kind_of(failures.of_jax(error)):
            return None
        leak = self.leaks.refused()
        if leak is not None and leak.asked is not None:
            return leak.asked
        return Asked.of_the_run(place, self)

    def _hear(
        self,
        asked: Asked,
        call: Any,
        story: Any,
        statuses: Sequence[Status],
        explain: Callable[[], tuple[GradientReport, ...]],
    ) -> None:
        def guarded() -> tuple[GradientReport, ...]:
            busy, STATE.busy = STATE.busy, True
            try:
                with jax.ensure_compile_time_eval():  # whatever the program is being traced for at the moment
                    asked.reports = explain()
            except Exception as error:  # noqa: BLE001  a mistake of ours must not end somebody's training
                answers = [(s.name, str(status)) for s, status in zip(asked.sources, statuses, strict=True)]
                return failed_to_explain(error, asked.kind, asked.place.site, answers)
            finally:
                STATE.busy = busy
            return asked.reports

        self.heard.hear(call, story, guarded)
