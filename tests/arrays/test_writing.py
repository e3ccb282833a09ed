"""Writing into tensors: NumPy's values, right gradients of what was there and of what came, and no surprise."""

import numpy as np
import pytest

import gradtape as gt
import gradtape.numpy as gnp
from gradtape.arrays import writing
from gradtape.testing import check_grads

RNG = np.random.default_rng(0)
X = RNG.normal(size=(4, 3))
V = RNG.normal(size=3)
MASK = X > 0.2


def set_at(index):
    def write(x, v):
        x[index] = v

    return write


WRITES = {
    "row": (set_at(1), X, V),
    "number": (set_at((1, 2)), X, V[0]),
    "everything": (set_at(...), X, V),
    "slice": (set_at((slice(None), slice(None, None, 2))), X, V[:2]),
    "rows": (set_at([0, 2]), X, V),
    "rows, one twice": (set_at([0, 2, 2]), X, RNG.normal(size=(3, 3))),
    "mask": (set_at(MASK), X, RNG.normal(size=MASK.sum())),
    "leading ones": (set_at(1), X, V[None, None]),
    "new axis": (set_at((None, 1)), X, V),
    "copyto": (np.copyto, X, V),
    "copyto where": (lambda x, v: np.copyto(x, v, where=MASK), X, V),
    "put": (lambda x, v: np.put(x, [0, 5, 5, 11], v), X, V),
    "put clipped": (lambda x, v: np.put(x, [0, 50, -3], v, mode="clip"), X, V),
    "place": (lambda x, v: np.place(x, MASK, v), X, V[:2]),
    "putmask": (lambda x, v: np.putmask(x, MASK, v), X, V[:2]),
    "fill_diagonal": (np.fill_diagonal, X, V[0]),
    "fill_diagonal wrapped": (lambda x, v: np.fill_diagonal(x, v, wrap=True), X, V),
    "put_along_axis": (lambda x, v: np.put_along_axis(x, np.array([[0], [2], [1], [1]]), v, 1), X, V[:1]),
    "put_along no axis": (lambda x, v: np.put_along_axis(x, np.array([0, 7]), v, None), X, V[:2]),
    "add.at": (lambda x, v: np.add.at(x, [0, 2, 2], v), X, V),
    "subtract.at": (lambda x, v: np.subtract.at(x, (slice(None), [0, 0]), v), X, V[:2]),
    "multiply.at": (lambda x, v: np.multiply.at(x, [0, 2, 2, 0, 2], v), X, V),
    "maximum.at": (lambda x, v: np.maximum.at(x, ([0, 2, 2], [1, 1, 1]), v), X, V),
    "sin.at": (lambda x, _: np.sin.at(x, [0, 0, 1]), X, V),
    "out": (lambda x, v: np.multiply(v, v, out=x), X, V),
    "out where": (lambda x, v: np.multiply(v, v, out=x, where=MASK), X, V),
    "out of a reduction": (lambda x, v: np.sum(np.outer(v, v), axis=0, out=x), X[0], V),
    "out of a composite": (lambda x, v: np.nansum(np.outer(v, v), axis=0, out=x), X[0], V),
    "out by position": (lambda x, v: np.clip(v, -0.5, 0.5, x), X, V),
    "sort": (lambda x, _: x.sort(axis=0), X, V),
    "partition": (lambda x, _: x.partition(1), X, V),
    "fill": (lambda x, v: x.fill(v[0]), X, V),
    "put method": (lambda x, v: x.put([1, 2], v[:2]), X, V),
    "flat": (lambda x, v: x.flat.__setitem__([1, 2], v[:2]), X, V),
    "imag of real": (lambda x, v: setattr(x, "real", v), X, V),
}


@pytest.mark.parametrize("name", WRITES)
def test_value_and_gradients(name):
    write, x, v = WRITES[name]
    expected = x.copy()
    write(expected, v)

    def f(x, v):
        t = x * 1.0
        write(t, v * 1.0)
        return t

    np.testing.assert_allclose(f(gt.constant(x), gt.constant(v)).numpy(), expected, rtol=1e-15)
    check_grads(f, [x, v])


