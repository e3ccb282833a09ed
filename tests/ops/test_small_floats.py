"""float16 and bfloat16: rows work on them, and gradients have the dtype of the source and nearly float32's values."""

from operator import attrgetter

import numpy as np
import pytest

import gradtape as gt
from gradtape.ops import OPS, Partial

TOLERANCE = {"float16": 4e-3, "bfloat16": 4e-2}
ELEMENTWISE = [name for name, row in OPS.items() if row.numpy and any(isinstance(s, Partial) for s in row.statuses)]


@pytest.fixture(params=["float16", "bfloat16"])
def dtype(request):
    if request.param == "bfloat16":
        return np.dtype(pytest.importorskip("ml_dtypes").bfloat16)
    return np.dtype(request.param)


def gradient(f, *args):
    variables = [gt.Variable(a) for a in args]
    with gt.GradientTape() as tape:
        y = f(*variables)
        total = np.sum(y)
    return y, tape.gradient(total, variables, unconnected_gradients="zero")


def compare(f, dtype, *args):
    narrow = [np.asarray(a, dtype) for a in args]
    try:
        y, ours = gradient(f, *narrow)
    except TypeError as error:
        pytest.skip(f"NumPy has no such loop: {error}")
    _, theirs = gradient(f, *[a.astype(np.float32) for a in narrow])
    for a, b, source in zip(ours, theirs, narrow, strict=True):
        assert a.dtype == source.dtype
        tolerance = TOLERANCE[dtype.name]
        np.testing.assert_allclose(a.numpy().astype(np.float32), b.numpy(), rtol=tolerance, atol=tolerance)
    return y


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("name", ELEMENTWISE)
def test_elementwise_rows(name, dtype):
    row = OPS[name]
    args = [np.linspace(d.low + 0.2 * (d.high - d.low), d.high - 0.1 * (d.high - d.low), 4) for d in row.domain]
    if name == "ldexp":
        compare(lambda a: np.ldexp(a, np.array([1, 2, -3, 0])), dtype, args[0])
        return
    y = compare(attrgetter(row.numpy)(np), dtype, *args)
    assert y.dtype.itemsize <= 4 or name in {"float_power", "i0"}  # these are NumPy's in double precision


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    "f",
    [
        np.sum,
        np.mean,
        np.prod,
        np.max,
        np.std,
        np.var,
        np.sort,
        np.cumsum,
        np.cumprod,
        np.median,
        np.nanmean,
        np.nanstd,
        np.nanmax,
        np.transpose,
        lambda x: x @ x.T,
        lambda x: x[[0, 0, 1]],
        lambda x: np.where(x > 0.5, x, x * x),
        lambda x: np.concatenate([x, x * x]),
        lambda x: np.clip(x, 0.3, 0.6),
        lambda x: 2.0 / x,
        lambda x: np.gradient(x, axis=0),
        lambda x: np.cov(x),
        lambda x: np.linalg.norm(x),
        lambda x: np.einsum("ij,kj->ik", x, x),
    ],
)
def test_other_rows(f, dtype):
    compare(f, dtype, np.random.default_rng(0).uniform(0.2, 1.0, (3, 4)))


def test_writing(dtype):
    x = gt.Variable(np.asarray([1.0, 2.0], dtype))
    with gt.GradientTape() as tape:
        t = x * x
        t[0] = x[1]
        np.add.at(t, [1, 1], x)
    assert t.dtype == dtype
    g = tape.gradient(t, x)
    assert (g.dtype, g.numpy().tolist()) == (dtype, [1.0, 6.0])


def test_long_sums_are_kept_in_single_precision(dtype):
    x = gt.Variable(np.asarray(1.0, dtype))
    with gt.GradientTape() as tape:
        y = np.sum(np.broadcast_to(x, (1024,)) * 1)
    assert y.numpy() == 1024.0
    assert tape.gradient(y, x).numpy() == 1024.0
    assert np.mean(gt.constant(np.ones(4096, dtype))).numpy() == 1.0
