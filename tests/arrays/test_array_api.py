"""The array API of 2024.12: every function with its parameters, and the values and dtypes of `array-api-strict`.

The official suite, array-api-tests, is not on the package registry. This is the next best: the reference namespace says
which names and parameters there are and what each call returns.
"""

import inspect
import subprocess
import sys

import numpy as np
import pytest

import gradtape as gt
import gradtape.numpy as gnp

strict = pytest.importorskip("array_api_strict")
STRICT_ONLY = {"ArrayAPIStrictFlags", "Device", "ModuleType"}
PARTS = {"": (strict, gnp), "linalg": (strict.linalg, gnp.linalg), "fft": (strict.fft, gnp.fft)}
NAMES = [
    (part, name)
    for part, (theirs, _) in PARTS.items()
    for name in (dir(strict) if not part else theirs.__all__)
    if not name.startswith("_") and not name.endswith("_flags") and name not in STRICT_ONLY
]


@pytest.mark.parametrize(("part", "name"), NAMES)
def test_every_name_is_there_with_its_parameters(part, name):
    theirs, ours = (getattr(space, name) for space in PARTS[part])
    if not inspect.isfunction(theirs):
        return
    wanted, known = inspect.signature(theirs).parameters, inspect.signature(ours).parameters
    variadic = any(p.kind is p.VAR_KEYWORD for p in known.values())
    for k, p in enumerate(wanted.values()):
        if p.kind is p.POSITIONAL_ONLY:
            assert len(known) > k
        elif p.kind is p.KEYWORD_ONLY:
            assert p.name in known or variadic, f"{name} has no {p.name}"


def test_the_namespace_tells_what_it_is():
    t = gt.constant([1.0])
    assert t.__array_namespace__() is gnp
    assert t.__array_namespace__(api_version="2024.12") is gnp
    with pytest.raises(ValueError, match=r"1999\.12"):
        t.__array_namespace__(api_version="1999.12")
    info = gnp.__array_namespace_info__()
    assert gnp.__array_api_version__ == "2024.12"
    assert (info.default_device(), info.devices(), t.device) == ("cpu", ["cpu"], "cpu")
    assert info.default_dtypes()["real floating"] == gnp.float64
    assert set(info.dtypes(kind="complex floating")) == {"complex64", "complex128"}
    assert info.capabilities()["data-dependent shapes"]


