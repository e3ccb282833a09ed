"""The pytest plugin, in runs of pytest of its own."""

import json
import os
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TESTS = """\
import numpy as np
import pytest
import gradtape as gt

w = gt.Variable([1.5, 2.5])
b = gt.Variable(1.0)

def test_whose_gradients_flow(assert_gradients_flow):
    assert_gradients_flow(lambda: np.sum(w * w), w)

def test_whose_gradients_do_not(assert_gradients_flow):
    def loss():
        return np.sum(np.floor(w))
    assert_gradients_flow(loss, [w])

def test_that_trains():
    with gt.GradientTape() as tape:
        loss = np.sum(w * w)
    with pytest.warns(gt.MissingGradientWarning):
        tape.gradient(loss, [w, b])

def test_that_fails():
    with gt.GradientTape() as tape:
        loss = np.sum(w * w)
    with pytest.warns(gt.MissingGradientWarning):
        tape.gradient(loss, [w, b])
    assert False

def test_without():
    pass
"""


@pytest.fixture
def run(tmp_path):
    def run(*arguments, tests=TESTS):
        (tmp_path / "test_it.py").write_text(tests)
        installed = any(e.name == "gradtape" for e in entry_points(group="pytest11"))
        plugin = [] if installed else ["-p", "_gradtape_pytest"]
        env = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST_", "COLUMNS"))}
        return subprocess.run(
            [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *plugin, *arguments],
            cwd=tmp_path, env=env | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True, text=True, timeout=120,
            check=False,
        ).stdout  # fmt: skip

    return run


def test_the_fixture_fails_with_the_diagnosis_and_shows_none_of_our_frames(run):
    out = run("-k", "whose")
    assert "1 failed, 1 passed" in out
    assert "AssertionError: 1 gradient asked for: 0 flow, 1 does not" in out
    assert "GT302 piecewise-constant" in out
    assert "testing/flow.py" not in out


def test_without_the_option_nothing_is_reported(run):
    out = run()
    assert "gradients =" not in out
    assert "2 failed, 3 passed" in out


@pytest.mark.parametrize("workers", [[], ["-n", "2"]])
def test_the_report_per_test(run, workers):
    out = run("--gradients", *workers)
    assert "2 failed, 3 passed" in out
    _, _, summary = out.partition("= gradients =")
    assert "test_it.py::test_whose_gradients_flow: 1 gradient asked for: 1 flows, 0 do not" in summary
    assert "test_it.py::test_that_trains: 2 gradients asked for: 1 flows, 1 does not" in summary
    assert "   none    d loss / d b  GT105 not-used at " in summary
    assert "test_without" not in summary.partition("short test summary")[0]
    assert "1 test asked for no gradient" in summary


def test_a_test_that_fails_shows_the_whole_story(run):
    out = run("--gradients", "-k", "test_that_fails")
    _, _, section = out.partition("Captured gradients call")
    assert "warning[GT105 not-used]: no gradient flows from `loss` to `b`" in section


def test_the_table_goes_into_the_junit_file(run, tmp_path):
    run("--gradients", "--junitxml", "out.xml", "-k", "trains")
    assert '<property name="gradients" value="2 gradients asked for' in (tmp_path / "out.xml").read_text()


def test_the_plugin_costs_nothing_until_it_is_used():
    code = "import sys, json, _gradtape_pytest; print(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(ROOT / "src")}, capture_output=True,
        text=True, check=True,
    )  # fmt: skip
    assert not {"gradtape", "numpy"} & set(json.loads(done.stdout))


def test_the_entry_point_names_the_plugin():
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert project["entry-points"]["pytest11"] == {"gradtape": "_gradtape_pytest"}
