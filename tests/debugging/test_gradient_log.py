"""What a log of gradients says, when it says it, and that it says nothing else."""

import logging

import numpy as np
import pytest

import gradtape as gt
from gradtape.debugging import GradientLog
from gradtape.debugging import gradient_log as module
from gradtape.tape import missing


@pytest.fixture
def said(caplog):
    caplog.set_level(logging.INFO, "gradtape.gradients")
    return lambda: [f"{r.levelname} {r.getMessage()}" for r in caplog.records]


def test_the_first_step_and_every_so_many_after_it(said):
    log = GradientLog(every=3)
    for step in range(1, 8):
        log({"w": np.full(4, float(step))})
    assert said() == [f"INFO step {k}: 1 gradient, norm {2 * k} (w)" for k in (1, 4, 7)]


def test_the_steps_between_only_count(monkeypatch):
    looked = []
    monkeypatch.setattr(module, "stats_of", lambda name, gradient: looked.append(name))
    monkeypatch.setattr(GradientLog, "write", lambda self, gradients: looked.append(gradients))
    monkeypatch.setattr(module, "_named", lambda *given: looked.append(given))
    log = GradientLog(every=100)
    log.step, log._next = 1, 101
    for _ in range(99):
        log([None])
    assert (log.step, looked) == (100, [])
    log([None])
    assert looked


def test_trouble_is_told_when_it_begins_and_when_it_ends(said):
    log = GradientLog(every=1)
    bad, good = np.array([1.0, np.nan, np.inf]), np.ones(4)
    for gradient in (good, None, None, bad, bad, np.zeros(2), good):
        log({"w": gradient})
    assert [line for line in said() if "gradient of" in line] == [
        "WARNING step 2: the gradient of w is missing",
        "WARNING step 4: the gradient of w is not finite: 1 NaN and 1 infinite of 3",
        "WARNING step 6: the gradient of w is zero in every element",
        "INFO step 7: the gradient of w flows again",
    ]


def test_the_numbers_are_on_the_record(caplog):
    caplog.set_level(logging.INFO, "gradtape.gradients")
    GradientLog()({"w": np.array([3.0, -4.0, 0.0])})
    (one,) = caplog.records[0].gradients
    assert (one.name, one.size, one.norm, one.zeros, one.nans, one.infs, one.missing) == ("w", 3, 5.0, 1, 0, 0, False)


def test_one_line_per_variable_for_who_wants_it(caplog):
    caplog.set_level(logging.DEBUG, "gradtape.gradients")
    GradientLog()({"a": np.array([3.0, 0.0]), "b": None})
    assert [r.getMessage() for r in caplog.records if r.levelno == logging.DEBUG] == [
        "step 1: a: norm 3, 50% zeros",
        "step 1: b is missing",
    ]


@pytest.mark.parametrize(
    ("gradients", "variables", "names"),
    [
        ([np.ones(1), np.ones(2)], None, ["[0]", "[1]"]),
        ({"w": np.ones(1), "deep": {"b": np.ones(1)}}, None, ["w", "['deep']['b']"]),
        ([np.ones(1)], [gt.Variable(1.0, name="w")], ["w"]),
        ([(np.ones(1), gt.Variable(1.0, name="w")), (None, gt.Variable(1.0, name="b"))], None, ["w", "b"]),
        ([np.ones(1), np.ones(1)], [gt.Variable(1.0, name="w")] * 2, ["w[0]", "w[1]"]),
        (np.ones(1), None, ["gradient"]),
        ([("w", np.ones(1)), ("b", None)], None, ["w", "b"]),
    ],
)
def test_names_are_those_of_the_variables_or_the_places(caplog, gradients, variables, names):
    caplog.set_level(logging.INFO, "gradtape.gradients")
    GradientLog()(gradients, variables)
    assert [one.name for one in caplog.records[0].gradients] == names


def test_tapes_in_a_block_are_heard_and_their_warnings_stay(said):
    w, b = gt.Variable([3.0, 4.0]), gt.Variable(1.0)
    with GradientLog(every=2):
        for _ in range(3):
            with gt.GradientTape() as tape:
                loss = (w * w).sum() / 2
            with pytest.warns(gt.MissingGradientWarning):
                tape.gradient(loss, [w, b])
    assert said() == [
        "INFO step 1: 2 gradients, norm 5 (w)",
        "WARNING step 1: the gradient of b is missing",
        "INFO step 3: 2 gradients, norm 5 (w)",
    ]
    assert missing.OBSERVERS == []


def test_the_program_computes_what_it_did(said):
    w = gt.Variable([1.0, 2.0])
    with GradientLog(every=1), gt.GradientTape() as tape:
        g = tape.gradient((w * w).sum(), w)
    assert np.asarray(g).tolist() == [2.0, 4.0]
    assert len(said()) == 1


def test_nothing_is_looked_at_where_nobody_listens(caplog):
    caplog.set_level(logging.ERROR, "gradtape.gradients")
    GradientLog()({"w": None})
    assert caplog.records == []


def test_a_logger_and_a_level_of_ones_own(caplog):
    mine = logging.getLogger("mine")
    caplog.set_level(logging.DEBUG, "mine")
    GradientLog(logger=mine, level=logging.DEBUG)({"w": np.ones(1)})
    assert {(r.name, r.levelno) for r in caplog.records} == {("mine", logging.DEBUG)}


def test_every_must_be_a_step():
    with pytest.raises(ValueError, match="not 0"):
        GradientLog(every=0)


def test_parameters_of_torch(caplog):
    torch = pytest.importorskip("torch")
    caplog.set_level(logging.INFO, "gradtape.gradients")
    model = torch.nn.Linear(2, 1)
    model(torch.ones(3, 2)).sum().backward()
    GradientLog()(model.named_parameters())
    GradientLog()(model.parameters())
    stats = caplog.records[0].gradients
    assert [(s.name, s.size, s.norm) for s in stats] == [("weight", 2, pytest.approx(18**0.5)), ("bias", 1, 3.0)]


def test_pairs_as_an_optimizer_of_tensorflow_takes_them(caplog):
    tf = pytest.importorskip("tensorflow")
    caplog.set_level(logging.INFO, "gradtape.gradients")
    w = tf.Variable([3.0, 4.0], name="w")
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.gather(w, [0]) ** 2)
    GradientLog()(zip(tape.gradient(loss, [w]), [w], strict=True))
    (one,) = caplog.records[0].gradients
    assert (one.norm, one.missing) == (6.0, False)
    assert one.name.startswith("w")
