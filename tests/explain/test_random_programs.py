"""Random programs against an oracle: None exactly where no route flows, and only reasons that stand in the program."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import pytest

from gradtape.explain import Status

from .programs import run_program

SOURCES = ("u", "w")

CUTS = {
    "np.floor({0})": "piecewise-constant",
    "{0}.astype(int).astype(float)": "integer-cast",
    "gt.stop_gradient({0})": "stop-gradient",
    "gt.constant(float({0}))": "left-through-number",
    "gt.constant(np.asarray({0}) * 2.0)": "left-through-numpy",
    "np.where({0} > 0.0, 1.0, 2.0)": "no-derivative",
    "gt.Variable({0}) * 1.0": "rebuilt-from-values",
    "gt.constant(np.array([{0}, 1.0])).sum()": "rebuilt-from-values",
    "gt.constant(rng.poisson(np.abs({0}))) * 1.0": "sampled",
    "held({0})": "custom-rule-none",
    "gt.constant(written({0})).sum()": "array-assignment",
}
LOSING = {"left-through-number", "left-through-numpy", "rebuilt-from-values", "array-assignment", "sampled"}
"""Cuts after which a part of a gradient is missing, if the rest arrives."""

HELPERS = """
rng = np.random.default_rng(0)

@gt.custom_gradient
def held(x):
    return x * 2.0, lambda g: None

def written(x):
    a = np.zeros(2)
    a[0] = x
    return a
"""
UNARY = ("np.sin({0})", "{0} * 1.5", "np.exp(-{0})", "{0} - 2", "np.square({0})", "gt.identity({0})")
BINARY = ("{0} * {1}", "{0} + {1}", "np.maximum({0}, {1})", "{0} / (3.0 + np.square({1}))", "np.where(True, {0}, {1})")


@dataclass
class Value:
    """What the oracle knows of a name: from which sources it flows, and the cuts on the way from each source."""

    flows: set[str]
    cuts: dict[str, set[str]] = field(default_factory=dict)

    def cut(self, cause):
        reached = self.flows | set(self.cuts)
        return Value(set(), {s: self.cuts.get(s, set()) | {cause} for s in reached})


def joined(a, b):
    cuts = {s: a.cuts.get(s, set()) | b.cuts.get(s, set()) for s in {*a.cuts, *b.cuts}}
    return Value(a.flows | b.flows, cuts)


def program(seed):
    """Write a program; return it with what the oracle says about its target."""
    rng = random.Random(seed)  # noqa: S311
    lines = ["import gradtape as gt", "import numpy as np", HELPERS, "u, w = gt.Variable(0.7), gt.Variable(1.3)"]
    values = {"u": Value({"u"}), "w": Value({"w"}), "k": Value(set())}
    lines.append("k = gt.constant(0.4)")
    indent = ""
    start = rng.randrange(3)
    count = rng.randrange(4, 12)
    for number in range(count):
        if number == start:
            lines.append("with gt.GradientTape() as tape:")
            indent = "    "
        name = f"v{number}"
        a, b = rng.choice(list(values)), rng.choice(list(values))
        kind = rng.random()
        if kind < 0.25:
            form = rng.choice(list(CUTS))
            lines.append(f"{indent}{name} = {form.format(a)}")
            made = values[a].cut(CUTS[form])
        elif kind < 0.6:
            lines.append(f"{indent}{name} = {rng.choice(UNARY).format(a)}")
            made = values[a]
        else:
            lines.append(f"{indent}{name} = {rng.choice(BINARY).format(a, b)}")
            made = joined(values[a], values[b])
        if number < start:
            made = made.cut("outside-the-tape")
        values[name] = made
    target = f"v{count - 1}"
    lines.append(f"gradients = tape.gradient({target}, [u, w])")
    return "\n".join(lines) + "\n", values[target]


def check(seed, folder):
    source, oracle = program(seed)
    reports = run_program(source, folder, f"program_{seed}.py")
    assert [r.source for r in reports] == list(SOURCES)
    for report in reports:
        name = report.source
        assert (report.status is Status.NONE) == (name not in oracle.flows), f"{name}\n{source}"
        causes = {f.cause for f in report.findings}
        lost = oracle.cuts.get(name, set()) & LOSING
        assert not any("not explained" in note.headline for note in report.notes), source
        if report.status is Status.ZERO:  # an argument that a maximum or a `where` did not take, or that was as large
            assert causes <= {"flat-region"} | lost, f"{causes} for {name}, of {lost}\n{source}"
            assert causes or report.notes, f"nothing said of {name}\n{source}"
        elif report.status is Status.PARTIAL:
            assert causes, f"no reason for {name}\n{source}"
            assert causes <= lost, f"{causes} for {name}, of {lost}\n{source}"
        elif report.status is not Status.NONE:
            assert not causes
        elif name in oracle.cuts:
            assert causes, f"no reason for {name}\n{source}"
            assert causes <= oracle.cuts[name], f"{causes} for {name}, of {oracle.cuts[name]}\n{source}"
        else:
            assert causes <= {"not-used", "constant-target"}, f"{causes} for {name}\n{source}"
            assert causes, f"no reason for {name}\n{source}"


@pytest.mark.parametrize("seed", [*range(120), 1339, 1406])  # the last: constants that did not come from the source
def test_every_reason_is_one_that_stands_in_the_program(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("block", range(20))
def test_many_more_of_them(block, tmp_path):
    for seed in range(1000 + 100 * block, 1100 + 100 * block):
        check(seed, tmp_path)
