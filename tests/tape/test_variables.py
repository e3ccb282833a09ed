"""Watching by reading, and assignments that carry no gradient."""

import copy

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import OperandError, ShapeError

NONE = pytest.warns(gt.MissingGradientWarning)


def test_non_trainable_variable_is_watched_on_request_only():
    v = gt.Variable(3.0, trainable=False)
    with gt.GradientTape(persistent=True) as tape:
        y = v * v
        tape.watch(v)
        z = v * v
    with NONE:
        assert tape.gradient(y, v) is None
    assert float(tape.gradient(z, v)) == 6.0
    assert [w is v for w in tape.watched_variables()] == [True]


def test_reading_watches_unless_told_otherwise():
    a, b = gt.Variable(1.0), gt.Variable(2.0)
    with gt.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(b)
        y = a**2 + b**3
    with NONE:
        ga, gb = tape.gradient(y, [a, b])
    assert ga is None
    assert float(gb) == 12.0


def test_watched_variables_come_in_the_order_of_creation():
    a, b, c = gt.Variable(1.0), gt.Variable(2.0), gt.Variable(3)
    with gt.GradientTape() as tape:
        b * b
        c * c
        a.read_value()
        tape.watch(gt.constant(1.0))
    tape.gradient(b, b)
    assert [v is w for v, w in zip(tape.watched_variables(), (a, b, c), strict=True)] == [True] * 3


def test_every_way_of_reading():
    v = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = v.value() * v.read_value() * gt.identity(v) * gt.constant(v)
    assert float(tape.gradient(y, v)) == 108.0


def test_each_read_is_a_tensor_of_its_own():
    v = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        u = v.value()
        y = v * v
    with NONE:
        assert tape.gradient(y, u) is None


def test_read_before_the_tape_is_a_constant():
    v = gt.Variable(3.0)
    x = v.read_value()
    with gt.GradientTape() as tape:
        y = x * x
    with NONE:
        assert tape.gradient(y, v) is None


def test_gradient_uses_the_values_that_were_read():
    v = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        a = v * v
        v.assign(5.0)
        b = v * v
    v.assign(100.0)
    assert float(tape.gradient([a, b], v)) == 4.0 + 10.0


def test_nothing_flows_through_an_assignment():
    v, x = gt.Variable(2.0), gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = 5.0 * v.assign(x * x) * v
    with NONE:
        gx, gv = tape.gradient(y, [x, v])
    assert gx is None
    assert float(gv) == 90.0


def test_assign_add_and_sub_change_the_value_alone():
    v = gt.Variable([2.0, 3.0])
    with gt.GradientTape() as tape:
        v.assign_add(v * v)
        v.assign_sub([1.0, 1.0])
        y = 3.0 * v
    np.testing.assert_array_equal(v.numpy(), [5.0, 11.0])
    np.testing.assert_array_equal(tape.gradient(y, v).numpy(), [3.0, 3.0])


def test_some_elements_can_be_replaced():
    v, x = gt.Variable([[1.0, 2.0], [3.0, 4.0]]), gt.constant(5.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        v.scatter_nd_update([[0, 1], [1, 0]], [x, 6.0], name="some")
        y = v * v
    with NONE:
        gv, gx = tape.gradient(y, [v, x])
    np.testing.assert_array_equal(gv.numpy(), [[2.0, 10.0], [12.0, 8.0]])
    assert gx is None


def test_no_tensor_is_none():
    v = gt.Variable([1.0, 2.0])
    assert (v == None) is False  # noqa: E711
    assert (v != None) is True  # noqa: E711
    assert (v == [1.0, 3.0]).numpy().tolist() == [True, False]


def test_reads_are_snapshots():
    v = gt.Variable([1.0, 2.0])
    array, tensor = v.numpy(), v.read_value()
    v.assign_add([5.0, 5.0])
    np.testing.assert_array_equal(array, [1.0, 2.0])
    np.testing.assert_array_equal(tensor.numpy(), [1.0, 2.0])


def test_variable_does_not_alias_the_array_that_it_was_made_from():
    array = np.array([1.0, 2.0])
    v, c = gt.Variable(array), gt.constant(array)
    array[0] = 99.0
    np.testing.assert_array_equal(v.numpy(), [1.0, 2.0])
    np.testing.assert_array_equal(c.numpy(), [1.0, 2.0])


def test_augmented_assignment_says_what_to_write():
    v = gt.Variable(2.0)
    with pytest.raises(OperandError, match="assign_add"):
        v += 1.0


def test_assigned_shape_must_fit():
    with pytest.raises(ShapeError, match=r"\(2,\)"):
        gt.Variable([1.0, 2.0]).assign([1.0, 2.0, 3.0])


def test_one_variable_in_many_places():
    v = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = v * v
    gradients = tape.gradient(y, {"a": v, "b": [v, (v,)]})
    assert float(gradients["a"]) == float(gradients["b"][0]) == float(gradients["b"][1][0]) == 6.0


def test_variable_made_from_a_watched_tensor_starts_a_new_path():
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        v = gt.Variable(x * x)
        y = v * 2.0
    with NONE:
        gx, gv = tape.gradient(y, [x, v])
    assert gx is None
    assert float(gv) == 2.0


def test_gradient_of_a_variable_with_respect_to_itself_and_another():
    v, w = gt.Variable([3.0, 4.0]), gt.Variable(1.0)
    with gt.GradientTape(persistent=True) as tape:
        v * w
    np.testing.assert_array_equal(tape.gradient(v, v).numpy(), [1.0, 1.0])
    with NONE:
        assert tape.gradient(v, w) is None


def test_integer_variable_has_no_gradient():
    v = gt.Variable(3)
    with gt.GradientTape() as tape:
        y = v.astype(float) * 2.0
    with NONE:
        assert tape.gradient(y, v) is None


def test_gradient_has_the_dtype_of_its_source():
    v = gt.Variable(np.float32(3.0))
    with gt.GradientTape() as tape:
        y = v.astype(np.float64) ** 2
    gradient = tape.gradient(y, v)
    assert gradient.dtype == np.float32
    assert float(gradient) == 6.0


def test_a_deep_copy_is_a_variable_of_its_own_and_the_same_within_one_copy():
    v = gt.Variable([1.0, 2.0], trainable=False, name="rate", constraint=np.abs)
    made = copy.deepcopy({"a": v, "b": [v]})
    other = made["a"]
    assert type(other) is gt.Variable
    assert other is made["b"][0] is not v
    assert (other.trainable, other.name, other.constraint) == (False, "rate", np.abs)
    other.assign([3.0, 4.0])
    assert v.numpy().tolist() == [1.0, 2.0]
