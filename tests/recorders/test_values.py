"""What a report keeps to be drawn: nothing unless asked, and then what every value is like that the tape still has."""

import math

import numpy as np

import gradtape as gt
from gradtape.recorders.heard import Heard
from gradtape.recorders.listening import Listening


def heard(*, to_draw):
    kept = Heard(to_draw=to_draw)
    w, b = gt.Variable(np.arange(3.0)), gt.Variable(2.0)
    with Listening(kept):
        with gt.GradientTape() as tape:
            y = np.exp(w) * b
            z = np.sum(np.concatenate([np.floor(y), np.log(y)]))
        tape.gradient(z, [w, b])
    return kept.reports


def test_a_run_is_kept_only_where_somebody_wants_to_draw_it():
    assert [r.context for r in heard(to_draw=False)] == [None, None]
    first, second = heard(to_draw=True)
    assert first.context.question.run is second.context.question.run
    assert first.context.routes[0][0].operation.name == "exp"


def test_values_that_the_tape_kept_are_told_and_of_others_the_shape():
    report, _ = heard(to_draw=True)
    run = report.context.question.run
    told = {op.name: run.values[op.output] for op in run.operations if op.output in run.values}  # the last of a name
    assert (told["exp"].low, told["exp"].high, told["exp"].shape) == (1.0, math.exp(2.0), (3,))
    assert told["floor"].shape == (3,)
    assert math.isnan(told["floor"].low)
    source = run.values[next(iter(report.context.source.ids))]
    assert (source.low, source.high, source.zeros) == (0.0, 2.0, 1)


def test_a_variable_has_the_value_that_was_read():
    kept = Heard(to_draw=True)
    w = gt.Variable(1.0)
    with Listening(kept):
        w.assign(5.0)
        with gt.GradientTape() as tape:
            y = w * w
        w.assign(9.0)
        tape.gradient(y, w)
    run = kept.reports[0].context.question.run
    multiply = next(op for op in reversed(run.operations) if op.name == "multiply")
    assert run.values[multiply.inputs[0]].high == 5.0
