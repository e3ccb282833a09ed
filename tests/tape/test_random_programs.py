"""Random programs agree with the oracle, and the comparison sees what is wrong with an engine."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays.record import Recording
from gradtape.tape import query
from tests import machine, programs


def test_a_thousand_programs():
    _, did, wrong = programs.check_block(0, 1000)
    assert not wrong, wrong[0][1]
    assert did["gradients"] > 1000


@pytest.mark.thorough
def test_many_more_of_them():
    _, _, wrong = programs.check_block(1000, 20_000)
    assert not wrong, wrong[0][1]


def plant_a_constant(patch):
    patch.setitem(machine.OURS, "sin", lambda a: np.sin(gt.stop_gradient(a)))


def plant_a_tie(patch):
    patch.setitem(machine.OURS, "maximum", lambda a, b: np.maximum(b, a))


def plant_deafness(patch):
    patch.setattr(Recording, "hand_over", lambda self: self.known.clear())


def plant_too_many_answers(patch):
    patch.setattr(query, "answers_for", lambda _recording, _leaf: True)


def plant_early_reads(patch):
    patch.setattr(query, "without_early_reads", lambda records, _late: records)


def plant_a_lost_term(patch):
    patch.setitem(machine.OURS, "mul", lambda a, b: a * (gt.stop_gradient(b) if b is a else b))


@pytest.mark.parametrize(
    "plant",
    [plant_a_constant, plant_a_tie, plant_deafness, plant_too_many_answers, plant_early_reads, plant_a_lost_term],
)
def test_a_planted_error_is_found(plant, monkeypatch):
    plant(monkeypatch)
    with pytest.raises(machine.Wrong):
        any(programs.check(seed) is None for seed in range(3000))
