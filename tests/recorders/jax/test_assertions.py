"""`assert_gradients_flow` on JAX, alone and while somebody hears the whole test, as `pytest --gradients` does."""

import contextlib

import pytest

jax = pytest.importorskip("jax")
jnp = jax.numpy

from gradtape.recorders.hearing import Hearing  # noqa: E402
from gradtape.testing import assert_gradients_flow  # noqa: E402


@pytest.fixture(params=[contextlib.nullcontext, lambda: Hearing(quiet=False)], ids=["alone", "heard"])
def around(request):
    return request.param


def test_a_function_of_the_variables_and_what_it_rounds(around):
    def smooth(p):
        return jnp.sum(p["w"] * p["b"])

    def rounded(p):
        return jnp.sum(jnp.floor(p["w"]) * p["b"])

    p = {"w": jnp.ones(2) * 1.5, "b": jnp.ones(2)}
    with around():
        found = assert_gradients_flow(smooth, p)
        assert found["w"].tolist() == [1.0, 1.0]
        with pytest.raises(AssertionError, match="GT302 piecewise-constant"):
            assert_gradients_flow(rounded, p)
