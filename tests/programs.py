"""Random programs from seeds, many per second: `python -m tests.programs --count 100000` compares them with the oracle.

A seed is a program, so a run can be cut anywhere and taken up with `--from`.
"""

import argparse
import os
import random
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor, as_completed

import numpy as np

from .machine import Machine, Wrong

UNARY = ("sin", "cos", "exp", "tanh", "cube", "sum", "sum0", "getitem", "reshape", "floor", "cast", "stop")
BINARY = ("add", "sub", "mul", "mul", "div", "maximum", "minimum", "where", "dot", "stack")
SHAPES = ((), (3,), (2, 3))
INDICES = {1: (0, -1, slice(None, None, -1), [0, 2, 2], Ellipsis), 2: (1, [1, 0, 0], (slice(None), 1), (0, 2))}
BLOCK = 250
SHOWN = 6
"""How many of the programs that went wrong are printed."""


class Program:
    """One random program: a random number generator that chooses a machine's actions."""

    def __init__(self, machine, seed):
        self.machine = machine
        self.rng = random.Random(seed)  # noqa: S311

    def run(self):
        """Run a whole program; `Wrong` is raised where engine and oracle part."""
        rng, machine = self.rng, self.machine
        for _ in range(rng.randint(1, 3)):
            machine.variable(self.number(), trainable=rng.random() < 0.7)
        machine.constant(self.number())
        for _ in range(rng.randint(8, 30)):
            rng.choices(*ACTIONS)[0](self)
        for tape in machine.tapes:
            if tape.state != "used":
                self.ask(tape)

    def number(self):
        """Choose an array; some are of few different numbers, so that there are ties."""
        shape, rng = self.rng.choice(SHAPES), self.rng
        draw = (lambda: rng.uniform(-2, 2)) if rng.random() < 0.7 else (lambda: rng.choice((-1.5, 0.5, 1.0)))
        return np.array([draw() for _ in range(int(np.prod(shape)))]).reshape(shape)

    def lane(self):
        return self.rng.randrange(len(self.machine.lanes))

    def value(self):
        """Choose a value, newer ones more often."""
        values = self.machine.values
        return values[max(self.rng.randrange(len(values)), self.rng.randrange(len(values)))]

    def partner(self, other):
        """Choose an operand that fits another: a value that broadcasts with it, or a number."""
        if self.rng.random() < 0.15:
            return self.rng.choice([0.5, -1.5, 2])
        fits = [v for v in self.machine.values if fit_together(v.shape, other.shape)]
        return self.rng.choice(fits)

    def unary(self):
        a, name = self.value(), self.rng.choice(UNARY)
        params = {}
        if name == "getitem":
            if len(a.shape) not in INDICES or a.shape[-1] != 3:
                return
            params["index"] = self.rng.choice(INDICES[len(a.shape)])
            if len(a.shape) == 2 and a.shape[0] != 2:
                params["index"] = 0
        elif name == "reshape":
            params["shape"] = self.rng.choice([(-1,), (1, *a.shape), (*a.shape, 1)])
            if len(a.shape) > 3:
                params["shape"] = (-1,)
        elif name == "sum0" and not a.shape:
            return
        self.machine.op(self.lane(), name, [a], **params)

    def binary(self):
        a, name = self.value(), self.rng.choice(BINARY)
        b = a if self.rng.random() < 0.1 else self.partner(a)
        if name in {"maximum", "minimum"} and self.rng.random() < 0.3:  # a tie
            self.machine.op(self.lane(), "stop", [a])
            b = self.machine.values[-1]
        same = getattr(b, "shape", None) == a.shape
        if (name == "dot" and not (same and len(a.shape) == 1)) or (name == "stack" and not same):
            return
        inputs, params = [a, b] if self.rng.random() < 0.5 or name == "dot" else [b, a], {}
        if name == "where":
            params["mask"] = a.theirs.data > self.rng.uniform(-1, 1)
        elif name == "div" and np.min(np.abs(data(inputs[1])), initial=1.0) < 0.2:
            name = "mul"
        self.machine.op(self.lane(), name, inputs, **params)

    def variable(self):
        self.machine.variable(self.number(), trainable=self.rng.random() < 0.7)

    def constant(self):
        self.machine.constant(self.number())

    def assign(self):
        variable = self.rng.choice(self.machine.variables)
        values = [v for v in self.machine.values if v.shape == variable.shape]
        value = self.rng.choice(values) if self.rng.random() < 0.5 else np.full(variable.shape, self.rng.uniform(-2, 2))
        self.machine.assign(self.lane(), variable, value)

    def open(self):
        if len(self.machine.tapes) < 4:
            self.machine.open(self.lane(), self.rng.random() < 0.5, self.rng.random() < 0.85)

    def tape(self, *states):
        return self.rng.choice([t for t in self.machine.tapes if t.state in states] or [None])

    def close(self):
        if tape := self.tape("open", "paused"):
            self.machine.close(tape)

    def reopen(self):
        # a used tape starts anew, and a task that still records on its first life is none of the second's business
        if tape := self.tape("closed", *(["used"] if len(self.machine.lanes) == 1 else [])):
            self.machine.reopen(tape)

    def reset(self):
        if tape := self.tape("open"):
            self.machine.reset(tape)

    def pause(self):
        if tape := self.tape("open"):
            self.machine.pause(tape)

    def resume(self):
        if tape := self.tape("paused"):
            self.machine.resume(tape)

    def watch(self):
        if tape := self.tape("open", "paused", "closed"):
            variable = self.rng.choice(self.machine.variables)
            self.machine.watch(tape, variable if self.rng.random() < 0.4 else self.value())

    def gradient(self):
        if tape := self.tape("open", "closed"):
            self.ask(tape)

    def ask(self, tape):
        """Ask for some gradients. An open tape that would be used up is asked where it was opened: it closes there."""
        rng = self.rng
        lane = tape.lane if tape.state == "open" and not tape.persistent else self.lane()
        if tape.state == "paused":
            self.machine.resume(tape)
            lane = tape.lane
        targets = [self.value() for _ in range(rng.choice([1, 1, 1, 2]))]
        sources = [rng.choice(self.machine.variables), *[self.value() for _ in range(rng.randrange(3))]]
        weights = [self.weight(t) for t in targets] if rng.random() < 0.2 else None
        self.machine.gradient(lane, tape, targets, sources, weights, rng.choice(["none", "none", "zero"]))

    def weight(self, target):
        return self.rng.choice([None, *[v for v in self.machine.values if v.shape == target.shape]])

    def task(self):
        if len(self.machine.lanes) < 4:
            self.machine.add_task(self.lane())

    def thread(self):
        if len(self.machine.lanes) < 4:
            self.machine.add_thread()


