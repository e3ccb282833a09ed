"""What NumPy's users write, on tensors: each expression computes what NumPy computes and stays on the tape."""

import copy
import math
import pickle

import numpy as np
import pytest

import gradtape as gt
from gradtape.arrays.record import EventKind

A = np.array([[1.0, 2.0], [3.0, 4.0]])
a = np.array([0.5, -1.5])
POINT = np.array([0.3, 1.2])

ON_TAPE = {
    "np.sin(t)": lambda t: np.sin(t),
    "np.sum(t)": lambda t: np.sum(t),
    "np.concatenate([t, a])": lambda t: np.concatenate([t, a]),
    "np.stack([t, a])": lambda t: np.stack([t, a]),
    "a @ t": lambda t: a @ t,
    "A @ t": lambda t: A @ t,
    "t @ A": lambda t: t @ A,
    "a * t": lambda t: a * t,
    "t * a": lambda t: t * a,
    "2 ** t": lambda t: 2**t,
    "np.float64(2) * t": lambda t: np.float64(2) * t,
    "divmod": lambda t: sum(divmod(t * 3.0, 0.7)),
    "np.divmod": lambda t: np.divmod(t * 3.0, 0.7)[1],
    "np.modf": lambda t: np.modf(t * 3.0)[0],
    "np.add.reduce": lambda t: np.add.reduce(t * A),
    "np.multiply.reduce": lambda t: np.multiply.reduce(t * A, axis=1),
    "np.maximum.reduce": lambda t: np.maximum.reduce(t),
    "np.add.accumulate": lambda t: np.add.accumulate(t * A),
    "np.add.outer": lambda t: np.add.outer(a, t) * A,
    "np.multiply.outer": lambda t: np.multiply.outer(t * A, t),
    "out=": lambda t: np.sin(t, out=np.zeros(2)),
    "where=": lambda t: np.add(t, a, where=[True, False], out=np.zeros(2)),
    "np.where": lambda t: np.where(t > 1, t, a * t),
    "iteration": lambda t: sum(x * x for x in t),
    "unpacking": lambda t: math.prod([*t]),
    "np.round(t) + t": lambda t: np.round(t) + t,
    "copy": lambda t: copy.copy(t) * t,
    "deepcopy": lambda t: copy.deepcopy([t * 1.0])[0] * t,
    "np.einsum": lambda t: np.einsum("ij,j", A, t),
    "np.dot": lambda t: np.dot(A, t),
    "np.dot with a number": lambda t: np.dot(t, 2.0),
    "np.tensordot": lambda t: np.tensordot(A, t, axes=1),
    "np.outer": lambda t: np.outer(t, a),
    "np.inner": lambda t: np.inner(A, t),
    "np.kron": lambda t: np.kron(t, A),
    "np.diag": lambda t: np.diag(t, 1)[0] + np.diag(np.diag(t))[0],
    "np.trace": lambda t: np.trace(t * A),
    "np.split": lambda t: np.split(t, 2)[1],
    "np.array_split": lambda t: np.array_split(np.append(t, t), 3)[0],
    "np.vstack": lambda t: np.vstack([t, [1.0, 2.0]]),
    "np.hstack": lambda t: np.hstack([t, 1.0]),
    "np.column_stack": lambda t: np.column_stack([t, a]),
    "np.block": lambda t: np.block([[t * A, A], [A, t * A]]),
    "np.meshgrid": lambda t: np.meshgrid(t, a)[0],
    "np.linspace": lambda t: np.linspace(t, 2.0, 5),
    "np.tile": lambda t: np.tile(t, (2, 2)),
    "np.repeat": lambda t: np.repeat(t, [1, 3]) * np.arange(4.0),
    "np.pad": lambda t: np.pad(t, 1) * np.arange(4.0),
    "np.pad reflect": lambda t: np.pad(t, (1, 2), mode="reflect") * np.arange(5.0),
    "np.diff": lambda t: np.diff(t * t),
    "np.average": lambda t: np.average(A, axis=1, weights=t),
    "np.median": lambda t: np.median(np.append(t, t * t)),
    "np.percentile": lambda t: np.percentile(t, 30),
    "np.full_like": lambda t: np.full_like(t, t[0]),
    "np.select": lambda t: np.select([t > 1, t > 0], [t, t * t]),
    "np.cross": lambda t: np.cross(np.append(t, t[0]), [1.0, 2.0, 3.0]),
    "np.squeeze": lambda t: np.squeeze(np.expand_dims(t, (0, 2))),
    "np.broadcast_arrays": lambda t: np.broadcast_arrays(t, A)[0],
    "np.ptp": lambda t: np.ptp(t * t),
    "np.trapezoid": lambda t: np.trapezoid(t, t * t),
    "np.take with a sorted order": lambda t: np.take(t, np.argsort(-t)) * a,
    "np.convolve": lambda t: np.convolve(t, [1.0, 2.0, 4.0]) * np.arange(4.0),
    "np.convolve same": lambda t: np.convolve([1.0, 2.0, 4.0, 7.0], t, mode="same") * np.arange(4.0),
    "np.convolve of long ones": lambda t: np.convolve(np.tile(t, 3), np.repeat(t, 2), "same") * np.arange(6.0),
    "np.correlate": lambda t: np.correlate([1.0, 2.0, 4.0], t) * np.arange(2.0),
    "np.correlate same": lambda t: np.correlate([1.0, 2.0, 4.0], t, "same") * np.arange(3.0),
    "a list with tensors": lambda t: np.outer([t[0], t[1] * t[1], 2.0], t),
    "a list with tensors, joined": lambda t: np.hstack([[t[0], t[1] * t[1]], t]),
    "np.bincount of an array": lambda t: np.bincount(np.array([1, 1]), weights=t) * np.arange(2.0),
    "np.sum where": lambda t: np.sum(t * A, axis=1, where=[True, False], initial=2.0),
    "np.add.reduce where": lambda t: np.add.reduce(t * A, where=[[True], [False]]),
    "np.prod where": lambda t: np.prod(t * A, where=A > 1.0),
    "np.mean where": lambda t: np.mean(t * A, axis=0, where=A > 1.0),
    "np.max where": lambda t: np.max(t * A, axis=0, where=A < 3.0, initial=-9.0),
    "np.min initial": lambda t: np.min(t, initial=0.5),
    "np.reshape columns first": lambda t: np.reshape(t * A, (4,), order="F") * np.arange(4.0),
    "np.ravel columns first": lambda t: np.ravel(t * A, order="F") * np.arange(4.0),
    "np.polyval": lambda t: np.polyval(t, t),
    "np.gradient": lambda t: np.gradient(np.tile(t * t, 2), 0.5) * np.arange(4.0),
    "np.cov": lambda t: np.cov(t * A),
    "np.corrcoef": lambda t: np.corrcoef(np.array([[1.0, 3.0, 2.0], [1.0, 1.0, 5.0]]) * np.append(t, 2.0)),
    "np.interp": lambda t: np.interp(np.append(t, [-1.0, 9.0]), [0.0, 1.0, 3.0], [1.0, 0.0, 5.0]),
    "np.interp of points": lambda t: np.interp([0.1, 0.5, 2.0], t, t * t),
    "sliding_window_view": lambda t: np.lib.stride_tricks.sliding_window_view(np.append(t, t), 3) * np.arange(3.0),
    "t.reshape": lambda t: t.reshape(2, 1).T.flatten(),
    "t.std": lambda t: t.std() + t.var(ddof=1),
    "t.clip": lambda t: t.clip(0.0, 1.0) + t.clip(max=0.5),
}