def test_a_loop_of_writes_is_recorded():
    def running(x):
        y = gnp.zeros(5)
        y[0] = x[0]
        for k in range(1, 5):
            y[k] = y[k - 1] * x[k]
        return y

    x = RNG.uniform(0.5, 1.5, 5)
    np.testing.assert_allclose(running(gt.constant(x)).numpy(), np.cumprod(x))
    check_grads(running, [x])


def test_what_was_recorded_before_keeps_its_values():
    t = gt.constant([1.0, 2.0])
    with gt.GradientTape(persistent=True) as tape:
        tape.watch(t)
        first, before = t * 1.0, t * t
        t = first
        t[0] = 5.0
        after = t * t
    source = first
    assert before.tolist() == [1.0, 4.0]
    assert after.tolist() == [25.0, 4.0]
    assert tape.gradient(after, source).tolist() == [10.0, 4.0]


def test_views_and_other_tensors_do_not_change():
    t = gt.constant([[1.0, 2.0], [3.0, 4.0]])
    row, turned, same = t[0], t.T, t.reshape(-1)
    plain = np.asarray(t)
    t[0, 0] = 9.0
    assert t.tolist()[0][0] == 9.0
    assert row.tolist() == [1.0, 2.0]
    assert turned.tolist() == [[1.0, 3.0], [2.0, 4.0]]
    assert same.tolist() == [1.0, 2.0, 3.0, 4.0]
    assert plain.tolist() == [[1.0, 2.0], [3.0, 4.0]]
    row[0] = 7.0
    assert t.tolist()[0][0] == 9.0


def test_another_name_is_the_same_tensor_and_an_augmented_assignment_makes_a_new_one():
    t = gt.constant([1.0, 2.0])
    other = t
    t[0] = 3.0
    assert other is t
    t += 1.0
    assert other.tolist() == [3.0, 2.0]
    assert t.tolist() == [4.0, 3.0]


def test_values_may_overlap_the_target():
    t = gt.constant(np.arange(5.0))
    t[1:] = t[:-1]
    assert t.tolist() == [0.0, 0.0, 1.0, 2.0, 3.0]


def test_an_array_that_nobody_else_holds_is_not_copied():
    t = gnp.zeros(4) + 0.0
    array = id(t._value)
    for k in range(4):
        t[k] = float(k)
    assert id(t._value) == array
    view = t[:2]
    t[0] = 9.0
    assert id(t._value) != array
    assert view.tolist() == [0.0, 1.0]


def test_an_array_that_a_tape_holds_is_copied():
    with gt.GradientTape() as tape:
        x = gt.constant([1.0, 2.0])
        tape.watch(x)
        t = x * 1.0
        y = t * t
        t[0] = 7.0
        z = (y * t).sum()
    assert not writing.held_once(t)
    assert tape.gradient(z, x).tolist() == [14.0, 12.0]


def test_a_wider_value_is_cast_on_the_tape():
    v = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        t = gnp.zeros(3, "float32")
        t[1] = v
    assert t.dtype == np.float32
    g = tape.gradient(t, v)
    assert (g.dtype, g.numpy()) == (np.float64, 1.0)


def test_a_whole_number_has_no_gradient_and_says_so():
    v = gt.Variable(2.5)
    with gt.GradientTape() as tape:
        t = gt.constant([0, 0, 0])
        t[1] = v
        y = (t * 2.0).sum()
    assert t.tolist() == [0, 2, 0]
    with pytest.warns(gt.MissingGradientWarning):
        assert tape.gradient(y, v) is None


