"""Tiny programs that every hook has to notice: of TensorFlow, of Keras, and of traced functions.

Each yields a word for everything that it saw noticed; the hooks that write into the memory are asked there afterwards.
"""

from __future__ import annotations

import sys
from contextlib import redirect_stdout, suppress
from io import StringIO
from operator import index
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.recorders.tensorflow import frames, private
from gradtape.recorders.tensorflow.keras_models import KERAS, PREDICTS, TRAINS
from gradtape.recorders.tensorflow.leaving import ARRAY, BRANCH, NUMBER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.recorders.tensorflow.asking import Asking
    from gradtape.recorders.tensorflow.backward import Backward
    from gradtape.recorders.tensorflow.functions import Functions
    from gradtape.recorders.tensorflow.keras_models import Keras
    from gradtape.recorders.tensorflow.memory import Memory
    from gradtape.recorders.tensorflow.private import Names


class Hooks(NamedTuple):
    """Everything that listens, and where it writes."""

    memory: Memory
    names: Names
    backward: Backward
    asking: Asking
    keras: Keras
    functions: Functions


QUESTIONS = ("tape.gradient", "tape.jacobian", "tape.batch_jacobian", "tf.gradients")

DOORS: dict[str, Callable[[Any], Any]] = {
    "`.numpy()`": lambda y: y.numpy(),
    "`__array__`": lambda y: y.__array__(),
    "`float`": float,
    "`int`": int,
    "`complex`": complex,
    "`index`": index,
    "`if`": bool,
    "NumPy's functions of elements": lambda y: np.abs(y),  # noqa: PLW0108
    "NumPy's other functions": lambda y: np.copyto(np.empty(()), y),
    "`np.asarray`": lambda y: np.asarray(y),  # noqa: PLW0108
    "`np.array`": lambda y: np.array(y),  # noqa: PLW0108
    "`np.asanyarray`": lambda y: np.asanyarray(y),  # noqa: PLW0108
    "`np.ascontiguousarray`": lambda y: np.ascontiguousarray(y),  # noqa: PLW0108
}
"""The ways out of TensorFlow, each alone; NumPy's functions as they are then, and with an argument that has a name."""


def of_tensorflow(hooks: Hooks) -> Iterator[str]:
    """Compute, differentiate, ask, and leave by every door."""
    tf, memory = hooks.names.tf, hooks.memory

    @tf.custom_gradient  # type: ignore[untyped-decorator]
    def probe(x: Any) -> Any:
        return x * 1.0, lambda up: up

    w = tf.Variable([1.0, 2.0])
    with tf.GradientTape() as tape:
        tape.reset()
        with tape.stop_recording():
            tape.watch(w)
        y = tf.reduce_sum(tf.square(w) * probe(w * 2.0))
    tape.gradient(y, w)
    for ask in (tape.jacobian, tape.batch_jacobian, tf.gradients):
        with suppress(Exception):  # the tape is used up, and nothing runs in a graph
            ask(y, w)
    life = memory.life_of(tape)
    yield from {what for _, what, _ in life.changes} if life is not None else ()
    tf.size(y)
    tf.numpy_function(np.sin, [y], tf.float32)
    tf.py_function(tf.sin, [y], tf.float32)
    thread = Thread(target=tf.tan, args=(y,))
    thread.start()
    thread.join()
    tf.function(tf.sin)(y)
    if hooks.functions.called:
        yield "function"
    yield from _left(tf, memory)


def _left(tf: Any, memory: Memory) -> Iterator[str]:
    for door, leave in DOORS.items():
        y = tf.zeros((), tf.int32 if door == "`index`" else tf.float32) + 1
        before = memory.clock()
        leave(y)
        newest = memory.happenings[-1] if memory.happenings else None
        if newest is not None and newest.seq > before and newest.kind in (ARRAY, NUMBER, BRANCH):
            yield door


def of_keras(hooks: Hooks) -> Iterator[str]:
    """Make a model with a weight and call what Keras does with models: its doors open, and there is nothing inside.

    Everything has a name of its own, so that the names of the script's layers do not change, and no tape that is open
    gets to watch it.
    """
    keras = sys.modules[KERAS]
    with hooks.names.record.stop_recording():
        model = keras.Model(name="probe")
        if hooks.keras.made(model):
            yield "layer"
        weight = model.add_weight(shape=(), initializer="zeros", name="probe")
        if hooks.keras.made(weight):
            yield "weight"
        for name in (*TRAINS, *PREDICTS):
            with suppress(Exception):
                getattr(model, name)(None)
        with suppress(Exception):  # "No gradients provided"
            keras.optimizers.SGD(name="probe").apply_gradients([(None, weight)])
        with suppress(ValueError):  # it has no values
            hooks.names.tf.convert_to_tensor(keras.KerasTensor((), name="probe"))
        yield from (f"called {name}" for name in hooks.keras.called)


SEEN_AGAIN = """
count = 0

def function(x):
    global count
    count += 1
    print("once")
    random_seed.get_seed(None)
    return tf.executing_eagerly()
"""
"""A function that says how it runs, as text: only a program's own code is looked through."""


def of_replays(hooks: Hooks) -> Iterator[str]:
    """Run a function eagerly that was traced: it has to find what the trace found, and to leave nothing."""
    tf, printed, replays = hooks.names.tf, StringIO(), hooks.functions.replays
    scope: dict[str, Any] = {"tf": tf, "random_seed": hooks.names.random_seed}
    exec(compile(SEEN_AGAIN, "probe.py", "exec"), scope)  # noqa: S102
    with redirect_stdout(printed), hooks.functions.traced():
        traced = replays.trace(tf.function(scope["function"], autograph=False), (tf.constant(1.0),), {})
    with redirect_stdout(printed), replays.replayed(traced):
        eagerly = scope["function"](None)
    if scope["count"] == 1:
        yield "put back"
    if printed.getvalue().count("once") == 1:
        yield "printed once"
    if not eagerly:
        yield "as traced"
    if replays.seeds(traced):
        yield "seeds"


def of_functions(hooks: Hooks) -> Iterator[str]:
    """Trace a function that reads a variable and calls another function."""
    tf, memory = hooks.names.tf, hooks.memory
    known = set(memory.graphs)
    w = tf.Variable(2.0)

    @tf.function  # type: ignore[untyped-decorator]
    def inner(x: Any) -> Any:
        return x * 2.0

    @tf.function  # type: ignore[untyped-decorator]
    def outer(x: Any) -> Any:
        return inner(x) * w

    run = hooks.names.eager_run
    eagerly = private.runs_eagerly(run)
    private.run_eagerly(run, eagerly=False)
    try:
        with hooks.names.record.stop_recording():
            outer(tf.constant(1.0))
    finally:
        private.run_eagerly(run, eagerly=eagerly)
    traced = set(memory.graphs) - known
    if traced:
        yield "traced"
    if any(ran[7] and ran[1] in traced for ran in memory.operations):
        yield "call in a graph"
    if any(code.co_filename == __file__ for code, _ in frames.ORIGINS.values()):
        yield "rewritten"
