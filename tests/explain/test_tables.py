"""The tables of singular places and flat regions: every row speaks where it says, and not next to it."""

from __future__ import annotations

import numpy as np
import pytest

from gradtape.diagnostics import Site
from gradtape.explain import flat, singular
from gradtape.explain.graph import Operation
from gradtape.recorders.pulls import pull
from gradtape.recorders.summaries import summary

SITE = Site((lambda: None).__code__, 0)
WITH_PLACE = [row for row in singular.SINGULAR if row.at]


def numbers_in(row, *, beside):
    """Return inputs and a result that lie where a row speaks, or next to it."""
    chosen = {}
    for k, where in row.at.items():
        if beside:
            chosen[k] = 0.5 if where.size else 7.0 if where.high < 7 else -0.5
        else:
            chosen[k] = where.low if abs(where.low) < 1e300 else where.high
    result = chosen.pop(singular.OUTPUT, 3.0)
    count = max([*chosen, row.position or 0], default=0) + 1
    return [chosen.get(k, 2.0) for k in range(count)], result


def step(function, inputs, result, position=0):
    operation = Operation(2, function, (1,) * len(inputs), 2, SITE, ((),) * len(inputs), function=function)
    arrays = [np.array([v]) for v in inputs]
    return pull(operation, position, np.ones(1), np.array([np.inf]), arrays, np.array([result]))


@pytest.mark.parametrize("row", WITH_PLACE, ids=lambda row: f"{row.functions[0]} {row.says[:40]}")
def test_a_singular_row_speaks_at_its_place_and_not_beside_it(row):
    for function in row.functions:
        taken = step(function, *numbers_in(row, beside=False), row.position or 0)
        assert row.holds(taken)
        assert singular.at_step(taken) is not None
        assert not row.holds(step(function, *numbers_in(row, beside=True), row.position or 0))
    inputs, result = numbers_in(row, beside=False)
    summaries = tuple(summary(np.array([v])) for v in inputs)
    assert row.met(summaries, summary(np.array([result])))


@pytest.mark.parametrize("row", [*singular.SINGULAR, *flat.FLAT, flat.ZEROS], ids=lambda row: row.says[:40])
def test_every_row_has_words(row):
    told = row.says.format(f="sqrt")
    assert told
    assert not told.endswith(".")
    assert all(text.format(f="np.sqrt", x="x", o="x", where="np.where", module="np") for text in row.helps)
    assert row.helps or row.harmless


def test_a_row_of_the_called_function_is_told_before_that_of_its_part():
    taken = step("sqrt", [0.0], 0.0)
    assert "infinite at 0" in singular.at_step(taken).says
    assert "vector is zero" in singular.at_step(taken, "norm").says
    assert singular.at_step(taken, "my_helper") is singular.at_step(taken)


def test_modules_before_a_name_do_not_matter():
    assert [singular.plain(name) for name in ("linalg.eigh", "linalg_eigh", "special_digamma", "sqrt")] == [
        "eigh",
        "eigh",
        "digamma",
        "sqrt",
    ]


@pytest.mark.parametrize(
    ("function", "inputs", "result", "position", "flat_there"),
    [
        ("clip", [5.0], 1.0, 0, True),
        ("clip", [0.5], 0.5, 0, False),
        ("maximum", [1.0, 2.0], 2.0, 0, True),
        ("maximum", [2.0, 2.0], 2.0, 0, False),
        ("relu", [-1.0], 0.0, 0, True),
        ("relu", [1.0], 1.0, 0, False),
        ("tanh", [50.0], 1.0, 0, True),
        ("tanh", [0.5], 0.46, 0, False),
        ("multiply", [3.0, 0.0], 0.0, 0, True),
        ("multiply", [3.0, 2.0], 6.0, 0, False),
        ("divide", [0.0, 2.0], 0.0, 1, True),
        ("divide", [1.0, 2.0], 0.5, 1, False),
        ("power", [3.0, 0.0], 1.0, 0, True),
        ("cos", [0.0], 1.0, 0, False),
    ],
)
def test_a_flat_row_speaks_at_its_place_and_not_beside_it(function, inputs, result, position, flat_there):
    operation = Operation(2, function, (1,) * len(inputs), 2, SITE, ((),) * len(inputs), function=function)
    arrays = [np.array([v]) for v in inputs]
    taken = pull(operation, position, np.ones(1), np.zeros(1), arrays, np.array([result]))
    row = flat.at_step(taken)
    assert (row is not None and not row.harmless) is flat_there
