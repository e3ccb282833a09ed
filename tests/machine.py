"""The engine and the oracle side by side: each action runs on both, and what they answer is compared at once.

Actions run in lanes: the main one, threads, and contexts, which is what a task of asyncio is to a tape.
"""

from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from contextvars import copy_context

import numpy as np

import gradtape as gt
from gradtape.tape import missing

from . import oracle
from .formulas import FORMULAS

OURS = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "tanh": np.tanh,
    "cube": lambda a: a**3,
    "maximum": np.maximum,
    "minimum": np.minimum,
    "where": lambda a, b, mask: np.where(mask, a, b),
    "sum": lambda a: a.sum(),
    "sum0": lambda a: np.sum(a, axis=0),
    "reshape": lambda a, shape: np.reshape(a, shape),
    "getitem": lambda a, index: a[index],
    "dot": lambda a, b: a @ b,
    "stack": lambda *a: np.stack(a),
    "floor": np.floor,
    "cast": lambda a: a.astype(int).astype(float),
    "stop": gt.stop_gradient,
}
LARGEST = 30.0
"""Values beyond this size are not computed with: rounding would grow until the two no longer agree."""


class Wrong(AssertionError):
    """The engine and the oracle do not agree; the text holds the program."""


class Pair:
    """A value in both worlds."""

    def __init__(self, ours, theirs, name):
        self.ours, self.theirs, self.name = ours, theirs, name

    @property
    def shape(self):
        return self.theirs.data.shape

    @property
    def moderate(self):
        return bool(np.all(np.abs(self.theirs.data) < LARGEST))


class Tape:
    """A tape in both worlds, and where it stands; its pauses are context managers that wait to be left."""

    def __init__(self, persistent, auto, lane, name):
        self.ours = gt.GradientTape(persistent=persistent, watch_accessed_variables=auto)
        self.theirs = oracle.GradientTape(persistent, auto)
        self.persistent, self.lane, self.name = persistent, lane, name
        self.state = "new"
        self.pauses = ExitStack()


