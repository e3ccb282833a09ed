"""Hypothesis builds programs one action at a time, and shrinks one on which engine and oracle part."""

import numpy as np
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from tests.machine import Machine
from tests.programs import BINARY, INDICES, SHAPES, UNARY, fit_together

NUMBERS = st.floats(-2, 2).map(lambda x: round(x, 3))
CHOICE = st.integers(0, 10**6)


def pick(items, choice):
    return items[choice % len(items)]


class Programs(RuleBasedStateMachine):
    """The actions of a `Machine` as Hypothesis' rules; every number chooses among what there is."""

    def __init__(self):
        super().__init__()
        self.machine = Machine()
        self.machine.__enter__()

    def teardown(self):
        self.machine.__exit__()

    @initialize(x=NUMBERS)
    def start(self, x):
        self.machine.variable(x)

    def lane(self, choice):
        return choice % len(self.machine.lanes)

    def tapes(self, *states):
        return [t for t in self.machine.tapes if t.state in states]

    @rule(shape=st.sampled_from(SHAPES), x=NUMBERS, trainable=st.booleans())
    def variable(self, shape, x, trainable):
        self.machine.variable(np.full(shape, x) + np.arange(np.prod(shape, dtype=int)).reshape(shape), trainable)

    @rule(shape=st.sampled_from(SHAPES), x=NUMBERS)
    def constant(self, shape, x):
        self.machine.constant(np.full(shape, x))

    @rule(name=st.sampled_from([n for n in UNARY if n not in {"getitem", "reshape", "sum0"}]), a=CHOICE, lane=CHOICE)
    def unary(self, name, a, lane):
        self.machine.op(self.lane(lane), name, [pick(self.machine.values, a)])

    @rule(a=CHOICE, k=CHOICE, lane=CHOICE)
    def index(self, a, k, lane):
        values = [v for v in self.machine.values if v.shape in {(3,), (2, 3)}]
        if values:
            value = pick(values, a)
            self.machine.op(self.lane(lane), "getitem", [value], index=pick(INDICES[len(value.shape)], k))

    @rule(name=st.sampled_from(sorted(set(BINARY) - {"dot", "stack", "div"})), a=CHOICE, b=CHOICE, lane=CHOICE)
    def binary(self, name, a, b, lane):
        left = pick(self.machine.values, a)
        right = pick([v for v in self.machine.values if fit_together(v.shape, left.shape)], b)
        params = {"mask": left.theirs.data > 0.3} if name == "where" else {}
        self.machine.op(self.lane(lane), name, [left, right], **params)

    @rule(a=CHOICE, b=CHOICE, name=st.sampled_from(["dot", "stack"]), lane=CHOICE)
    def pair(self, a, b, name, lane):
        left = pick(self.machine.values, a)
        right = pick([v for v in self.machine.values if v.shape == left.shape], b)
        if name == "stack" or len(left.shape) == 1:
            self.machine.op(self.lane(lane), name, [left, right])

    @rule(v=CHOICE, x=NUMBERS, lane=CHOICE)
    def assign(self, v, x, lane):
        variable = pick(self.machine.variables, v)
        self.machine.assign(self.lane(lane), variable, np.full(variable.shape, x))

    @precondition(lambda self: len(self.machine.tapes) < 5)
    @rule(lane=CHOICE, persistent=st.booleans(), auto=st.booleans())
    def open(self, lane, persistent, auto):
        self.machine.open(self.lane(lane), persistent, auto)

    @precondition(lambda self: self.tapes("open", "paused"))
    @rule(t=CHOICE)
    def close(self, t):
        self.machine.close(pick(self.tapes("open", "paused"), t))

    @precondition(lambda self: self.tapes("closed"))
    @rule(t=CHOICE)
    def reopen(self, t):
        self.machine.reopen(pick(self.tapes("closed"), t))

    @precondition(lambda self: self.tapes("open"))
    @rule(t=CHOICE)
    def pause(self, t):
        self.machine.pause(pick(self.tapes("open"), t))

    @precondition(lambda self: self.tapes("paused"))
    @rule(t=CHOICE)
    def resume(self, t):
        self.machine.resume(pick(self.tapes("paused"), t))

    @precondition(lambda self: self.tapes("open"))
    @rule(t=CHOICE)
    def reset(self, t):
        self.machine.reset(pick(self.tapes("open"), t))

    @precondition(lambda self: self.tapes("open", "paused", "closed"))
    @rule(t=CHOICE, v=CHOICE)
    def watch(self, t, v):
        self.machine.watch(pick(self.tapes("open", "paused", "closed"), t), pick(self.machine.values, v))

    @precondition(lambda self: self.tapes("open", "closed"))
    @rule(
        t=CHOICE,
        goals=st.lists(CHOICE, min_size=1, max_size=2),
        sources=st.lists(CHOICE, min_size=1, max_size=3),
        unconnected=st.sampled_from(["none", "zero"]),
        lane=CHOICE,
    )
    def gradient(self, t, goals, sources, unconnected, lane):
        tape, values = pick(self.tapes("open", "closed"), t), self.machine.values
        here = tape.lane if tape.state == "open" and not tape.persistent else self.lane(lane)
        asked = [pick(values, k) for k in goals], [pick(values, k) for k in sources]
        self.machine.gradient(here, tape, *asked, unconnected=unconnected)

    @precondition(lambda self: len(self.machine.lanes) < 4)
    @rule(lane=CHOICE)
    def task(self, lane):
        self.machine.add_task(self.lane(lane))

    @precondition(lambda self: len(self.machine.threads) < 2)
    @rule()
    def thread(self):
        self.machine.add_thread()


TestPrograms = Programs.TestCase
TestPrograms.settings = settings(
    max_examples=60, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)
