"""Rows with the same function in JAX give JAX's gradients."""

from importlib import import_module

import numpy as np
import pytest

from .compare import ROWS, by_name, check, moves

jax = pytest.importorskip("jax")
import jax.numpy as jnp  # noqa: E402

jax.config.update("jax_enable_x64", True)

pytestmark = pytest.mark.thorough  # JAX compiles each call; `make test-peers` runs it too

DIFFERENT = {
    "spence": "JAX gives NaN at some points inside the domain",
}


def find(row):
    if row.numpy:
        return by_name(jnp, row.numpy)
    module, _, name = row.scipy.rpartition(".")
    try:
        return by_name(import_module(f"jax.scipy.{module}"), name)
    except ImportError:
        return None


def gradients(function, args, params):
    flat = args[0] if isinstance(args[0], list) else args
    places = [k for k, a in enumerate(flat) if moves(a)]

    def total(*given):
        values = list(flat)
        for k, v in zip(places, given, strict=True):
            values[k] = v
        y = function(values, **params) if flat is not args else function(*values, **params)
        return jnp.sum(jnp.real(y))

    found = jax.grad(total, argnums=tuple(range(len(places))))(*[jnp.asarray(flat[k]) for k in places])
    return [np.asarray(g) for g in found]


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if find(row)])
def test_row(name):
    check(name, find, gradients, DIFFERENT, with_params=True)
