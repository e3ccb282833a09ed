"""Training holds memory flat: what a step leaves behind is bounded, whatever it does with tapes."""

import gc
import tracemalloc
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import gradtape as gt

WARM_UP = 500
"""Steps until the thread's memory of its newest operations and events is full, which is set to 200."""

ALLOWED = 50_000
"""Bytes; one array of a step that is kept per step would be millions."""

DATA = np.random.default_rng(0).normal(size=(8, 3))


def plain(w, _step):
    with gt.GradientTape() as tape:
        loss = np.sum(np.square(np.tanh(DATA @ w)))
    w.assign_sub(0.01 * tape.gradient(loss, w))


def persistent(w, _step):
    with gt.GradientTape(persistent=True) as tape:
        loss = np.sum(np.square(DATA @ w))
        half = loss * 0.5
    w.assign_sub(0.001 * (tape.gradient(loss, w) + tape.gradient(half, w)))


def nested(w, _step):
    with gt.GradientTape() as outer:
        with gt.GradientTape() as inner:
            loss = np.sum(np.exp(DATA @ w * 0.1))
        g = inner.gradient(loss, w)
        size = np.sum(g * g)
    w.assign_sub(0.001 * outer.gradient(size, w))


def with_a_missing_gradient(w, _step):
    unused = gt.Variable(1.0)
    with gt.GradientTape() as tape:
        loss = np.sum(np.square(DATA @ w))
    g, _ = tape.gradient(loss, [w, unused], unconnected_gradients="zero")
    w.assign_sub(0.01 * g)


def with_an_error(w, _step):
    try:
        with gt.GradientTape():
            np.sum(DATA @ w) + np.ones(7) @ w
    except ValueError:
        pass


STEPS = [plain, persistent, nested, with_a_missing_gradient, with_an_error]


def growth(step, count):
    """Return by how many bytes the memory grows over so many steps, in a thread of their own."""
    with gt.config(ambient_records=200), ThreadPoolExecutor(1) as thread:
        return thread.submit(measure, step, count).result()


def measure(step, count):
    w = gt.Variable([0.1, 0.2, 0.3])
    tracemalloc.start()
    try:
        for k in range(WARM_UP):
            step(w, k)
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        for k in range(count):
            step(w, k)
        gc.collect()
        return tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("step", STEPS[:1])
def test_five_thousand_steps(step):
    assert growth(step, 5_000) < ALLOWED


@pytest.mark.thorough
@pytest.mark.parametrize("step", STEPS)
def test_a_hundred_thousand_steps(step):
    assert growth(step, 100_000) < ALLOWED


def test_a_leak_is_seen():
    kept = []

    def leaking(w, _step):
        with gt.GradientTape() as tape:
            kept.append(DATA @ w)
        tape.gradient(kept[-1], w)

    assert growth(leaking, 1_000) > ALLOWED