SAMPLES = {
    "float64": [[0.5, -0.25, 0.75], [0.125, 0.3, -0.9]],
    "float32": [[0.5, -0.25, 0.75], [0.125, 0.3, -0.9]],
    "complex128": [[0.5 + 0.1j, -0.25j, 0.75], [0.125, 0.3 - 0.2j, -0.9]],
    "int64": [[1, 4, 2], [3, 7, 5]],
    "int32": [[1, 4, 2], [3, 7, 5]],
    "uint8": [[1, 4, 2], [3, 7, 5]],
    "bool": [[True, False, True], [False, False, True]],
}
UNARY = [
    "abs",
    "acos",
    "acosh",
    "asin",
    "asinh",
    "atan",
    "atanh",
    "bitwise_invert",
    "ceil",
    "conj",
    "cos",
    "cosh",
    "exp",
    "expm1",
    "floor",
    "imag",
    "isfinite",
    "isinf",
    "isnan",
    "log",
    "log10",
    "log1p",
    "log2",
    "logical_not",
    "negative",
    "positive",
    "real",
    "reciprocal",
    "round",
    "sign",
    "signbit",
    "sin",
    "sinh",
    "sqrt",
    "square",
    "tan",
    "tanh",
    "trunc",
    "sum",
    "prod",
    "max",
    "min",
    "mean",
    "std",
    "var",
    "all",
    "any",
    "argmax",
    "argmin",
    "sort",
    "argsort",
    "nonzero",
    "flip",
    "matrix_transpose",
    "count_nonzero",
    "unique_values",
    "unique_counts",
    "unique_inverse",
    "unique_all",
    "tril",
    "triu",
    "zeros_like",
    "ones_like",
    "diff",
]
BINARY = [
    "add",
    "atan2",
    "bitwise_and",
    "bitwise_or",
    "bitwise_xor",
    "bitwise_left_shift",
    "bitwise_right_shift",
    "copysign",
    "divide",
    "equal",
    "floor_divide",
    "greater",
    "greater_equal",
    "hypot",
    "less",
    "less_equal",
    "logaddexp",
    "logical_and",
    "logical_or",
    "logical_xor",
    "maximum",
    "minimum",
    "multiply",
    "nextafter",
    "not_equal",
    "pow",
    "remainder",
    "subtract",
    "vecdot",
]
CALLS = {
    **{name: lambda xp, x, name=name: getattr(xp, name)(x) for name in UNARY},
    **{name: lambda xp, x, name=name: getattr(xp, name)(x, xp.flip(x, axis=0)) for name in BINARY},
    "with a number": lambda xp, x: xp.maximum(x, 1) + 2,
    "cumulative_sum": lambda xp, x: xp.cumulative_sum(x, axis=1, include_initial=True),
    "cumulative_prod": lambda xp, x: xp.cumulative_prod(x, axis=0),
    "squeeze_none": lambda xp, x: xp.squeeze(xp.expand_dims(x, axis=1), axis=1),
    "roll": lambda xp, x: xp.roll(x, (1, 2), axis=(0, 1)),
    "std corrected": lambda xp, x: xp.std(x, axis=1, correction=1, keepdims=True),
    "var corrected": lambda xp, x: xp.var(x, correction=1.0),
    "sum to float32": lambda xp, x: xp.sum(x, axis=0, dtype=xp.float32),
    "sort down": lambda xp, x: xp.sort(x, axis=1, descending=True, stable=True),
    "argsort down": lambda xp, x: xp.argsort(x, axis=0, descending=True),
    "astype": lambda xp, x: xp.astype(x, xp.float32, copy=False),
    "broadcast_arrays": lambda xp, x: xp.broadcast_arrays(x, x[:1, :]),
    "clip": lambda xp, x: xp.clip(x, 0, xp.max(x)),
    "concat": lambda xp, x: xp.concat([x, x], axis=None),
    "expand_dims": lambda xp, x: xp.expand_dims(x, axis=-1),
    "full_like": lambda xp, x: xp.full_like(x, 1, dtype=xp.float32),
    "matmul": lambda xp, x: x @ xp.matrix_transpose(x),
    "meshgrid": lambda xp, x: xp.meshgrid(x[0, :], x[1, :], indexing="ij"),
    "moveaxis": lambda xp, x: xp.moveaxis(x, 0, 1),
    "permute_dims": lambda xp, x: xp.permute_dims(x, (1, 0)),
    "repeat": lambda xp, x: xp.repeat(x, xp.asarray([1, 0, 2]), axis=1),
    "reshape": lambda xp, x: xp.reshape(x, (3, 2), copy=True),
    "searchsorted": lambda xp, x: xp.searchsorted(x[0, :], x[1, :], side="right", sorter=xp.argsort(x[0, :])),
    "stack": lambda xp, x: xp.stack([x, x], axis=-1),
    "take": lambda xp, x: xp.take(x, xp.asarray([2, 0]), axis=1),
    "take_along_axis": lambda xp, x: xp.take_along_axis(x, xp.asarray([[2, 0], [1, 1]]), axis=1),
    "tensordot": lambda xp, x: xp.tensordot(x, x, axes=((0,), (0,))),
    "tile": lambda xp, x: xp.tile(x, (2, 1, 2)),
    "unstack": lambda xp, x: xp.unstack(x, axis=1),
    "where": lambda xp, x: xp.where(xp.equal(x, x[:1, :]), x, xp.zeros_like(x)),
    "index": lambda xp, x: x[1, ..., None],
    "mask": lambda xp, x: x[xp.not_equal(x, x[0, 0])],
    "diff twice": lambda xp, x: xp.diff(x, axis=1, n=2, append=x),
    "linspace": lambda xp, x: xp.linspace(0.0, 1.0, 5, dtype=xp.float32, device=None, endpoint=False),
    "arange": lambda xp, x: xp.arange(1, 7, 2, dtype=xp.float64),
    "eye": lambda xp, x: xp.eye(2, 3, k=1, dtype=xp.int64),
    "asarray": lambda xp, x: xp.asarray([[1, 2], [3, 4]], dtype=xp.float64, copy=True),
    "linalg.matrix_norm": lambda xp, x: xp.linalg.matrix_norm(x, ord=1, keepdims=True),
    "linalg.vector_norm": lambda xp, x: xp.linalg.vector_norm(x, axis=0, ord=3),
    "linalg.outer": lambda xp, x: xp.linalg.outer(x[0, :], x[1, :]),
    "linalg.inv": lambda xp, x: xp.linalg.inv(x @ xp.matrix_transpose(x)),
    "linalg.det": lambda xp, x: xp.linalg.det(x @ xp.matrix_transpose(x)),
    "linalg.solve": lambda xp, x: xp.linalg.solve(x @ xp.matrix_transpose(x), x),
    "linalg.cholesky": lambda xp, x: xp.linalg.cholesky(xp.eye(2, dtype=x.dtype) * 4, upper=True),
    "linalg.eigvalsh": lambda xp, x: xp.linalg.eigvalsh(x @ xp.matrix_transpose(x)),
    "linalg.svdvals": lambda xp, x: xp.linalg.svdvals(x),
    "linalg.qr": lambda xp, x: abs(xp.linalg.qr(x, mode="complete").R),
    "linalg.slogdet": lambda xp, x: xp.linalg.slogdet(x @ xp.matrix_transpose(x)),
    "linalg.pinv": lambda xp, x: xp.linalg.pinv(x, rtol=1e-3),
    "linalg.matrix_rank": lambda xp, x: xp.linalg.matrix_rank(x, rtol=1e-3),
    "linalg.matrix_power": lambda xp, x: xp.linalg.matrix_power(x @ xp.matrix_transpose(x), 3),
    "linalg.cross": lambda xp, x: xp.linalg.cross(x, x[:1, :], axis=-1),
    "linalg.trace": lambda xp, x: xp.linalg.trace(x, offset=1),
    "linalg.diagonal": lambda xp, x: xp.linalg.diagonal(x, offset=-1),
    "linalg.vecdot": lambda xp, x: xp.linalg.vecdot(x, x, axis=0),
    "fft.fft": lambda xp, x: xp.fft.fft(x, n=4, axis=0, norm="ortho"),
    "fft.rfft": lambda xp, x: xp.fft.rfft(x),
    "fft.irfftn": lambda xp, x: xp.fft.irfftn(x, s=(2, 4), axes=(0, 1)),
    "fft.hfft": lambda xp, x: xp.fft.hfft(x),
    "fft.fftshift": lambda xp, x: xp.fft.fftshift(x, axes=(1,)),
    "fft.fftfreq": lambda xp, x: xp.fft.fftfreq(5, d=0.5),
}


