"""Fourier transforms: NumPy's and SciPy's values for every length, axis and norm, and gradients that are transposes."""

import numpy as np
import pytest
import scipy.fft

import gradtape as gt
import gradtape.scipy as gsp
from gradtape.testing import check_grads

RNG = np.random.default_rng(0)
REAL = RNG.normal(size=(3, 4, 5))
ONE_AXIS = [
    {},
    {"n": 3},
    {"n": 8, "norm": "ortho"},
    {"axis": 0, "norm": "forward"},
    {"axis": 1, "n": 1},
    {"axis": -2, "n": 7},
]
SEVERAL = [
    {},
    {"s": (3, 6)},
    {"axes": (0, 2), "norm": "ortho"},
    {"s": (2, 5), "axes": (2, 1), "norm": "forward"},
    {"axes": (1,)},
]
TRANSFORMS = [
    *((name, params) for name in ("fft", "ifft", "rfft", "irfft", "hfft", "ihfft") for params in ONE_AXIS),
    *(
        (name, params)
        for name in ("fftn", "ifftn", "rfftn", "irfftn")
        for params in SEVERAL
        if "s" not in params or "axes" in params  # NumPy wants the axes, too
    ),
    *((name, {}) for name in ("fft2", "ifft2", "rfft2", "irfft2", "fftshift", "ifftshift")),
    ("fftshift", {"axes": 1}),
    ("ifftshift", {"axes": (0, -1)}),
    ("fftn", {"axes": (0, 0, 1)}),
]


def check(ours, theirs, x, **params):
    if name_of(theirs) not in {"rfft", "rfft2", "rfftn", "ihfft", "ihfft2", "ihfftn"}:
        z = x + 1j * np.cos(np.arange(x.size)).reshape(x.shape)
        np.testing.assert_allclose(ours(gt.constant(z), **params).numpy(), theirs(z, **params), rtol=1e-12, atol=1e-12)
        parts = [z.real, z.imag]
        check_grads(lambda a, b: ours(a + 1j * b, **params), parts)
    y = ours(gt.constant(x), **params)
    np.testing.assert_allclose(y.numpy(), theirs(x, **params), rtol=1e-12, atol=1e-12)
    assert y.dtype == theirs(x, **params).dtype
    check_grads(lambda a: ours(a, **params), [x])


def name_of(function):
    return function.__name__


@pytest.mark.parametrize(("name", "params"), TRANSFORMS)
def test_numpys_transforms(name, params):
    function = getattr(np.fft, name)
    check(function, function, REAL, **params)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn", "hfftn", "ihfftn", "dctn", "idstn"])
@pytest.mark.parametrize("params", SEVERAL)
def test_scipys_transforms_over_several_axes(name, params):
    check(getattr(gsp.fft, name), getattr(scipy.fft, name), REAL, **params)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft", "dct", "idct", "dst", "idst"])
@pytest.mark.parametrize("params", ONE_AXIS)
def test_scipys_transforms_over_one_axis(name, params):
    if (name, params.get("n")) in {("dst", 1), ("dct", 1), ("idct", 1), ("idst", 1)}:
        params = {**params, "type": 4}
    check(getattr(gsp.fft, name), getattr(scipy.fft, name), REAL, **params)


@pytest.mark.parametrize("name", ["dctn", "idctn", "dstn", "idstn"])
@pytest.mark.parametrize("type", [1, 2, 3, 4])
@pytest.mark.parametrize("norm", ["ortho", "backward"])
@pytest.mark.parametrize("orthogonalize", [None, True, False])
def test_types_of_cosine_and_sine_transforms(name, type, norm, orthogonalize):
    params = {"type": type, "norm": norm, "orthogonalize": orthogonalize}
    x = REAL[0]
    np.testing.assert_allclose(
        getattr(gsp.fft, name)(x, **params).numpy(), getattr(scipy.fft, name)(x, **params), rtol=1e-12, atol=1e-13
    )
    check_grads(lambda a: getattr(gsp.fft, name)(a, **params), [x])


@pytest.mark.parametrize("name", ["fht", "ifht"])
def test_hankel(name):
    check_grads(lambda a: getattr(gsp.fft, name)(a, 0.1, 0.5, 0.2, -0.1), [REAL[0]])
    wide = getattr(gsp.fft, name)(REAL[0].astype(np.float32), 0.1, 0.5)
    np.testing.assert_allclose(wide.numpy(), getattr(scipy.fft, name)(REAL[0].astype(np.float32), 0.1, 0.5), rtol=1e-4)
    assert wide.dtype == np.float64


def test_scipys_own_names_take_tensors_and_leave_plain_arrays_alone():
    x = gt.Variable(REAL[0, 0])
    with gt.GradientTape() as tape:
        y = np.sum(scipy.fft.dct(x) ** 2)
    assert tape.gradient(y, x) is not None
    assert type(scipy.fft.fft(REAL)) is np.ndarray
    assert isinstance(scipy.fft.ifftshift(x), gt.Tensor)


@pytest.mark.parametrize("length", [2, 3])
def test_the_imaginary_part_at_the_ends_of_half_a_spectrum_is_ignored(length):
    z = gt.Variable(np.ones(2, complex))
    with gt.GradientTape() as tape:
        y = np.sum(np.fft.irfft(z, n=length) * np.arange(1.0, length + 1))
    g = tape.gradient(y, z).numpy()
    assert g[0].imag == 0
    assert (g[1].imag == 0) == (length == 2)


def test_an_empty_batch():
    x = gt.Variable(np.zeros((0, 4)))
    with gt.GradientTape() as tape:
        y = np.fft.rfft(x)
    assert tape.gradient(y, x).shape == (0, 4)


def test_a_length_of_zero_is_refused():
    with pytest.raises(ValueError, match="nvalid number of"):
        np.fft.fft(gt.Variable(np.zeros(0)))


def test_single_precision_stays():
    x = gt.Variable(np.ones(4, np.float32))
    with gt.GradientTape() as tape:
        y = np.fft.rfftn(x)
        size = np.abs(y)
    assert y.dtype == np.complex64
    assert tape.gradient(size, x).dtype == np.float32
