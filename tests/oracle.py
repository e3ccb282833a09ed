"""A second tape, plain and slow, to compare the engine with: own records, own formulas, nothing of the package.

An operation is on a tape if an input is known to it: watched, read from a watched variable, or made on the tape.
Formulas (`formulas.py`) are made of the oracle's own operations, so gradients have gradients; None stands where nothing
on the tape leads.
"""

import contextlib
import contextvars
import itertools

import numpy as np

from .formulas import FORMULAS

OPEN = contextvars.ContextVar("tapes that record here", default=())
KEYS = itertools.count(1)


class Value:
    def __init__(self, data, key=None):
        self.data, self.key = np.array(data, float), key or next(KEYS)

    def op(self, name, *others, **params):
        return run(name, self, *others, **params)

    __add__ = lambda self, other: run("add", self, other)
    __mul__ = lambda self, other: run("mul", self, other)
    __truediv__ = lambda self, other: run("div", self, other)


class Variable(Value):
    def __init__(self, data, trainable=True):
        super().__init__(data)
        self.trainable = trainable

    def assign(self, value):
        self.data = np.array(value.data if isinstance(value, Value) else value, float)

    def read(self):
        for tape in OPEN.get():
            tape.known |= {self.key} if tape.auto and self.trainable else set()
        return run("read", Value(self.data, self.key))


def run(name, *inputs, **params):
    values = [v.read() if isinstance(v, Variable) else v if isinstance(v, Value) else Value(v) for v in inputs]
    forward, backward = FORMULAS[name]
    out = Value(forward(*[v.data for v in values], **params))
    for tape in OPEN.get():
        if backward and any(v.key in tape.known for v in values):
            tape.records.append((backward, values, out, params))
            tape.known.add(out.key)
    return out


class GradientTape:
    def __init__(self, persistent=False, watch_accessed_variables=True):
        self.persistent, self.auto, self.used = persistent, watch_accessed_variables, True

    def __enter__(self):
        if self.used:
            self.reset()
        OPEN.set((*OPEN.get(), self))

    def __exit__(self, *error):
        OPEN.set(tuple(t for t in OPEN.get() if t is not self))

    def reset(self):
        self.known, self.records, self.used = set(), [], False

    def watch(self, value):
        self.known.add(value.key)

    @contextlib.contextmanager
    def stop_recording(self):
        self.__exit__()
        yield
        self.__enter__()

    def gradient(self, targets, sources, weights, unconnected_gradients):
        if not self.persistent:
            self.__exit__()
            self.used = True
        found = {}
        ones = [Value(np.ones_like(t.data)) for t in targets]
        collect(found, targets, [w.op("read") if w else one for w, one in zip(weights, ones, strict=True)])
        direct = dict(found)
        for backward, values, out, params in reversed(list(self.records)):
            if out.key in found:
                collect(found, values, backward(found[out.key], out, *values, **params))
        answers = [(found if s.key in self.known else direct).get(s.key) for s in sources]
        zero = unconnected_gradients == "zero"
        return [Value(0.0 * s.data) if a is None and zero else a for a, s in zip(answers, sources, strict=True)]


def collect(found, values, parts):
    for value, part in zip(values, parts, strict=True):
        fitting = part if part.data.shape == value.data.shape else part.op("fit", shape=value.data.shape)
        found[value.key] = found[value.key] + fitting if value.key in found else fitting
