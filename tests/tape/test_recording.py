"""When a tape records, and for how long it keeps what it recorded."""

import threading
from contextvars import copy_context

import numpy as np
import pytest

import gradtape as gt
from gradtape.errors import DTypeError, SourceError, TapeStateError, UsedUpError

NONE = pytest.warns(gt.MissingGradientWarning)


def value(gradient):
    assert isinstance(gradient, gt.Tensor)
    return gradient.numpy()


def test_tensor_is_unknown_until_watched():
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        y = x * x
        tape.watch(x)
    with NONE:
        assert tape.gradient(y, x) is None


def test_watch_after_the_block_comes_too_late():
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        y = x * x
    tape.watch(x)
    with NONE:
        assert tape.gradient(y, x) is None


def test_watch_before_entering_says_what_to_do():
    with pytest.raises(TapeStateError, match="enter it first"):
        gt.GradientTape().watch(gt.constant(1.0))


@pytest.mark.parametrize("thing", [1.0, None, np.ones(2), "x"])
def test_watch_refuses_what_is_no_tensor(thing):
    with gt.GradientTape() as tape, pytest.raises(SourceError, match="watch"):
        tape.watch([thing])


@pytest.mark.parametrize("thing", [3, True, [1, 2]])
def test_watch_refuses_dtypes_that_cannot_move(thing):
    with gt.GradientTape() as tape, pytest.raises(DTypeError, match="dtype"):
        tape.watch(gt.constant(thing))


def test_target_that_is_the_source_counts_itself():
    x = gt.constant([1.0, 2.0])
    with gt.GradientTape() as tape:
        pass
    np.testing.assert_array_equal(value(tape.gradient(x, x)), [1.0, 1.0])


