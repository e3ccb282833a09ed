"""`gradients`: no tape, no watching."""

from itertools import chain

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays.record import STATE
from gradtape.errors import ShapeError, TapeStateError

NONE = pytest.warns(gt.MissingGradientWarning)


def test_constants_are_sources_and_the_answer_is_a_list():
    x, y = gt.constant(3.0), gt.constant(2.0)
    (only,) = gt.gradients(x * x, x)
    assert float(only) == 6.0
    assert [float(g) for g in gt.gradients([x * y, x], [x, y])] == [3.0, 3.0]


def test_answer_can_be_differentiated():
    x = gt.constant(2.0)
    first = gt.gradients(x**4, x)
    second = gt.gradients(first, x)
    assert float(gt.gradients(second, x)[0]) == 48.0


def test_grad_ys_weigh_and_are_counted():
    x = gt.constant([1.0, 2.0])
    y = x * x
    (g,) = gt.gradients(y, x, grad_ys=gt.constant([1.0, 10.0]))
    np.testing.assert_array_equal(g.numpy(), [2.0, 40.0])
    with pytest.raises(ShapeError, match="2 grad_ys for 1"):
        gt.gradients(y, x, grad_ys=[y, y])


def test_stop_gradients_count_as_constants():
    x = gt.constant(3.0)
    y = x * x
    total = x + y
    assert float(gt.gradients(total, x, stop_gradients=[y])[0]) == 1.0
    assert float(gt.gradients(total, x)[0]) == 7.0
    assert float(gt.gradients(total, y, stop_gradients=y)[0]) == 1.0


def test_unconnected():
    x, w = gt.constant(3.0), gt.constant([1.0, 1.0])
    y = x * x
    with NONE:
        assert gt.gradients(y, w) == [None]
    np.testing.assert_array_equal(gt.gradients(y, w, unconnected_gradients="zero")[0].numpy(), [0.0, 0.0])


def test_records_of_an_open_tape_count_watched_or_not():
    x, v = gt.constant(3.0), gt.Variable(2.0)
    y = x * v
    with gt.GradientTape() as tape:
        z = y * v * x
        w = x * x
        assert [float(g) for g in gt.gradients(z, [x, v])] == [24.0, 36.0]
        assert float(gt.gradients(w, x)[0]) == 6.0
    assert float(tape.gradient(z, v)) == 18.0


def test_what_a_closed_tape_kept_is_not_guessed():
    v = gt.Variable(3.0)
    with gt.GradientTape():
        y = v * v * 1.0
    z = y * v
    with pytest.raises(TapeStateError, match="`multiply` at line"):
        gt.gradients(z, v)
    assert float(gt.gradients(z, y)[0]) == 3.0
    assert float(gt.gradients(z, v, stop_gradients=y)[0]) == 9.0


def test_a_tape_hands_over_no_more_than_is_remembered():
    class Looked(list):
        def __getitem__(self, place):
            found = super().__getitem__(place)
            if isinstance(place, slice):
                handed.append(len(found))
            return found

    handed = []
    limit = gt.config().__enter__().ambient_records
    x = gt.constant(1.0)
    with gt.GradientTape() as tape:
        y = x * 1.0
        tape._recording.written = Looked(tape._recording.written * 3 * limit)
        y = y * 2.0
    assert handed == [limit]
    memory = STATE.ambient.tapes.written
    assert len(memory) == limit
    assert memory[-1][2] == y._id
    STATE.__init__()


def test_the_newest_operations_are_remembered_and_little_more():
    limit = 100
    with gt.config(ambient_records=limit):
        STATE.__init__()
        assert not STATE.ambient.horizon
        x = gt.constant(1.0)
        results = [x * 1.0 for _ in range(limit // 2)]
        with gt.GradientTape() as tape:
            tape.watch(x)
            inside = [x * 2.0 for _ in range(limit // 5)]
        results += [x * 3.0 for _ in range(2 * limit)]
        kept = [written[2] for written in STATE.ambient.outside.written]
        assert kept == [y._id for y in results][-len(kept) :]
        assert limit <= len(kept) <= limit + limit // 32 + 1
        assert STATE.ambient.horizon == kept[0]
        assert [written[2] for written in STATE.ambient.written] == [*(y._id for y in inside), *kept]
        assert [w[2] for w in STATE.ambient.outside.since(kept[2])] == kept[:2:-1]
    STATE.__init__()


def test_a_quarter_as_much_is_remembered_of_closed_tapes_and_of_events():
    with gt.config(ambient_records=100):
        STATE.__init__()
        x = gt.Variable(1.0)
        tapes = []
        for _ in range(10):
            with gt.GradientTape():
                tapes.append([(x * 2.0)._id for _ in range(10)])
            assert [w[2] for w in STATE.ambient.written] == [*chain(*tapes[-3:])], "whole tapes, at least 25 operations"
        assert STATE.ambient.horizon == tapes[-3][0]
        for value in range(100):
            x.assign(value)
        assert len(STATE.ambient.events) == 25
        assert STATE.ambient.horizon == STATE.ambient.events[0].seq > tapes[-1][-1]
    STATE.__init__()


def test_a_setting_counts_from_then_on():
    x = gt.Variable(0.0)
    with gt.config(ambient_records=100_000):
        for value in range(1_000):
            x.assign(value)
        assert len(STATE.ambient.noted) >= 1_000
    assert len(STATE.ambient.noted) == STATE.ambient.noted.maxlen


def test_nothing_is_remembered_where_nothing_may_be():
    with gt.config(ambient_records=0):
        STATE.__init__()
        x = gt.Variable(1.0)
        with gt.GradientTape() as tape:
            y = x * 2.0
        assert float(tape.gradient(y, x)) == 2.0
        for _ in range(3):
            x * 3.0
        assert len(STATE.ambient.written) <= 1
    STATE.__init__()


def test_what_did_not_fit_is_not_guessed():
    x = gt.constant(np.ones(100))
    with gt.config(ambient_bytes=1000):
        y = np.sin(x)
        for _ in range(3):
            np.sin(x)
        with pytest.raises(TapeStateError, match="ambient_bytes"):
            gt.gradients(y, x)