ACTIONS = tuple(
    zip(
        (Program.unary, 24),
        (Program.binary, 30),
        (Program.open, 8),
        (Program.gradient, 8),
        (Program.close, 4),
        (Program.reopen, 2),
        (Program.watch, 5),
        (Program.pause, 2),
        (Program.resume, 3),
        (Program.reset, 1),
        (Program.assign, 3),
        (Program.variable, 1),
        (Program.constant, 1),
        (Program.task, 1),
        (Program.thread, 0.2),
        strict=True,
    )
)


def data(value):
    return value.theirs.data if hasattr(value, "theirs") else np.asarray(value)


def fit_together(a, b):
    try:
        return np.broadcast_shapes(a, b) is not None
    except ValueError:
        return False


def check(seed):
    """Run one program; return how many actions of which kind it took."""
    with Machine() as machine:
        Program(machine, seed).run()
    return machine.log


def check_block(first, count):
    """Run the programs of some seeds; return what they did, and the seed and text of those that went wrong."""
    did, wrong = Counter(), []
    for seed in range(first, first + count):
        try:
            log = check(seed)
        except Wrong as error:
            wrong.append((seed, str(error)))
            continue
        did.update(programs=1, lines=len(log), gradients=sum(".gradient(" in line for line in log))
    return first, did, wrong


def main():
    """Run many programs in parallel processes and say how it went; the exit status is 1 if one went wrong."""
    parser = argparse.ArgumentParser(prog="python -m tests.programs", description="random programs against the oracle")
    parser.add_argument("--count", type=int, default=10_000, help="how many")
    parser.add_argument("--from", dest="first", type=int, default=0, help="the first seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    given = parser.parse_args()
    start, total, failed, shown = time.perf_counter(), Counter(), [], 0
    blocks = [
        (s, min(BLOCK, given.first + given.count - s)) for s in range(given.first, given.first + given.count, BLOCK)
    ]
    with ProcessPoolExecutor(given.jobs) as pool:
        for k, done in enumerate(as_completed([pool.submit(check_block, *b) for b in blocks]), 1):
            _, did, wrong = done.result()
            total += did
            failed += wrong
            for seed, text in wrong[: max(0, SHOWN - shown)]:
                shown += 1
                print(f"\nseed {seed}: {text}")
            if k % 20 == 0:
                print(
                    f"{total['programs']} programs, {total['programs'] / (time.perf_counter() - start):.0f} per second"
                )
    seconds = time.perf_counter() - start
    print(
        f"{total['programs']} programs agree with the oracle ({total['lines']} actions, {total['gradients']} calls of "
        f"gradient), {len(failed)} do not; seeds {given.first} to {given.first + given.count - 1}, {seconds:.0f} s, "
        f"{given.count / seconds:.0f} programs per second"
    )
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
