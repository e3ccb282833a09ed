"""Rows with the same function in PyTorch give its gradients."""

import pytest

from .compare import ROWS, by_name, check, nested

torch = pytest.importorskip("torch")

NAMES = {
    "absolute": "abs",
    "arcsinh": "asinh",
    "arccosh": "acosh",
    "arctanh": "atanh",
    "concatenate": "cat",
    "power": "pow",
    "degrees": "rad2deg",
    "radians": "deg2rad",
}
"""NumPy's and SciPy's functions that PyTorch calls otherwise."""

DIFFERENT = {
    "det": "of a matrix without full rank PyTorch gives zeros, where the derivative is the matrix of cofactors",
    "var": "PyTorch divides by n - 1 unless told otherwise, NumPy by n",
    "std": "PyTorch divides by n - 1 unless told otherwise, NumPy by n",
}


def find(row):
    name = row.numpy or row.scipy
    return by_name(torch, NAMES.get(name, name))


def gradients(function, args, params):
    given, leaves = nested(args, lambda a: torch.tensor(a, dtype=torch.float64, requires_grad=True))
    y = function(*given, **params)
    if not isinstance(y, torch.Tensor):
        raise TypeError
    found = torch.autograd.grad(y.real.sum() if y.is_complex() else y.sum(), leaves, allow_unused=True)
    return [None if g is None else g.numpy() for g in found]


@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if find(row)])
def test_row(name):
    check(name, find, gradients, DIFFERENT, with_params=False)
