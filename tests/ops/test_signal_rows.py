"""Rows of `ops/signal` at points that the generic check does not reach."""

import numpy as np
import pytest

import gradtape as gt
from gradtape.scipy.signal import convolve

A, V = np.array([1e20, 3.0, 5.0, 7.0]), np.array([1e20, 2.0, 11.0])


@pytest.mark.parametrize(
    ("mode", "along_a", "along_v"),
    [("full", [0.0, 0.0, 0.0, 11.0], [0.0, 0.0, 7.0]), ("valid", [0.0, 11.0, 2.0, 1e20], [7.0, 5.0, 3.0])],
)
def test_a_direct_convolution_has_direct_derivatives(mode, along_a, along_v):
    """A Fourier transform would spread the rounding of the largest number over all of them."""
    a, v = gt.Variable(A), gt.Variable(V)
    with gt.GradientTape() as tape:
        last = convolve(a, v, mode, method="direct")[-1]
    found = tape.gradient(last, [a, v])
    assert [g.numpy().tolist() for g in found] == [along_a, along_v]