@pytest.mark.parametrize("name", ON_TAPE)
def test_stays_on_the_tape_and_is_right(name):
    f = ON_TAPE[name]
    t = gt.Variable(POINT)
    with gt.GradientTape() as tape:
        y = f(t)
        total = np.sum(y)
    expected = f(POINT)
    np.testing.assert_allclose(y.numpy(), expected, rtol=1e-13)
    assert y.shape == np.shape(expected)
    g = tape.gradient(total, t).numpy()
    h = 1e-6
    quotient = [(np.sum(f(POINT + h * e)) - np.sum(f(POINT - h * e))) / (2 * h) for e in np.eye(2)]
    np.testing.assert_allclose(g, quotient, rtol=1e-6, atol=1e-7)


def test_adding_to_an_array_writes_it_and_keeps_the_gradient():
    t = gt.Variable(POINT)
    b = c = np.ones(2)
    with gt.GradientTape() as tape:
        b += t
        y = np.sum(b * b)
    assert isinstance(b, gt.Tensor)
    assert c.tolist() == [1.3, 2.2]
    assert tape.gradient(y, t).numpy().tolist() == [2.6, 4.4]


def test_a_dtype_casts():
    t = gt.Variable(POINT)
    with gt.GradientTape() as tape:
        y = np.sum(np.sin(t, dtype=np.float32), dtype=np.float32)
    assert y.dtype == np.float32
    g = tape.gradient(y, t)
    assert g.dtype == np.float64
    np.testing.assert_allclose(g.numpy(), np.cos(POINT), rtol=1e-6)


def test_like_functions():
    t = gt.Variable(np.ones((2, 3), np.float32))
    assert np.zeros_like(t).numpy().tolist() == [[0.0] * 3] * 2
    assert np.ones_like(t, shape=(2,)).numpy().tolist() == [1.0, 1.0]
    assert np.zeros_like(t).dtype == np.float32
    assert np.zeros_like(t, dtype=int).dtype == np.int64


def foreign_records(tape):
    return [r for r in tape._recording.records if r.op.statuses[0].cause == "left-through-numpy"]


