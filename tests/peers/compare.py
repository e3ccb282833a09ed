"""What the comparisons with other libraries share: the rows that both have, the same inputs, gradients side by side."""

from zlib import crc32

import numpy as np
import pytest

from gradtape.ops import OPS, Rule
from gradtape.testing.rules import cases_of, domain_at, pull_back, sample

ROWS = {
    name: row
    for name, row in OPS.items()
    if any(isinstance(s, Rule) for s in row.statuses)
    and not row.plumbing
    and not row.parts
    and (row.numpy or row.scipy)
}


def moves(value):
    return isinstance(value, np.ndarray | np.generic) and value.dtype.kind == "f"


def calls(row, *, with_params):
    """Yield the arguments and parameters of the row's cases; plain calls only where parameters differ."""
    for case in cases_of(row):
        params = {k: v for k, v in case.params.items() if row.defaults.get(k, ...) != v}
        if params and not with_params:
            continue
        rng = np.random.default_rng(crc32(f"{row.name}{case}".encode()))
        args = [sample(a, domain_at(row, k), rng) for k, a in enumerate(case.args)]
        if all(isinstance(a, np.ndarray | np.generic | float | int) for a in args):
            yield args, params


def check(name, find, gradients, different, *, with_params):
    """Compare the gradients of a row in every case that the other library can do.

    `find(row)` returns its function or None, `gradients(function, args, params)` the gradients of the sum of the result
    for the arguments that move; what it raises means that it cannot.
    """
    row = ROWS[name]
    function = find(row)
    if function is None:
        pytest.skip("not there")
    compared, apart = 0, []
    for args, params in calls(row, with_params=with_params):
        given = [list(args)] if row.variadic else args
        try:
            theirs = gradients(function, given, params)
        except Exception:  # noqa: BLE001, S112 - each library refuses in its own way
            continue
        with np.errstate(all="ignore"):
            ours = [g for g, a in zip(pull_back(row, args, params), args, strict=True) if moves(a)]
        for a, b in zip(ours, theirs, strict=True):
            if a is None or b is None:
                continue
            compared += 1
            if np.shape(a) != np.shape(b) or not np.allclose(a, b, rtol=1e-6, atol=1e-7, equal_nan=True):
                apart.append(f"{params}: ours {a}, theirs {b}")
    if not compared:
        pytest.skip("it cannot do any of the cases")
    if name in different:
        assert apart, f"{name} is listed as different ({different[name]}) and is not"
    else:
        assert not apart, apart[0]


def nested(args, make):
    """Apply `make` to every array that moves, also in the list of a variadic call; return the call and the arrays."""
    made = []

    def one(a):
        if isinstance(a, list):
            return [one(v) for v in a]
        if not moves(a):
            return a
        made.append(make(np.asarray(a)))
        return made[-1]

    return [one(a) for a in args], made


def by_name(module, name):
    """Return a function from a dotted name below a module, None if it is not there."""
    found = module
    for part in name.split("."):
        found = getattr(found, part, None)
        if found is None:
            return None
    return found if callable(found) else None