@pytest.mark.parametrize(
    "write",
    [
        set_at(0),
        lambda t, v: np.add(v, v, out=t),
        lambda t, v: np.add.at(t, [0], v[0]),
        lambda t, v: np.copyto(t, v),
        lambda t, v: np.put(t, [0], v),
        lambda t, _: t.sort(),
        lambda t, v: t.fill(v[0]),
    ],
)
def test_variables_refuse_and_point_to_assign(write):
    t = gt.Variable([1.0, 2.0, 3.0])
    with pytest.raises(TypeError, match=r"(?s)overwritten.*assign"):
        write(t, V)
    assert t.numpy().tolist() == [1.0, 2.0, 3.0]


def test_what_does_not_fit_is_refused():
    t = gt.constant([1, 2, 3])
    with pytest.raises(TypeError, match="does not fit"):
        np.multiply(gt.constant(V), 2.0, out=t)
    with pytest.raises(ValueError, match="out` has shape"):
        np.multiply(gt.constant(X), 2.0, out=gt.constant(V))
    with pytest.raises(ValueError, match="setitem"):
        gt.constant(V)[:2] = V
    with pytest.raises(IndexError, match="setitem"):
        gt.constant(V)[7] = 1.0


def test_a_plain_array_is_written_and_the_tensor_goes_on():
    a, v = np.zeros(3), gt.Variable(V)
    with gt.GradientTape() as tape:
        y = np.nanmax(np.stack([v, v * 2]), axis=0, out=a)
    np.testing.assert_array_equal(a, np.maximum(V, 2 * V))
    assert tape.gradient(y, v) is not None


def test_what_read_a_plain_array_keeps_its_values_when_the_array_is_written():
    a, t = np.array([1.0, 2.0]), gt.Variable([3.0, 4.0])
    with gt.GradientTape() as tape:
        y = t * a
        z = np.stack([t * a[:1], t])
        first = a
        a += t
        total = np.sum(y * a) + np.sum(z)
    assert first.tolist() == [4.0, 6.0]
    # y = t a0 and a = a0 + t, so the sum of t a0 (a0 + t) has the derivative a0 a0 + 2 a0 t
    assert tape.gradient(total, t).tolist() == [1.0 + 6.0 + 2.0, 4.0 + 16.0 + 2.0]


def test_outside_a_tape_too():
    a, t = np.array([1.0, 2.0]), gt.Variable([3.0, 4.0])
    y = t * a
    np.multiply(t, 2.0, out=a)
    assert gt.gradients(y, t)[0].tolist() == [1.0, 2.0]


def test_a_user_may_overwrite_plain_operands():
    a, t, places = np.array([1.0, 2.0]), gt.Variable([3.0, 4.0]), [0, 1]
    with gt.GradientTape(persistent=True) as tape:
        y = np.where(a > 0, t * a, t) + np.stack([t, a])[0] + t[places]
        z = np.einsum("i,i", t, a)
        same = gnp.reshape(a, (2, 1))
        a[:] = 9.0
        places[0] = 1
    assert same.tolist() == [[1.0], [2.0]]
    assert tape.gradient(y, t).tolist() == [3.0, 4.0]
    assert tape.gradient(z, t).tolist() == [1.0, 2.0]


def test_writes_forwards_and_in_batches():
    def f(x):
        y = gnp.zeros(4)
        y[0] = x[0]
        for k in range(1, 4):
            y[k] = y[k - 1] * x[k]
        np.add.at(y, [0, 0, 2], x[:3])
        np.multiply(y, x, out=y, where=np.array([True, False, True, True]))
        y.sort()
        return y

    x, d = np.array([0.5, 1.5, 0.7, 1.2]), np.array([1.0, -2.0, 0.5, 0.3])
    expected = (f(gt.constant(x + 1e-6 * d)).numpy() - f(gt.constant(x - 1e-6 * d)).numpy()) / 2e-6
    np.testing.assert_allclose(np.asarray(gt.jvp(f, (x,), (d,))[1]), expected, rtol=1e-8)
    variable = gt.Variable(x)
    with gt.GradientTape() as tape:
        y = f(variable)
    np.testing.assert_allclose(np.asarray(tape.jacobian(y, variable)) @ d, expected, rtol=1e-8)
