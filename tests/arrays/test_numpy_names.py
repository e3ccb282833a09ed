"""`gradtape.numpy`: NumPy's names, NumPy's values, tensors."""

import numpy as np
import pytest

import gradtape as gt
import gradtape.numpy as gnp


@pytest.mark.parametrize("name", gnp.__all__)
def test_every_name_is_numpys(name):
    assert hasattr(np, name) or hasattr(np.lib.stride_tricks, name)
    assert hasattr(gnp, name)


def test_constants_and_dtypes_are_numpys_own():
    assert (gnp.pi, gnp.e, gnp.newaxis, gnp.float32) == (np.pi, np.e, None, np.float32)


def test_functions_record_and_say_what_they_are():
    x = gt.Variable([1.0, 2.0])
    with gt.GradientTape() as tape:
        y = gnp.sum(gnp.square(x)) + gnp.max(x, axis=0) + gnp.dot(x, x)
    assert tape.gradient(y, x).numpy().tolist() == [4.0, 9.0]
    assert gnp.sin.__name__ == "sin"
    assert gnp.clip.__name__ == "clip"
    assert "numpy.clip" in gnp.clip.__doc__


def test_new_tensors():
    x = gt.Variable(2.0)
    with gt.GradientTape() as tape:
        y = gnp.sum(gnp.array([x, x * x])) + gnp.sum(gnp.full((2, 2), x)) + gnp.sum(gnp.asarray(x))
    assert tape.gradient(y, x).numpy() == 1 + 4 + 4 + 1
    for made, theirs in [
        (gnp.zeros((2, 3)), np.zeros((2, 3))),
        (gnp.ones(2, gnp.float32), np.ones(2, np.float32)),
        (gnp.eye(3, k=1), np.eye(3, k=1)),
        (gnp.identity(2), np.identity(2)),
        (gnp.arange(5), np.arange(5)),
        (gnp.empty(2), np.zeros(2)),
        (gnp.full(2, 7.0), np.full(2, 7.0)),
    ]:
        assert isinstance(made, gt.Tensor)
        assert made.dtype == theirs.dtype
        assert np.array_equal(made.numpy(), theirs)
