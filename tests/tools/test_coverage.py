"""The table of coverage is what the library does, and nothing in it is silently lost."""

import csv
import importlib.util
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def coverage():
    found = importlib.util.spec_from_file_location("coverage_tool", ROOT / "tools" / "coverage.py")
    tool = importlib.util.module_from_spec(found)
    found.loader.exec_module(tool)
    return tool


def test_every_function_is_as_written_down(coverage):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = coverage.measure(coverage.read(coverage.FUNCTIONS))
    known = {r["function"]: r["gradtape"] for r in coverage.read(coverage.OURS)}
    changed = {
        r["function"]: (known.get(r["function"]), r["gradtape"], r["note"])
        for r in found
        if r["gradtape"] != known.get(r["function"])
    }
    assert not changed, "python tools/coverage.py --write"


def test_nothing_is_lost_or_wrong(coverage):
    words = {r["function"]: r["gradtape"] for r in coverage.read(coverage.OURS)}
    assert not [f for f, word in words.items() if word in {"lost", "wrong"}]


def test_the_first_two_tiers_raise_nowhere(coverage):
    assert not [r["function"] for r in coverage.read(coverage.OURS) if r["tier"] in "12" and r["gradtape"] == "raises"]


def test_exits_are_those_that_numpy_makes(coverage):
    exits = {r["function"] for r in coverage.read(coverage.OURS) if r["gradtape"] == "exit"}
    assert exits == set(coverage.EXITS)


def test_the_page_is_the_tables(coverage):
    with coverage.OURS.open(newline="", encoding="utf-8") as handle:
        ours = list(csv.DictReader(handle))
    rows = [{**f, **o} for f, o in zip(coverage.read(coverage.FUNCTIONS), ours, strict=True)]
    written = coverage.PAGE.read_text(encoding="utf-8").splitlines()
    fresh = coverage.page(rows).splitlines()
    assert [line for line in written if "Ours: NumPy" not in line] == [
        line for line in fresh if "Ours: NumPy" not in line
    ]


@pytest.mark.parametrize(
    ("expression", "word"),
    [
        ("np.sin(x)", "yes"),
        ("np.floor(x)", "zero"),
        ("np.argmax(x)", "n/a"),
        ("np.asarray(x)", "exit"),
        ("tf.stop_gradient(x) * 1.0", "lost"),
        ("tf.grad_pass_through(tf.exp)(x)", "wrong"),
    ],
)
def test_the_words_mean_what_they_say(coverage, expression, word):
    assert coverage.judge(expression) == word
