"""Tries every hook on a tiny program before it is relied on: what does not fire in this version is named."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.cause import Stage
from gradtape.recorders.tensorflow import frames, tiny
from gradtape.recorders.tensorflow.hooks import READ
from gradtape.recorders.tensorflow.keras_models import CONVERTS, PREDICTS, TRAINS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.recorders.tensorflow.tiny import Hooks

NOTHING: frozenset[Stage] = frozenset()

UNKNOWN_WAYS = frozenset({Stage.ABSENCE})
"""What cannot be told where values may have gone ways that are not seen: that there is no way."""

UNKNOWN_SOURCES = frozenset({Stage.SOURCE, Stage.ABSENCE})
"""What cannot be told where it is not known what tapes follow: that a source is not watched, too."""

DOUBTFUL_WAYS = frozenset({Stage.BREAK, Stage.ABSENCE})
"""The same where the way may be another one: what ends a path (`BREAK`) is still told, as possible."""

EVERYTHING = frozenset({Stage.SOURCE, Stage.BREAK, Stage.NUMBERS, Stage.ABSENCE})


class Probe(NamedTuple):
    """One hook: the words for what it must have noticed, what is not known without it, which reasons are withheld."""

    needs: frozenset[str]
    missing: str
    withholds: frozenset[Stage]


def _probe(needs: str | tuple[str, ...], missing: str, withholds: frozenset[Stage]) -> Probe:
    return Probe(frozenset([needs] if isinstance(needs, str) else needs), missing, withholds)


OF_TENSORFLOW = (
    _probe(("ran Mul", "ran Sum"), "operations are not seen, so reasons cannot be given", EVERYTHING),
    _probe(
        "two reads", "variables that the fast path reads are not seen: some ways to them are unknown", UNKNOWN_SOURCES
    ),
    _probe("create", "it is not seen where variables are made", UNKNOWN_SOURCES),
    _probe("constant", "it is not seen where plain values come in", UNKNOWN_WAYS),
    _probe("ran Size", "it is not seen where elements are counted", UNKNOWN_WAYS),
    _probe(
        ("enter", "exit", "pause", "resume", "drop", "reset"),
        "tapes are not seen: it is unknown what ran outside of them",
        UNKNOWN_SOURCES,
    ),
    _probe("watch", "it is not seen what tapes are told to watch", UNKNOWN_SOURCES),
    _probe("step Mul", "backward passes are not seen: zeros and NaN cannot be explained", frozenset({Stage.NUMBERS})),
    _probe("step probe", "custom gradients are not seen", DOUBTFUL_WAYS),
    _probe("callback", "it is not seen what `numpy_function` is given", DOUBTFUL_WAYS),
    _probe(("given", "inside"), "it is not seen what `py_function` is given", UNKNOWN_WAYS),
    _probe("function", "it is not heard that a function runs: which have to be traced is not known", DOUBTFUL_WAYS),
    _probe("ran Tan", "other threads are not heard", UNKNOWN_SOURCES),
    *(_probe(f"asked {q}", f"`{q}` is not heard: its answers are not explained", NOTHING) for q in tiny.QUESTIONS),
    *(_probe(door, f"it is not seen where {door} takes values out", UNKNOWN_WAYS) for door in tiny.DOORS),
)

OF_KERAS = (
    _probe("layer", "it is not seen where layers are made", UNKNOWN_SOURCES),
    _probe("weight", "it is not seen which layer's weights are", UNKNOWN_SOURCES),
    *(
        _probe(f"called {name}", f"`{name}` is not heard: its tape is told as the program's", NOTHING)
        for name in TRAINS
    ),
    *(
        _probe(f"called {name}", f"`{name}` is not heard: it is unknown what leaves in it", DOUBTFUL_WAYS)
        for name in PREDICTS
    ),
    _probe(f"called {CONVERTS}", f"`{CONVERTS}` of a symbol is not heard: that it is refused is not told", NOTHING),
    _probe("called apply", "it is not heard what optimizers are given: None for a weight is not told", NOTHING),
)

OF_REPLAYS = (
    _probe("put back", "plain Python in functions made with tf.function runs in every call", NOTHING),
    _probe("printed once", "functions made with tf.function print in every call", NOTHING),
    _probe("as traced", "functions made with tf.function hear that they run eagerly", NOTHING),
    _probe("seeds", "functions made with tf.function draw other random numbers than usual", NOTHING),
)

OF_FUNCTIONS = (
    _probe("traced", "traced functions are not seen inside", DOUBTFUL_WAYS),
    _probe("call in a graph", "calls inside traced functions are not seen", DOUBTFUL_WAYS),
    _probe("captured", "it is not seen what traced functions read from outside", DOUBTFUL_WAYS),
    _probe("rewritten", "lines of traced functions are not known", DOUBTFUL_WAYS),
)


class Trial(NamedTuple):
    """A tiny program, what must have been noticed of it, and what is withheld if it does not run at all."""

    program: Callable[[Hooks], Iterator[str]]
    probes: tuple[Probe, ...]
    withholds: frozenset[Stage]


TENSORFLOW = Trial(tiny.of_tensorflow, OF_TENSORFLOW, EVERYTHING)
KERAS = Trial(tiny.of_keras, OF_KERAS, UNKNOWN_SOURCES)
REPLAYS = Trial(tiny.of_replays, OF_REPLAYS, NOTHING)
FUNCTIONS = Trial(tiny.of_functions, OF_FUNCTIONS, DOUBTFUL_WAYS)


class Trials:
    """Tries the hooks, each kind once; what does not work is said, and no answer depends on it.

    They are tried when the script first needs them and not before: running anything settles TensorFlow's devices, and
    the script may still want to choose them.
    """

    def __init__(self, hooks: Hooks, say: Callable[[str, frozenset[Stage]], None]) -> None:
        self.hooks = hooks
        self.say = say
        self._left = [TENSORFLOW, KERAS, REPLAYS, FUNCTIONS]

    def before_tape(self) -> None:
        """Try what a tape needs: before the first one starts, or the first question if no tape was seen to start."""
        self._try(TENSORFLOW)
        if self.hooks.keras.hung:
            self._try(KERAS)

    def before_traced(self) -> None:
        """Try what a function needs that is not to run eagerly."""
        self.before_tape()
        self._try(FUNCTIONS)

    def before_replay(self) -> None:
        """Try what a function needs that runs eagerly in place of its graph."""
        self._try(REPLAYS)

    def _try(self, trial: Trial) -> None:
        memory = self.hooks.memory
        if trial not in self._left or memory.probing or memory.hidden or memory.stopped:
            return
        if not self.hooks.names.tf.executing_eagerly() or not frames.stack(_getframe(1)):
            return
        self._left.remove(trial)
        for probe in missing(trial, self.hooks):
            self.say(probe.missing, probe.withholds)


def missing(trial: Trial, hooks: Hooks) -> list[Probe]:
    """Run a tiny program and return what does not work; nothing of it is remembered."""
    try:
        noticed = _noticed(trial, hooks)
    except Exception as error:  # noqa: BLE001  whatever another version makes of it
        text = f"the hooks do not get on with this version ({type(error).__name__}: {error})"
        return [Probe(frozenset(), text, trial.withholds)]
    return [probe for probe in trial.probes if not probe.needs <= noticed]


def _noticed(trial: Trial, hooks: Hooks) -> set[str]:
    """Return the words for what the hooks noticed of a tiny program."""
    memory, backward, asking = hooks.memory, hooks.backward, hooks.asking
    left, memory.something_left = memory.something_left, False
    steps, backward.steps = backward.steps, []
    graphs, moment = set(memory.graphs), memory.clock()
    memory.probing = True
    try:
        noticed = set(trial.program(hooks))
        noticed.update(f"step {step.type}" for step in backward.steps)
    finally:
        memory.probing = False
        backward.steps, memory.something_left = steps, left
        ran, happened = memory.forget_since(moment)
        for name in set(memory.graphs) - graphs:
            del memory.graphs[name]
    noticed.update(f"ran {r[1]}" for r in ran)
    noticed.update(h.kind for h in happened)
    noticed.update(f"asked {kind}" for kind in asking.tried)
    if sum(r[1] == READ for r in ran) >= 2:
        noticed.add("two reads")
    return noticed