def leaves(result):
    return [leaf for r in result for leaf in leaves(r)] if isinstance(result, tuple | list) else [result]


def plain(value):
    return value.numpy() if isinstance(value, gt.Tensor) else np.asarray(value)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("dtype", SAMPLES)
@pytest.mark.parametrize("name", CALLS)
def test_values_and_dtypes_are_those_of_the_reference(name, dtype):
    x = strict.asarray(SAMPLES[dtype], dtype=getattr(strict, dtype))
    try:
        expected = leaves(CALLS[name](strict, x))
    except (TypeError, ValueError, IndexError):
        pytest.skip("the reference does not define it")
    ours = leaves(CALLS[name](gnp, gnp.asarray(SAMPLES[dtype], dtype=getattr(gnp, dtype))))
    assert len(ours) == len(expected)
    for a, b in zip(ours, expected, strict=True):
        assert isinstance(a, gt.Tensor)
        theirs = plain(b)
        assert (a.dtype, a.shape) == (theirs.dtype, theirs.shape)
        np.testing.assert_allclose(plain(a), theirs, rtol=2e-6 if dtype == "float32" else 1e-13, atol=1e-7)


def test_questions_about_dtypes():
    t = gt.constant([1.0], "float32")
    assert gnp.result_type(t, gnp.float64) == np.float64
    assert gnp.can_cast(t, gnp.float64)
    assert gnp.finfo(t).eps == np.finfo(np.float32).eps
    assert gnp.iinfo(gnp.int8).max == 127
    assert gnp.isdtype(t.dtype, ("real floating", "integral"))
    assert gnp.broadcast_shapes((2, 1), (3,)) == (2, 3)


def test_the_other_devices_and_copies_are_refused():
    with pytest.raises(TypeError, match="device"):
        gnp.zeros(2, device="gpu")
    with pytest.raises(TypeError, match="device"):
        gt.constant(1.0).to_device("gpu")
    with pytest.raises(ValueError, match="copy"):
        gnp.asarray([1.0], copy=False)
    t = gt.constant(1.0)
    assert t.to_device("cpu") is t
    assert gnp.asarray(t, copy=False) is t


