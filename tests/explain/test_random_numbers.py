"""Random programs with one operation that loses the numbers: it is blamed, and with another derivative in its place the
gradient is sound. That is the oracle: it knows nothing of how the reason is found.
"""

from __future__ import annotations

import random
from typing import NamedTuple

import pytest

from gradtape.explain import Status

from .programs import run_program

HEALTHY = ("np.sin({0}) + 1.7 * {0}", "{0} * 1.3 - 0.2", "np.exp(-0.2 * {0})", "np.tanh(0.3 * {0})", "{0} / 2.5 + 0.1")
UNBOUNDED = tuple(form for form in HEALTHY if "tanh" not in form)
"""What does not saturate where the values are large."""

PLAIN = ("{0} * 1.3 - 0.2", "{0} / 2.5 + 0.1")
"""What an infinity goes through unharmed: behind an `exp` or a `tanh` of it everything would be flat as well."""

JOINING = ("{0} + 0.7 * {1}", "2.0 * {0} - {1} * 0.3", "np.logaddexp({0}, {1})")


class Killer(NamedTuple):
    """An operation that loses the numbers of `{0}`; `mended` gives the same value, or a sound one, and a derivative."""

    text: str
    status: Status
    cause: str
    mended: str


KILLERS = (
    Killer(
        "np.clip({0}, 50.0, 60.0)", Status.ZERO, "flat-region", "gt.straight_through(lambda x: x * 0.0 + 50.0, {0})"
    ),
    Killer("np.maximum({0}, 50.0)", Status.ZERO, "flat-region", "gt.straight_through(lambda x: x * 0.0 + 50.0, {0})"),
    Killer("np.tanh({0} * 0.0 + 40.0 + {0})", Status.ZERO, "flat-region", "gt.straight_through(np.tanh, {0} + 40.0)"),
    Killer("{0} * np.zeros(3)", Status.ZERO, "flat-region", "gt.straight_through(lambda x: x * 0.0, {0})"),
    Killer(
        "np.where({0} > 1e9, {0}, 0.5)", Status.ZERO, "flat-region", "gt.straight_through(lambda x: x * 0 + 0.5, {0})"
    ),
    Killer("np.sqrt({0} - gt.stop_gradient({0}))", Status.NAN, "singular-point", "({0} - gt.stop_gradient({0}))"),
    Killer("np.arccos({0} - gt.stop_gradient({0}) + 1)", Status.NAN, "singular-point", "({0} - gt.stop_gradient({0}))"),
    Killer("({0} - gt.stop_gradient({0})) ** 0.5", Status.NAN, "singular-point", "({0} - gt.stop_gradient({0}))"),
    Killer("np.log({0} - gt.stop_gradient({0}))", Status.NAN, "singular-point", "({0} - gt.stop_gradient({0}))"),
    Killer("1.0 / ({0} - gt.stop_gradient({0}))", Status.NAN, "singular-point", "({0} - gt.stop_gradient({0}))"),
    Killer("np.exp({0} + 800.0)", Status.NAN, "overflow", "{0}"),
)


def program(seed):
    """Write a program; return it with the killer, the killer's line and the same program with the killer mended."""
    rng = random.Random(seed)  # noqa: S311
    killer = rng.choice(KILLERS)
    lines = [
        "import gradtape as gt",
        "import numpy as np",
        "w, b = gt.Variable([0.3, 0.5, 0.8]), gt.Variable([0.2, 0.1, 0.4])",
        'with np.errstate(all="ignore"), gt.GradientTape() as tape:',
    ]
    names = ["w"]
    number = 0

    def add(text):
        nonlocal number
        lines.append(f"    v{number} = {text}")
        names.append(f"v{number}")
        number += 1

    for _ in range(rng.randrange(1, 5)):
        form = rng.choice(HEALTHY) if rng.random() < 0.7 else rng.choice(JOINING)
        add(form.format(rng.choice(names), rng.choice(names)))
    operand = names[-1]
    at = len(lines)
    add(killer.text.format(operand))
    names = [names[-1]]  # nothing leads around the killer
    infinite = killer.text.startswith(("np.log(", "1.0 /", "np.exp("))
    for _ in range(rng.randrange(0, 4)):
        forms = PLAIN if infinite else UNBOUNDED if rng.random() < 0.7 else JOINING
        form = rng.choice(forms)
        add(form.format(rng.choice(names), rng.choice(names)))
    lines.append(f"    loss = np.sum({names[-1]} * np.array([0.7, 1.0, 1.3])) + np.sum(b * 0.4)")
    lines.append("tape.gradient(loss, [w, b])")
    mended = [*lines]
    mended[at] = f"    {lines[at].split()[0]} = {killer.mended.format(operand)}"
    return "\n".join(lines) + "\n", killer, at + 1, "\n".join(mended) + "\n"


def check(seed, folder):
    source, killer, line, mended = program(seed)
    of_w, of_b = run_program(source, folder, f"lost_{seed}.py")
    told = [(f.cause, f.diagnostic.primary.span.line) for f in of_w.findings]
    assert (of_w.status, told) == (killer.status, [(killer.cause, line)]), source
    assert all(f.proven for f in of_w.findings), source
    assert (of_b.status, of_b.findings) == (Status.OK, ()), source
    of_w, of_b = run_program(mended, folder, f"mended_{seed}.py")
    assert (of_w.status, of_w.findings, of_b.status) == (Status.OK, (), Status.OK), mended


@pytest.mark.parametrize("seed", range(60))
def test_the_operation_that_lost_the_numbers_is_blamed(seed, tmp_path):
    check(seed, tmp_path)


@pytest.mark.thorough
@pytest.mark.parametrize("block", range(10))
def test_so_it_is_in_many_more_programs(block, tmp_path):
    for seed in range(1000 + 100 * block, 1100 + 100 * block):
        check(seed, tmp_path)
