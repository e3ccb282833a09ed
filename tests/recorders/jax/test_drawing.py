"""A page of a JAX script shows its operations, where they break, and what their values are like."""

import pytest
from tests.render.drawn import operations, page_of

pytest.importorskip("jax")

PROGRAM = """\
import jax
import jax.numpy as jnp


def loss(w):
    length = jnp.sqrt(w)
    return jnp.sum(length)


jax.grad(loss)(jnp.array([0.0, 4.0]))
"""


def test_operations_and_values_are_shown_and_the_one_to_blame(tmp_path):
    data = page_of(PROGRAM, tmp_path)
    (tape,) = data["tapes"]
    (gradient,) = data["gradients"]
    assert gradient["status"] == "nan"
    (number, row) = gradient["findings"][0]
    assert data["codes"][number] == "GT401"
    assert tape["names"][tape["name"][row]] == "sqrt"
    assert operations(tape)["sqrt"][0][:5] == ["(2,)", "float32", 0.0, 2.0, 1]