def test_dlpack_hands_out_the_values():
    t = gt.constant([1.0, 2.0])
    assert np.from_dlpack(t).tolist() == [1.0, 2.0]
    assert gnp.from_dlpack(np.arange(3.0)).tolist() == [0.0, 1.0, 2.0]


@pytest.mark.parametrize("name", ["array", "asarray", "asanyarray", "ascontiguousarray", "asfortranarray", "require"])
def test_like_keeps_the_path(name):
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        y = getattr(np, name)([x[0], 2.0 * x[1]] if name == "array" else x, like=x)
    assert isinstance(y, gt.Tensor)
    assert tape.gradient(y, x).tolist() == [1.0, 2.0 if name == "array" else 1.0]


def test_makers_with_like_and_with_tensors():
    x = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = np.full((2, 2), x, like=x).sum() + gnp.arange(x, 5.0, 1.0).sum() + np.zeros(2, like=x).sum()
    assert tape.gradient(y, x).numpy() == 4.0 + 3.0
    assert isinstance(np.arange(3, like=x), gt.Tensor)
    assert np.fromfunction(lambda i, j: i + j, (2, 2), like=x).tolist() == [[0.0, 1.0], [1.0, 2.0]]


def test_vectorize_stays_on_the_tape():
    x = gt.Variable([1.0, 4.0])
    with gt.GradientTape() as tape:
        bigger, product = gnp.vectorize(lambda a, b: (a if a > b else b * b, a * b))(x, [2.0])
        y = bigger.sum() + product.sum()
    assert bigger.tolist() == [4.0, 4.0]
    assert tape.gradient(y, x).tolist() == [2.0, 3.0]


SCIPY = """
import warnings
import numpy as np, scipy.special, scipy.stats, scipy.signal, scipy.integrate
import gradtape as gt
X = np.array([0.3, 0.57, 0.71, 0.23])
CASES = {
    "erf": lambda t: scipy.special.erf(t),
    "gammaln": lambda t: scipy.special.gammaln(t),
    "logsumexp": lambda t: scipy.special.logsumexp(t),
    "gmean": lambda t: scipy.stats.gmean(t),
    "moment": lambda t: scipy.stats.moment(t, 3),
    "entropy": lambda t: scipy.stats.entropy(t),
    "sem": lambda t: scipy.stats.sem(t),
    "trapezoid": lambda t: scipy.integrate.trapezoid(t),
    "cumulative_trapezoid": lambda t: scipy.integrate.cumulative_trapezoid(t),
    "freqz": lambda t: abs(scipy.signal.freqz(t, worN=4)[1]),
}
for name, f in CASES.items():
    x = gt.Variable(X)
    with gt.GradientTape() as tape:
        y = f(x)
        total = y.sum()
    g = tape.gradient(total, x)
    d = np.array([0.5, -1.0, 0.25, 0.8])
    h = 1e-6
    quotient = (np.sum(np.asarray(f(X + h * d))) - np.sum(np.asarray(f(X - h * d)))) / (2 * h)
    assert g is not None, name
    assert abs(np.sum(g.numpy() * d) - quotient) < 1e-6 * max(1, abs(quotient)), (name, g, quotient)
print("all on the tape")
"""


def test_scipy_with_its_array_api_on_keeps_the_path():
    pytest.importorskip("scipy")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCIPY],
        capture_output=True,
        text=True,
        check=False,
        env={"SCIPY_ARRAY_API": "1", "PYTHONPATH": ":".join(sys.path), "PATH": ""},
    )
    assert done.returncode == 0, done.stderr
    assert "all on the tape" in done.stdout


def test_other_steps_in_memory():
    x = gt.Variable(np.arange(6.0))
    with gt.GradientTape() as tape:
        y = gnp.as_strided(x, (3, 2), (8, 8))
    assert y.tolist() == [[0.0, 1.0], [1.0, 2.0], [2.0, 3.0]]
    assert tape.gradient(y, x).tolist() == [1.0, 2.0, 2.0, 1.0, 0.0, 0.0]
    with pytest.raises(ValueError, match="does not fit"):
        gnp.as_strided(x, (3, 3), (16, 8))
    turned = gnp.as_strided(gt.constant(np.arange(6.0).reshape(2, 3)).T * 1.0)
    assert turned.tolist() == [[0.0, 3.0], [1.0, 4.0], [2.0, 5.0]]