class Machine:
    """A program that grows by one action at a time; `log` is its text."""

    def __init__(self):
        self.log = []
        self.values, self.variables, self.tapes = [], [], []
        self.lanes = [lambda action: action()]
        self.threads = []

    def __enter__(self):
        missing.LISTENERS.append(ignore)  # who listens is not warned
        return self

    def __exit__(self, *error):
        for tape in reversed(self.tapes):
            if tape.state in {"open", "paused"}:
                self.close(tape)
        for thread in self.threads:
            thread.shutdown()
        missing.LISTENERS.remove(ignore)

    def add_task(self, lane):
        """Open a lane with a copy of another's context, as `asyncio.create_task` does."""
        self.lanes.append(self.lanes[lane](copy_context).run)
        self.write(f"task {len(self.lanes) - 1} is made in {lane}")

    def add_thread(self):
        """Open a lane in a thread of its own."""
        thread = ThreadPoolExecutor(1)
        self.threads.append(thread)
        self.lanes.append(lambda action: thread.submit(action).result())
        self.write(f"thread {len(self.lanes) - 1}")

    def write(self, line):
        self.log.append(line)

    def new(self, ours, theirs, kind):
        pair = Pair(ours, theirs, f"{kind}{len(self.values)}")
        self.values.append(pair)
        return pair

    def variable(self, value, trainable=True):
        """Make a variable in both worlds."""
        pair = self.new(gt.Variable(value, trainable=trainable), oracle.Variable(value, trainable), "v")
        self.variables.append(pair)
        self.write(f"{pair.name} = Variable({np.asarray(value).tolist()}, trainable={trainable})")

    def constant(self, value):
        """Make a constant in both worlds."""
        pair = self.new(gt.constant(value), oracle.Value(value), "c")
        self.write(f"{pair.name} = constant({np.asarray(value).tolist()})")

    def op(self, lane, name, inputs, **params):
        """Run an operation, unless its result would be large; plain numbers may stand among the inputs."""
        data = [i.theirs.data if isinstance(i, Pair) else i for i in inputs]
        with np.errstate(all="ignore"):
            value = FORMULAS[name][0](*data, **params)
        if not np.all(np.abs(value) < LARGEST):
            return
        theirs = self.lanes[lane](
            lambda: oracle.run(name, *[i.theirs if isinstance(i, Pair) else i for i in inputs], **params)
        )
        ours = self.lanes[lane](lambda: OURS[name](*[i.ours if isinstance(i, Pair) else i for i in inputs], **params))
        pair = self.new(ours, theirs, "t")
        named = ", ".join([*(i.name if isinstance(i, Pair) else str(i) for i in inputs), *map(str, params.values())])
        self.write(f"{pair.name} = {name}({named})  # lane {lane}")
        self.compare(pair)

    def assign(self, lane, variable, value):
        """Assign a plain value or another value's."""
        self.write(f"{variable.name}.assign({value.name if isinstance(value, Pair) else value})  # lane {lane}")
        self.lanes[lane](lambda: variable.ours.assign(value.ours if isinstance(value, Pair) else value))
        variable.theirs.assign(value.theirs if isinstance(value, Pair) else value)

    def open(self, lane, persistent, auto):
        """Make a tape and enter it."""
        tape = Tape(persistent, auto, lane, f"tape{len(self.tapes)}")
        self.tapes.append(tape)
        self.write(f"{tape.name} = GradientTape({persistent=}, {auto=})")
        self.reopen(tape)

    def reopen(self, tape):
        """Enter a tape, also for the second time."""
        self.on_tape(tape, "__enter__")
        tape.state = "open"

    def close(self, tape):
        """Leave a tape, and its pause before that."""
        if tape.state == "paused":
            self.resume(tape)
        self.on_tape(tape, "__exit__", None, None, None)
        tape.state = "closed"

    def on_tape(self, tape, method, *args):
        self.write(f"{tape.name}.{method}()  # lane {tape.lane}")
        for one in (tape.ours, tape.theirs):
            self.lanes[tape.lane](lambda one=one: getattr(one, method)(*args))

    def reset(self, tape):
        """Let a tape that records forget."""
        self.on_tape(tape, "reset")

    def pause(self, tape):
        """Stop a tape's recording until `resume`."""
        self.write(f"{tape.name}.stop_recording()")
        for one in (tape.ours, tape.theirs):
            self.lanes[tape.lane](lambda one=one: tape.pauses.enter_context(one.stop_recording()))
        tape.state = "paused"

    def resume(self, tape):
        """Let a paused tape go on."""
        self.write(f"{tape.name} goes on")
        self.lanes[tape.lane](tape.pauses.close)
        tape.state = "open"

    def watch(self, tape, value):
        """Watch a value from now on."""
        self.write(f"{tape.name}.watch({value.name})")
        for one, what in ((tape.ours, value.ours), (tape.theirs, value.theirs)):
            self.lanes[tape.lane](lambda one=one, what=what: one.watch(what))

    def gradient(self, lane, tape, targets, sources, weights=None, unconnected="none"):
        """Ask both for gradients and compare them; moderate ones become values of the program."""
        weights = weights or [None] * len(targets)
        text = ", ".join(w.name if w else "1" for w in weights)
        self.write(
            f"{tape.name}.gradient([{names(targets)}], [{names(sources)}], [{text}], {unconnected!r})  # lane {lane}"
        )
        theirs = self.lanes[lane](
            lambda: tape.theirs.gradient(
                [t.theirs for t in targets], [s.theirs for s in sources], [w and w.theirs for w in weights], unconnected
            )
        )
        ours = self.lanes[lane](
            lambda: tape.ours.gradient(
                [t.ours for t in targets], [s.ours for s in sources], [w and w.ours for w in weights], unconnected
            )
        )
        if not tape.persistent:
            tape.state = "used"
        for source, g, h in zip(sources, ours, theirs, strict=True):
            if (g is None) != (h is None):
                raise self.wrong(f"the gradient for {source.name} is {g}, the oracle says {h and h.data}")
            if g is not None:
                # two gradients may be one and the same value or two equal ones: copies are two in both worlds
                copies = self.lanes[lane](lambda g=g, h=h: (gt.identity(g), oracle.run("read", h)))
                pair = Pair(*copies, f"g{len(self.values)}")
                self.compare(pair)
                if pair.moderate:
                    self.values.append(pair)

    def compare(self, pair):
        ours, theirs = pair.ours.numpy(), pair.theirs.data
        if ours.shape != theirs.shape:
            raise self.wrong(f"{pair.name} has shape {ours.shape}, the oracle says {theirs.shape}")
        largest = np.max(np.abs(theirs), initial=1.0)
        if not np.all(np.abs(ours - theirs) <= 1e-7 * largest):
            raise self.wrong(f"{pair.name} is {ours}, the oracle says {theirs}")

    def wrong(self, text):
        return Wrong("\n".join([text, "the program:", *self.log]))


def ignore(_asked):
    """Listen to gradient questions; being there is enough."""


def names(pairs):
    return ", ".join(p.name for p in pairs)
