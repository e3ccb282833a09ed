"""Depth has no limit, and a dropped tape keeps nothing alive."""

import gc
import weakref

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays.record import STATE


def test_a_chain_of_a_hundred_thousand_operations():
    x = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        y = x
        for _ in range(100_000):
            y = y * 1.00001
    np.testing.assert_allclose(float(tape.gradient(y, x)), 1.00001**100_000, rtol=1e-9)


def test_arrays_are_freed_without_the_garbage_collector():
    x = gt.Variable(np.ones(1000))
    gc.collect()
    gc.disable()
    try:
        with gt.GradientTape(persistent=True) as tape:
            middle = np.exp(x)
            y = np.sum(middle * middle)
        gone = weakref.ref(middle._value)
        del middle
        tape.gradient(y, x)
        assert gone() is not None
        del tape
        assert gone() is None
    finally:
        gc.enable()


def test_a_used_tape_frees_its_arrays_and_keeps_its_story():
    x = gt.Variable(np.ones(1000))
    with gt.GradientTape() as tape:
        middle = np.exp(x)
        y = np.sum(middle * middle)
    gone = weakref.ref(middle._value)
    del middle
    tape.gradient(y, x)
    assert gone() is None
    assert [r.op.name for r in tape._recording.records][-1] == "sum"


def test_a_function_that_no_row_knows_does_not_keep_its_result_alive():
    x = gt.Variable(np.ones((3, 3)))
    with gt.GradientTape():
        made = np.unique(x)
    gone = weakref.ref(made._value)
    del made
    assert gone() is None


def test_the_memory_outside_tapes_is_bounded():
    x = gt.Variable(np.ones(1000))
    with gt.config(ambient_bytes=100_000):
        for _ in range(50):
            np.sin(x)
        assert STATE.ambient.bytes <= 100_000
        assert STATE.ambient.bytes == sum(size for _, _, size in STATE.ambient.saved) > 0
        gt.external(np.dot, vjp=lambda g, y, a, b: (g * b, g * a))(x, np.ones(1000))
        assert STATE.ambient.saved[-1][2] == 16_000


def test_errors_in_a_rule_leave_no_trace():
    x = gt.Variable(3.0)
    broken = gt.external(np.sinh, vjp=lambda g, y, x: 1 / 0)
    with gt.GradientTape() as outer:
        with gt.GradientTape() as tape:
            y = broken(x)
        with pytest.raises(ZeroDivisionError):
            tape.gradient(y, x)
        z = x * x
    assert STATE.backward_of is None
    assert float(outer.gradient(z, x)) == 6.0