def test_targets_and_source_in_one_list():
    x = gt.constant(2.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
    assert value(tape.gradient([x, y, y], x)) == 1 + 4 + 4


def test_integer_source_that_is_the_target_gives_none():
    x = gt.constant(3)
    with gt.GradientTape() as tape:
        pass
    with NONE:
        assert tape.gradient(x, x) is None


def test_intermediate_is_a_source_and_watching_it_does_not_cut():
    x = gt.constant(3.0)
    with gt.GradientTape() as tape:
        tape.watch(x)
        y = x * x
        tape.watch(y)
        z = y * y
    assert [float(g) for g in tape.gradient(z, [x, y])] == [108.0, 18.0]


def test_an_input_that_the_tape_does_not_know_is_no_source():
    x, w = gt.constant(3.0), gt.Variable(5.0)
    with gt.GradientTape() as tape:
        y = x * w
    assert [float(g) for g in tape.gradient(y, [x, w], unconnected_gradients="zero")] == [0.0, 3.0]


def test_a_target_is_its_own_source_although_the_tape_never_saw_it():
    x, w = gt.constant(3.0), gt.Variable(5.0, trainable=False)
    with gt.GradientTape(watch_accessed_variables=False) as tape:
        pass
    assert [float(g) for g in tape.gradient([x, w], [x, w])] == [1.0, 1.0]


def test_what_was_read_of_a_variable_before_it_was_watched_is_not_on_the_tape():
    w, v = gt.Variable(2.0), gt.Variable(3.0, trainable=False)
    with gt.GradientTape() as tape:
        early = w * v
        tape.watch(v)
        late = w * v
    assert float(tape.gradient([early, late], v)) == 2.0


def test_a_gradient_made_of_reads_before_the_outer_tape_is_a_constant_to_it():
    v = gt.Variable(2.0)
    with gt.GradientTape() as middle, gt.GradientTape() as inner:
        y = v * v * v
    with gt.GradientTape() as outer:
        read = v * 1.0
        g = inner.gradient(y, v)
    assert [float(z) for z in outer.gradient([g, read], [v, g])] == [1.0, 1.0]
    assert float(middle.gradient(y, v)) == 12.0


def test_a_gradient_made_of_reads_that_the_outer_tape_did_not_see_is_a_constant_to_it():
    v = gt.Variable(2.0)
    with gt.GradientTape(persistent=True) as outer:
        read = v * 1.0
        with outer.stop_recording(), gt.GradientTape() as inner:
            y = v * v * v
        g = inner.gradient(y, v)
    assert float(outer.gradient(g, v, unconnected_gradients="zero")) == 0.0
    assert float(outer.gradient(read, v)) == 1.0


def test_of_two_outer_tapes_each_follows_what_it_saw_being_read():
    v = gt.Variable(2.0)
    with gt.GradientTape() as first:
        with gt.GradientTape() as inner:
            y = v * v * v
        with gt.GradientTape() as second:
            v * 1.0
            g = inner.gradient(y, v)
    assert float(first.gradient(g, v)) == 12.0
    assert float(second.gradient(g, v, unconnected_gradients="zero")) == 0.0


def test_a_gradient_that_is_nothing_but_its_weight_does_not_follow_assignments():
    v = gt.Variable(3.0)
    with gt.GradientTape() as outer, gt.GradientTape() as inner:
        y = v * 1.0
        g = inner.gradient(y, v, output_gradients=v)
    v.assign(5.0)
    assert float(g) == 3.0
    assert float(outer.gradient(g, v)) == 1.0


def test_a_reset_tape_goes_on_in_the_tasks_that_have_it_open():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        task = copy_context()
        tape.reset()
        y = task.run(lambda: x * x)
    assert float(tape.gradient(y, x)) == 6.0


def test_second_question_to_a_used_tape():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = x * x
    tape.gradient(y, x)
    with pytest.raises(UsedUpError, match="A non-persistent GradientTape can only be used"):
        tape.gradient(y, x)


def test_a_refused_question_does_not_use_the_tape_up():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = x * x
    with pytest.raises(ValueError, match="nonsense"):
        tape.gradient(y, x, unconnected_gradients="nonsense")
    with pytest.raises(SourceError):
        tape.gradient(y, 3.0)
    assert value(tape.gradient(y, x)) == 6.0


def test_question_inside_the_block_ends_the_recording():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = x * x
        assert value(tape.gradient(y, x)) == 6.0
        z = x * x
    with pytest.raises(UsedUpError):
        tape.gradient(z, x)


def test_persistent_tape_differentiates_its_own_gradients():
    x = gt.Variable(3.0)
    with gt.GradientTape(persistent=True) as tape:
        first = tape.gradient(x**3, x)
        second = tape.gradient(first, x)
    assert [float(g) for g in (first, second, tape.gradient(second, x))] == [27.0, 18.0, 6.0]


def test_gradient_outside_the_block_is_not_recorded():
    x = gt.Variable(3.0)
    with gt.GradientTape(persistent=True) as tape:
        y = x**3
    first = tape.gradient(y, x)
    with NONE:
        assert tape.gradient(first, x) is None


def test_unused_tape_goes_on_when_entered_again():
    x, tape = gt.constant(3.0), gt.GradientTape()
    with tape:
        tape.watch(x)
        y = x * x
    with tape:
        z = 2.0 * y
    assert value(tape.gradient(z, x)) == 12.0


def test_used_tape_starts_anew():
    x, tape = gt.Variable(3.0), gt.GradientTape()
    with tape:
        y = x * x
    assert value(tape.gradient(y, x)) == 6.0
    with tape:
        z = x * x * x
    with pytest.warns(gt.MissingGradientWarning):
        assert tape.gradient(y, x) is None
    with tape:
        z = x * x * x
    assert value(tape.gradient(z, x)) == 27.0


def test_entering_twice():
    tape = gt.GradientTape()
    with tape, pytest.raises(TapeStateError, match="still recording"):
        tape.__enter__()
    with tape:
        assert tape.watched_variables() == ()


def test_exception_leaves_a_usable_tape():
    x, tape = gt.Variable(3.0), gt.GradientTape()
    with pytest.raises(KeyError), tape:  # noqa: PT012
        y = x * x
        raise KeyError
    z = x * x
    assert value(tape.gradient([y, z], x)) == 6.0


def test_stop_recording_is_for_one_tape_and_nests():
    x = gt.Variable(3.0)
    with gt.GradientTape() as outer, gt.GradientTape() as inner:
        with inner.stop_recording():
            with inner.stop_recording():
                y = x * x
            y = y * x
        z = x * 1.0
    assert value(outer.gradient(y, x)) == 27.0
    assert value(inner.gradient([y, z], x)) == 1.0


@pytest.mark.parametrize("entered", [False, True])
def test_stopping_and_resetting_need_a_recording_tape(entered):
    tape = gt.GradientTape()
    if entered:
        with tape:
            pass
    with pytest.raises(TapeStateError), tape.stop_recording():
        pass
    with pytest.raises(TapeStateError):
        tape.reset()


def test_gradient_while_stopped_does_not_resume_the_tape():
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = x * x
        with tape.stop_recording():
            assert value(tape.gradient(y, x)) == 6.0
        with pytest.raises(TapeStateError):
            tape.reset()


def test_reset_forgets_records_and_watches():
    x, w, c = gt.Variable(2.0), gt.Variable(3.0), gt.constant(5.0)
    with gt.GradientTape() as tape:
        tape.watch(c)
        a = w * w
        tape.reset()
        assert tape.watched_variables() == ()
        z = x * x + a * c
    with NONE:
        gx, gw, gc = tape.gradient(z, [x, w, c])
    assert value(gx) == 4.0
    assert gw is None
    assert gc is None


def test_tapes_are_a_set_and_not_a_stack():
    x, first, second = gt.Variable(3.0), gt.GradientTape(), gt.GradientTape()
    first.__enter__()
    y = x * x
    second.__enter__()
    z = y * x
    first.__exit__(None, None, None)
    w = z * x
    second.__exit__(None, None, None)
    assert value(first.gradient(z, x)) == 27.0
    assert value(second.gradient(w, x)) == 54.0


def test_tapes_belong_to_their_thread():
    x, made = gt.Variable(3.0), []

    def work():
        made.append(x * x)
        with gt.GradientTape() as own:
            y = x * x * x
        made.append(own.gradient(y, x))

    with gt.GradientTape() as tape:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
        z = x * 2.0
    assert value(made[1]) == 27.0
    assert value(tape.gradient([made[0], z], x)) == 2.0


def test_another_thread_may_ask():
    x, out = gt.Variable(3.0), []
    with gt.GradientTape() as tape:
        y = x * x
    thread = threading.Thread(target=lambda: out.append(tape.gradient(y, x)))
    thread.start()
    thread.join()
    assert value(out[0]) == 6.0


@pytest.mark.parametrize("target", [None, "y", lambda: 0, [None]])
def test_refused_targets_are_named(target):
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        x * x
    with pytest.raises(SourceError, match="target"):
        tape.gradient(target, x)


@pytest.mark.parametrize("source", [None, 3.0, np.ones(2), ["x"]])
def test_refused_sources_are_named(source):
    x = gt.Variable(3.0)
    with gt.GradientTape() as tape:
        y = x * x
    with pytest.raises(SourceError, match="sources"):
        tape.gradient(y, source)


def test_no_sources_and_no_targets():
    x = gt.Variable(3.0)
    with gt.GradientTape(persistent=True) as tape:
        y = x * x
    assert tape.gradient(y, []) == []
    with NONE:
        assert tape.gradient([], x) is None
