"""Tries every hook on a tiny program before the script runs: what does not fire in this version is named."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.explain.cause import Stage
from gradtape.recorders.tensorflow.hooks import READ
from gradtape.recorders.tensorflow.leaving import ARRAY, NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable

    from gradtape.recorders.tensorflow.backward import Backward
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names


class Seen(NamedTuple):
    """What the hooks wrote of the tiny program."""

    types: set[str]
    kinds: set[str]
    reads: int
    lives: int
    steps: set[str]


UNKNOWN_WAYS = frozenset({Stage.ABSENCE})
"""What cannot be told where values may have gone ways that are not seen: that there is no way."""

UNKNOWN_SOURCES = frozenset({Stage.SOURCE, Stage.ABSENCE})
"""What cannot be told where it is not known what tapes follow: that a source is not watched, too."""

EVERYTHING = frozenset({Stage.SOURCE, Stage.BREAK, Stage.NUMBERS, Stage.ABSENCE})


class Probe(NamedTuple):
    """One hook: whether it fired, what is not known without it, and which reasons cannot be told then.

    What ends a path (`BREAK`) is still told, as possible: the operation is there, only the way may be another.
    """

    holds: Callable[[Seen], bool]
    missing: str
    withholds: frozenset[Stage]


PROBES = (
    Probe(lambda s: {"Mul", "Sum"} <= s.types, "operations are not seen, so reasons cannot be given", EVERYTHING),
    Probe(
        lambda s: s.reads >= 2,
        "variables that the fast path reads are not seen: some ways to them are unknown",
        UNKNOWN_SOURCES,
    ),
    Probe(lambda s: "create" in s.kinds, "it is not seen where variables are made", UNKNOWN_SOURCES),
    Probe(lambda s: "constant" in s.kinds, "it is not seen where plain values come in", UNKNOWN_WAYS),
    Probe(lambda s: ARRAY in s.kinds, "it is not seen where NumPy takes values out", UNKNOWN_WAYS),
    Probe(lambda s: NUMBER in s.kinds, "it is not seen where values become Python numbers", UNKNOWN_WAYS),
    Probe(lambda s: s.lives > 0, "tapes are not seen: it is unknown what ran outside of them", UNKNOWN_SOURCES),
    Probe(
        lambda s: "Mul" in s.steps,
        "backward passes are not seen: zeros and NaN cannot be explained",
        frozenset({Stage.NUMBERS}),
    ),
    Probe(lambda s: "probe" in s.steps, "custom gradients are not seen", frozenset({Stage.BREAK, Stage.ABSENCE})),
)


def missing(memory: Memory, names: Names, backward: Backward) -> list[Probe]:
    """Run the tiny program and return what does not work; nothing of it is remembered.

    It runs when the script enters its first tape, or asks its first question if no tape was seen, and not before:
    running anything settles TensorFlow's devices, and the script may still want to choose them.
    """
    left, memory.something_left = memory.something_left, False
    moment = memory.clock()
    try:
        steps, lives = _run(names.tf, memory, backward)
    except Exception as error:  # noqa: BLE001  whatever another version makes of it
        text = f"the hooks do not get on with this TensorFlow ({type(error).__name__}: {error})"
        return [Probe(lambda _: False, text, EVERYTHING)]
    finally:
        ran, happened = memory.forget_since(moment)
        memory.something_left = left
    seen = Seen(
        {r[1] for r in ran},
        {h.kind for h in happened},
        sum(r[1] == READ for r in ran),
        lives,
        {step.type for step in steps},
    )
    return [probe for probe in PROBES if not probe.holds(seen)]


def _run(tf: Any, memory: Memory, backward: Backward) -> tuple[list[Any], int]:
    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def probe(x: Any) -> Any:
        return x * 1.0, lambda up: up

    memory.probing = True
    steps, backward.steps = backward.steps, []
    try:
        w = tf.Variable([1.0, 2.0])
        with tf.GradientTape() as tape:
            y = tf.reduce_sum(tf.square(w) * probe(w * 2.0))
        tape.gradient(y, w)
        np.abs(y)
        float(y)
        return backward.steps, int(memory.life_of(tape) is not None)
    finally:
        memory.probing = False
        backward.steps = steps
