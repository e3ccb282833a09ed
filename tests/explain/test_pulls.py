"""A step of the backward pass as recorders write it down: sizes, and the one element that shows what happened."""

from __future__ import annotations

import numpy as np
import pytest

from gradtape.diagnostics import Site
from gradtape.explain.graph import Operation
from gradtape.recorders.pulls import pull, suspicious, telling
from gradtape.recorders.summaries import summary

SITE = Site((lambda: None).__code__, 0)


def operation(inputs=1, **params):
    return Operation(2, "f", (1,) * inputs, 2, SITE, ((),) * inputs, function="f", params=params)


def test_the_first_element_that_became_infinite_is_shown_with_its_numbers():
    x = np.array([[4.0, 1.0], [0.0, 0.0]])
    step = pull(operation(), 0, np.ones((2, 2)), np.array([[1.0, 1.0], [np.inf, np.inf]]), (x,), np.sqrt(x))
    assert step.element.index == (1, 0)
    assert step.element.inputs == (0.0,)
    assert (step.element.output, step.element.came, step.element.gave) == (0.0, 1.0, np.inf)
    assert (step.gave.infs, step.gave.nans, step.came.finite) == (2, 0, True)


def test_an_element_that_was_already_bad_is_not_the_one():
    step = pull(operation(), 0, np.array([np.nan, 1.0]), np.array([np.nan, np.inf]))
    assert step.element.index == (1,)


def test_an_element_that_lost_its_cotangent_is_shown_before_one_that_had_none():
    step = pull(operation(), 0, np.array([0.0, 3.0]), np.zeros(2), (np.array([1.0, -1.0]),))
    assert step.element.index == (1,)
    assert step.element.inputs == (-1.0,)


@pytest.mark.parametrize(("axis", "index"), [(1, (1, 0)), (-1, (1, 0)), ((0,), (0, 1)), (0, (0, 1))])
def test_a_reduction_is_followed_along_its_axis(axis, index):
    x = np.ones((2, 3))
    x[index] = 0.0
    output = x.sum(axis)
    came = np.arange(output.size) + 1.0
    gave = np.zeros((2, 3))
    gave[index] = np.nan
    step = pull(operation(axis=axis), 0, came, gave, (x,), output)
    assert step.element.index == index
    assert step.element.came == came[index[1] if axis in {0, (0,)} else index[0]]


def test_what_was_broadcast_is_found_by_its_place():
    x, row, number = np.ones((2, 3)), np.array([1.0, 0.0, 2.0]), np.float64(7.0)
    gave = np.ones((2, 3))
    gave[1, 1] = np.inf
    step = pull(operation(3), 0, np.ones((2, 3)), gave, (x, row, number))
    assert step.element.inputs == (1.0, 0.0, 7.0)


def test_what_has_no_place_in_another_shape_is_left_out():
    step = pull(operation(2), 0, np.ones((2, 5)), np.zeros((2, 3)), (np.ones((2, 3)), np.ones((3, 5))), np.ones((2, 5)))
    assert step.element.inputs == (1.0, None)
    assert step.element.came is None
    assert step.element.output is None


def test_the_size_of_a_complex_number_is_told():
    step = pull(operation(), 0, np.array(3.0 + 4.0j), np.array(0.0j), (np.array(6.0 + 8.0j),))
    assert (step.element.came, step.element.inputs) == (5.0, (10.0,))


def test_a_step_at_which_nothing_happened_shows_no_element():
    assert pull(operation(), 0, np.ones(2), np.array([0.0, 2.0])).element is None


@pytest.mark.parametrize(
    ("came", "gave", "tells"),
    [
        ([np.inf, 1.0], [np.inf, np.nan], True),
        ([np.inf], [np.inf, np.nan], False),
        ([1.0, -1.0], [1.0, -1.0], False),
        ([2.0, -2.0], [0.0, 0.0], True),
        ([1.0, 2.0], [1.0, np.inf], True),
        ([1.0, np.inf], [1.0, np.inf], False),
        ([1.0, 0.0], [0.0, 0.0], True),
        ([0.0, 0.0], [0.0, 0.0], False),
        ([1.0, 2.0], [0.0, 1.0], False),
    ],
)
def test_a_step_tells_where_numbers_are_lost(came, gave, tells):
    assert telling(np.array(came), np.array(gave)) is tells


NUMBERS = (0.0, -0.0, 1.5, -2.0, 1e308, 5e-324, np.inf, -np.inf, np.nan)


@pytest.mark.parametrize("came", NUMBERS)
@pytest.mark.parametrize("gave", NUMBERS)
def test_a_number_tells_what_an_array_of_one_number_tells(came, gave):
    assert telling(np.float64(came), np.float64(gave)) is telling(np.array([came]), np.array([gave]))


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64", "longdouble"])
@pytest.mark.parametrize("number", NUMBERS)
@np.errstate(over="ignore")
def test_one_number_is_counted_as_several_are(number, dtype):
    one, two = summary(np.array(number, dtype)), summary(np.array([number, number], dtype))
    assert (one.shape, one.dtype, one.size) == ((), dtype if dtype != "longdouble" else str(np.dtype(dtype)), 1)
    assert str((one.low, one.high)) == str((two.low, two.high))
    assert (2 * one.zeros, 2 * one.nans, 2 * one.infs) == (two.zeros, two.nans, two.infs)


@pytest.mark.parametrize(
    ("gradient", "odd"),
    [([0.0, 0.0], True), ([np.nan, 1.0], True), ([1e9], True), ([1e-9, 0.0], True), ([1e-9, 0.1], False), ([], False)],
)
def test_only_odd_gradients_are_looked_into(gradient, odd):
    assert suspicious(summary(np.array(gradient))) is odd