@pytest.mark.parametrize(
    ("f", "name"),
    [
        (lambda t: np.quantile(t, 0.5, method="inverted_cdf", weights=[1.0, 2.0]), "numpy.quantile"),
        (lambda t: np.pad(t, 1, mode="linear_ramp"), "numpy.pad"),
    ],
)
def test_an_unknown_call_is_computed_and_recorded(f, name):
    t = gt.Variable(POINT)
    with gt.GradientTape() as tape:
        y = f(t)
    expected = f(POINT)
    for ours, theirs in zip(y, expected, strict=True) if isinstance(y, tuple) else [(y, expected)]:
        assert np.array_equal(ours.numpy(), theirs)
    records = foreign_records(tape)
    assert {r.op.name for r in records} == {name}
    assert all(t._id in r.inputs for r in records)


def test_questions_about_the_shape_are_answered_with_plain_numbers():
    t = gt.Variable(A)
    assert (np.shape(t), np.ndim(t), np.size(t), len(t)) == ((2, 2), 2, 4, 2)
    assert np.result_type(t, np.float32(1)) == np.float64
    assert np.allclose(t, A) is True
    assert np.array_equal(t, A + 1) is False
    assert np.array_equal(t, a) is False


def test_a_tensor_is_not_overwritten():
    t = gt.Variable(POINT)
    for write in (
        lambda: np.sin(a, out=t),
        lambda: np.add.at(t, [0], 1.0),
        lambda: np.sum(A, axis=0, out=t),
        lambda: np.nansum(A, axis=0, out=t),
    ):
        with pytest.raises(TypeError, match=r"overwritten|in place"):
            write()
    assert t.numpy().tolist() == POINT.tolist()


def test_writing_a_tensor_into_an_array_is_noted():
    t = gt.Variable(POINT)
    b = np.zeros(2)
    with gt.GradientTape() as tape:
        np.add.at(b, [0, 0], t)
    assert b.tolist() == [1.5, 0.0]
    assert [e.kind for e in tape._recording.events if e.value == t._id and e.kind is EventKind.LEFT_AS_ARRAY]


def test_where_may_be_a_tensor():
    mask = gt.constant([True, False])
    assert np.add(a, a, where=mask, out=np.zeros(2)).numpy().tolist() == [1.0, 0.0]
    assert np.sum(a, where=mask).numpy() == 0.5


def test_python_protocols():
    s, t = gt.constant(1.23456), gt.constant([1.0, 2.0])
    assert f"{s:.3f}" == "1.235"
    assert pickle.loads(pickle.dumps(t)).numpy().tolist() == [1.0, 2.0]
    with pytest.raises(TypeError, match="unhashable"):
        hash(t)
    assert bool(s > 1.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(t > 1.0)
    assert [10, 20, 30][gt.constant(1)] == 20
    with pytest.raises(TypeError, match="integer"):
        [10, 20, 30][s]
    with pytest.raises(TypeError, match="0-d"):
        iter(s)
    with pytest.raises(TypeError):
        len(s)
    assert (float(s), int(s)) == (1.23456, 1)


def test_bits_are_bits():
    i, m = gt.constant([6, 5]), gt.constant([True, False])
    assert (i & 4).numpy().tolist() == [4, 4]
    assert (1 | i).numpy().tolist() == [7, 5]
    assert (i ^ i).numpy().tolist() == [0, 0]
    assert (~i).numpy().tolist() == [-7, -6]
    assert (~m).numpy().tolist() == [False, True]
    assert (m & [True, True]).numpy().tolist() == [True, False]


def test_a_composition_that_refuses_says_where():
    t = gt.constant(A)
    with pytest.raises(ValueError, match=r"(?s)squeeze: cannot.*test_protocols.py"):
        np.squeeze(t, axis=0)
    with pytest.raises(ValueError, match="out of bounds"):
        np.expand_dims(t, 7)


def test_a_named_tuple_of_an_unknown_function_stays_one():
    sign, size = np.linalg.slogdet(gt.constant(A))
    assert (sign.numpy(), size.numpy()) == (-1.0, pytest.approx(np.log(2.0)))
    assert np.unique_counts(gt.constant([1.0, 1.0])).counts.numpy().tolist() == [2]


def test_wrong_calls_name_the_function():
    import gradtape.numpy as gnp

    t = gt.constant([1.0, 2.0])
    for call in (
        lambda: gnp.swapaxes(t),
        lambda: gnp.sin(t, nonsense=1),
        lambda: gnp.moveaxis(t, 0),
        lambda: gnp.sum(),
    ):
        with pytest.raises(TypeError, match=r"swapaxes|sin|moveaxis|sum"):
            call()
    with pytest.raises(ValueError, match="source"):
        gnp.moveaxis(t, 0, (0, 0))


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "power", "arctan2"])
def test_a_series_of_pandas_counts_as_data(name):
    pandas = pytest.importorskip("pandas")
    series, t = pandas.Series([1.0, 2.0]), gt.Variable([3.0, 4.0])
    f = getattr(np, name)
    for call in (lambda: f(series, t), lambda: f(t, series)):
        with gt.GradientTape() as tape:
            y = call()
        assert isinstance(y, gt.Tensor)
        assert tape.gradient(y, t) is not None
    with gt.GradientTape() as tape:
        y = series * t + t / series - series**t
    assert isinstance(y, gt.Tensor)
    assert tape.gradient(y, t) is not None
