"""Rows that wait until they are needed: whoever needs one first sees nothing of it, and other threads may be asking."""

import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """
import sys
import numpy as np
import gradtape as gt
from gradtape.ops import load_families

if sys.argv[1] == "loaded":
    load_families()
for wanted in sys.argv[2:]:
    print(wanted)
    w = gt.Variable(np.array([[2.0, 1.0], [1.0, 3.0]]))
    try:
        with gt.GradientTape() as tape:
            y = eval(wanted)
        print(y, tape.gradient(y, w, unconnected_gradients="zero"))
        print(tape.why(y, w))
    except Exception as error:
        print(type(error).__name__, error, *getattr(error, "__notes__", ()))
"""
FIRST = (
    "np.fft.rfft(w[0]).real",
    "np.linalg.slogdet(w)[1]",
    "np.linalg.inv(w * 0.0)",
    "np.linalg.solve(w, np.ones(3))",
    "np.sum(w, where=np.eye(2) > 0.0)",
    "np.sum(w, nothing=1)",
    "np.quantile(np.floor(w), 0.3)",
    "np.cumsum(np.unique(w))",
    "np.multiply.reduce(w, where=w > 1.0)",
    "np.maximum.accumulate(w)",
    "w.sum(where=[True, False])",
)


def run(code, *arguments):
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        capture_output=True, text=True, check=True, env={"PYTHONPATH": str(ROOT / "src"), "PATH": ""},
    )  # fmt: skip
    return done.stdout


@cache
def as_ever():
    """What each expression prints where all rows are loaded before."""
    told = run(PROGRAM, "loaded", *FIRST)
    places = [told.index(f"{wanted}\n") for wanted in FIRST]
    return {w: told[a:b] for w, a, b in zip(FIRST, places, [*places[1:], len(told)], strict=True)}


@pytest.mark.parametrize("wanted", FIRST)
def test_the_first_use_of_a_row_is_like_any_other(wanted):
    assert run(PROGRAM, "waiting", wanted) == as_ever()[wanted]


WATCHED = """
import builtins, dis
import gradtape
from gradtape.ops import COMPOSITES, OPS, Op, load_families

def codes(code):
    yield code
    for constant in code.co_consts:
        if hasattr(constant, "co_code"):
            yield from codes(constant)

def missing(function):
    for code in codes(function.__code__) if hasattr(function, "__code__") else ():
        for step in dis.get_instructions(code):
            if step.opname == "LOAD_GLOBAL" and step.argval not in function.__globals__:
                if not hasattr(builtins, step.argval):
                    yield step.argval

class Watched(dict):
    def __setitem__(self, name, row):
        used = [f for rule in row.rules if rule for f in (rule.fn, rule.into)] if isinstance(row, Op) else [row.fn]
        assert not [name for f in used for name in missing(f)], name
        dict.__setitem__(self, name, row)

OPS.loaded, COMPOSITES.loaded = Watched(OPS.loaded), Watched(COMPOSITES.loaded)
before = len(OPS.loaded)
load_families()
print(len(OPS.loaded) > 2 * before)
"""


def test_a_row_is_in_the_table_when_all_that_it_calls_is_there():
    assert run(WATCHED) == "True\n"


CROWD = """
import sys
import threading
import numpy as np
import gradtape as gt

sys.setswitchinterval(1e-6)
at_once = threading.Barrier(8)
found = {}

def ask(k):
    f = [np.linalg.det, lambda x: np.fft.fft(x).real.sum(), np.median, lambda x: np.sum(x, where=x > 1.0)][k % 4]
    w = gt.Variable(np.array([[2.0, 1.0], [1.0, 3.0]]))
    at_once.wait()
    with gt.GradientTape() as tape:
        y = f(w)
    found[k] = np.round(tape.gradient(y, w).numpy(), 9).tolist()

threads = [threading.Thread(target=ask, args=(k,)) for k in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(found), all(found[k] == found[k + 4] for k in range(4)), found[0])
"""


def test_threads_that_need_rows_at_the_same_time_all_get_them():
    assert run(CROWD) == "8 True [[3.0, -1.0], [-1.0, 2.0]]\n"


CHECKED = """
import numpy as np
import gradtape as gt

with gt.debugging.enable_check_numerics():
    try:
        np.linalg.norm(gt.constant([1e200, 1e200]))
    except gt.errors.NotFiniteError as error:
        print(error)
"""


def test_rows_that_come_after_looking_began_are_looked_at():
    assert run(CHECKED).startswith("vector_norm makes something that is not finite of numbers")
