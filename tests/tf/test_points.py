"""The programs in `examples/points`: what they compute, and what `gradtape why` says about them."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
POINTS = ROOT / "examples" / "points"

EXPECTED = {
    "01": ([None], [("not-watched", "tf.GradientTape()")]),
    "02": ([-3.0 * math.sin(1.2)], []),
    "03": ([-2.0 * math.exp(-1.6)], []),
    "04": ([None], [("piecewise-constant", "np.ceil(level)")]),
    "05": ([3.0], []),
    "06": ([None], [("left-through-numpy", "foreign.smooth(signal)")]),
    "07": ([None], [("constant-target", "tf.gradients(loss, [weight])")]),
    "08": ([3.0], []),
    "09": ([None], [("stop-gradient", "tf.stop_gradient(gain * 3.0)")]),
    "10": ([18.0], []),
    "11": ([8.0, 0.5], []),
    "12": ([4.0], []),
    "13": ([4.0], []),
    "14": ([None], [("stop-gradient", "tf.stop_gradient(tendon)")]),
    "15": ([None], [("branch-not-taken", "stretched")]),
    "16": ([1e9 / 2.0001, 1e9 / 4.0001], []),
}

NOTES = {
    "05": "the branch itself carries no gradient",
    "10": "the assignment is not part of the gradient",
    "12": "the assignment is not part of the gradient",
    "16": "size never makes a gradient None",
}


def test_every_program_is_expected():
    assert sorted(p.name[:2] for p in POINTS.glob("[0-9]*.py")) == sorted(EXPECTED)


@pytest.mark.parametrize("number", sorted(EXPECTED))
def test_a_point(number, tmp_path):
    (script,) = POINTS.glob(f"{number}_*.py")
    done = subprocess.run(
        [sys.executable, "-m", "gradtape", "why", "--stand-in", "--json", str(tmp_path / "why.json"), str(script)],
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    printed = done.stdout.partition("-- gradtape why")[0]
    words = re.findall(r"None|[-+]?\d+\.?\d*(?:[eE][-+]?\d+)?", re.sub(r"dtype=\w+|shape=\([^)]*\)", "", printed))
    values, findings = EXPECTED[number]
    told = [None if w == "None" else float(w) for w in words]
    assert told == (values if None in values else pytest.approx(values, rel=1e-6))
    report = json.loads((tmp_path / "why.json").read_text())
    found = [f for g in report["gradients"] for f in g["findings"]]
    assert [(f["cause"], f["expression"]) for f in found] == findings
    assert all(f["proven"] and Path(f["file"]).name == script.name for f in found)
    assert NOTES.get(number, "") in done.stdout
