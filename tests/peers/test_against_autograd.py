"""Rows with the same function in HIPS autograd give its gradients."""

from importlib import import_module

import numpy as np
import pytest

from .compare import ROWS, by_name, check, moves

autograd = pytest.importorskip("autograd")
import autograd.numpy as anp  # noqa: E402

DIFFERENT = {
    "rfft": "autograd is wrong where `n` cuts the input off",
    "irfft": "autograd is wrong for norm='forward'",
    "iv": "autograd gives zeros for the order, whose derivative it does not have",
    "ive": "autograd gives zeros for the order, whose derivative it does not have",
}


def find(row):
    if row.numpy:
        return by_name(anp, row.numpy)
    module, _, name = row.scipy.rpartition(".")
    try:
        return by_name(import_module(f"autograd.scipy.{module}"), name)
    except (ImportError, AttributeError):
        return None


def gradients(function, args, params):
    flat = args[0] if isinstance(args[0], list) else args
    places = [k for k, a in enumerate(flat) if moves(a)]

    def total(given):
        values = list(flat)
        for k, v in zip(places, given, strict=True):
            values[k] = v
        y = function(values, **params) if flat is not args else function(*values, **params)
        return anp.sum(anp.real(y))

    return [np.asarray(g) for g in autograd.grad(total)(tuple(np.asarray(flat[k]) for k in places))]


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if find(row)])
def test_row(name):
    check(name, find, gradients, DIFFERENT, with_params=True)
