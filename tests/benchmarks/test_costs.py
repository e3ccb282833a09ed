"""What recording and explaining cost, guarded by counts: a machine may be busy, a count is what it is."""

import gc
import importlib.util
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from tests.benchmarks.counting import calls, lines

import gradtape as gt
from gradtape.arrays.core import CORE
from gradtape.arrays.record import STATE
from gradtape.diagnostics import changes, sites, spans
from gradtape.diagnostics.syntax import tree
from gradtape.recorders import trail

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name):
    spec = importlib.util.spec_from_file_location(name, FOLDER / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


explaining = load("explaining")


@pytest.mark.parametrize("operation", [np.sin, lambda y: y * 1.01, lambda y: y + y])
def test_an_operation_on_the_tape_looks_at_one_frame_and_searches_none(operation):
    w = gt.Variable(np.ones(3))
    with gt.GradientTape():
        y = operation(w)
        operation(y)
        found = calls(lambda: operation(y))
    assert found["_getframe"] == (CORE is None)  # the core finds the frame without a call
    assert not {"find_site", "user_frame", "is_user_file", "note_event", "remember_outside"} & found.keys()


def test_recording_costs_the_same_calls_however_long_the_tape_is():
    def run(length):
        w = gt.Variable(np.ones(3))
        with gt.GradientTape():
            y = w
            for _ in range(length):
                y = np.sin(y)

    STATE.__init__()  # to forget what other tests ran is no part of the cost
    # the first comes from callers that are new
    _, short, long, longer = [calls(lambda n=n: run(n)).total() for n in (10, 100, 200, 400)]
    assert longer - long == pytest.approx(2 * (long - short), abs=20)  # a deque or a set that grows once in a while


MOST_CALLS = {
    "nothing to find": 5.6,
    "a break in the middle": 14.9,
    "left and came back": 27.8,
    "a part left and came back": 33.6,
    "a source that nothing uses": 33.4,  # many edits are tried, and each reads the text
    "a hundred sources, half of them broken": 23.7,
    "zero: a clip in the middle": 11.9,
    "zero: two ways cancel": 10.3,
    "zero: a hundred sources": 23.6,
    "NaN: a root of zero in the middle": 11.0,
    "NaN: a hundred sources": 22.7,
    "NaN: an overflow at the beginning": 26.9,
    "a gradient that vanishes": 10.9,
    "a gradient that explodes": 11.4,
    "10,000 lines without a loop": 16.4,
}
"""Calls for each operation of the tape, a tenth above what an explanation makes: of passes, and of all the rest."""

MOST_LINES = 124


def counted(count, name, length):
    """Count what an explanation makes in a thread of its own, whose memory holds nothing of other tapes."""

    def ask():
        question = explaining.PROGRAMS[name](length)
        str(question())
        return count(lambda: str(question()))

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(ask).result()


@pytest.mark.parametrize("name", explaining.PROGRAMS)
def test_an_explanation_is_linear_in_the_tape(name):
    lengths = (2400, 4800, 9600)  # long enough for a gradient to vanish
    first, second, third = (counted(calls, name, length).total() for length in lengths)
    assert third - second < 2.2 * max(second - first, 100)
    assert third < MOST_CALLS[name] * lengths[-1]


@pytest.mark.parametrize("name", explaining.PROGRAMS)
def test_only_operations_and_steps_are_made_that_messages_speak_of(name):
    STATE.__init__()
    question = explaining.PROGRAMS[name](9600)
    str(question())
    found = calls(lambda: str(question()))
    assert found["operation_of"] <= 400
    assert found["looked"] <= 2
    assert found["one"] <= 100  # steps of the backward pass, one for each source


@pytest.mark.parametrize("name", [n for n in explaining.PROGRAMS if n not in explaining.SHORT])
def test_places_are_looked_up_once_however_often_they_ran(name, monkeypatch):
    resolved = []
    resolve = spans.resolve
    monkeypatch.setattr(spans, "resolve", lambda *place: resolved.append(place) or resolve(*place))
    found = []
    for length in (600, 2400):
        STATE.__init__()
        question = explaining.PROGRAMS[name](length)
        sites._RESOLVED.clear()
        resolved.clear()
        str(question())
        found.append(len(resolved))
    assert found[0] == pytest.approx(found[1], abs=3)  # the hundredth source may come late
    assert found[1] < 50


@pytest.mark.parametrize("name", explaining.PROGRAMS)
def test_no_loop_grows_faster_than_the_tape(name):
    """Loops that call nothing are seen in their lines only."""
    short, long = (counted(lines, name, length) for length in (2400, 4800))
    assert long < min(2.2 * short, MOST_LINES * 4800)


@pytest.mark.parametrize(
    ("name", "looks", "described"),
    [
        ("nothing to find", 0, 0),
        ("a break in the middle", 0, 0),
        ("zero: a clip in the middle", 1, 2),
        ("NaN: a root of zero in the middle", 1, 2),
        ("a gradient that vanishes", 1, 2),
        ("a gradient that explodes", 1, 2),
    ],
)
def test_steps_are_looked_at_where_a_gradient_is_odd_and_described_where_a_message_speaks_of_them(
    name, looks, described
):
    question = explaining.PROGRAMS[name](9600)
    found = calls(lambda: str(question()))
    operations_in_blocks = found["_look_through"]
    assert bool(operations_in_blocks) == bool(looks)
    assert found["looked"] <= described


def test_what_is_known_to_be_finite_is_not_computed_again():
    question = explaining.not_a_number(3000)
    assert calls(lambda: str(question()))["run_again"] < 10  # the argument of the root, which a message tells


def test_a_hundred_sources_share_what_they_ask():
    question = explaining.many_dead_sources(3000)
    str(question())
    found = calls(lambda: str(question()))
    assert found["looked"] == 1
    assert found["run_back"] <= 3  # one pass, in blocks


def test_a_pass_is_taken_once_and_looked_at_afterwards():
    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = np.sqrt(w * 0.0)
    assert [f.cause for r in tape.why(loss, w).gradients for f in r.findings] == ["singular-point"]
    assert calls(lambda: tape.why(loss, w))["sweep"] == 1  # no zero came to the root: it would have gained nothing
    with gt.GradientTape() as tape:
        loss = np.where(w > 1.0, np.sqrt(w - 0.5), 2.0 * np.sqrt(w - 0.5) * 0.0)
    assert calls(lambda: tape.why(loss, w))["sweep"] == 2  # plainly, and so that zeros stop
    with gt.GradientTape() as tape:
        loss = np.clip(w, 2.0, 3.0)
    assert calls(lambda: tape.why(loss, w))["sweep"] == 1


@pytest.mark.parametrize("name", explaining.PROGRAMS)
def test_a_pass_that_does_not_fit_is_taken_in_blocks_and_tells_the_same(name, monkeypatch):
    STATE.__init__()
    question = explaining.PROGRAMS[name](3000)
    whole = str(question())
    kept = []
    look_through = trail.Trail._look_through
    monkeypatch.setattr(
        trail.Trail,
        "_look_through",
        lambda self, block, steps: kept.append(self._kept) or look_through(self, block, steps),
    )
    monkeypatch.setattr(trail, "ROOM", 20_000)
    monkeypatch.setattr(trail, "FIRST", 16)
    assert str(question()) == whole
    assert kept == [None] * len(kept)  # nothing was kept of any pass that was looked at
    assert len(kept) != 1


def test_looking_leaves_no_trace():
    @gt.custom_gradient
    def held(x):
        return x * 2.0, lambda g: None

    w = gt.Variable(0.5)
    with gt.GradientTape() as tape:
        loss = held(w)
    before = list(STATE.ambient.events)
    first, second = (str(tape.why(loss, w)) for _ in range(2))
    assert list(STATE.ambient.events) == before
    assert first == second


def test_an_edit_is_parsed_once_although_it_is_checked_twice():
    question = explaining.without_loops(300)
    changes._parses_in.cache_clear()
    assert "+     loss = " in str(question())
    assert changes._parses_in.cache_info()[:2] == (1, 1)  # hits, misses


def test_no_garbage_is_collected_while_a_graph_grows():
    question = explaining.a_break(3000)
    question()
    seen = []
    gc.collect()
    gc.callbacks.append(lambda phase, info: seen.append(phase))
    try:
        question()
        during = len(seen)
    finally:
        gc.callbacks.pop()
    assert gc.isenabled()
    assert during <= 2  # the one that was due when it was over


def test_a_long_block_is_searched_by_halves(monkeypatch):
    question = explaining.without_loops(4000)
    str(question())
    tree._around_in.cache_clear()
    looked = []
    covers = tree._covers
    monkeypatch.setattr(tree, "_covers", lambda node, span: looked.append(node) or covers(node, span))
    str(question())
    assert len(looked) < 10_000


def test_the_benchmark_of_explanations_runs():
    names = list(explaining.PROGRAMS)[:-1:5]  # tracing memory takes its time; the tests above ask all of them
    found = {name: explaining.measure(name, 200, 1) for name in names}
    assert all(cost.memory > 0 for cost in found.values())


def test_the_engine_without_provenance_gives_the_same_gradients_and_no_reasons(tmp_path):
    recording = load("recording")
    assert {name: len(result) for name, result in recording.measure(2).items()} == dict.fromkeys(recording.PROGRAMS, 3)


def test_the_tape_without_provenance_knows_no_places():
    import os
    import subprocess

    code = (
        f"import sys; sys.path.insert(0, {str(FOLDER)!r}); import recording\n"
        "sys.meta_path.insert(0, recording.Finder())\n"
        "import gradtape as gt\nw = gt.Variable(3.0)\nwith gt.GradientTape() as tape: y = w * w\n"
        "print(tape._recording.records[0][-2:], len(tape._recording.events), float(tape.gradient(y, w)._value))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": str(FOLDER.parent / "src")},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "(None, 0) 0 6.0\n"
