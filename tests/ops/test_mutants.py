"""Every rule of the table, made wrong in a small way, is found wrong: nothing in the table is untested."""

from zlib import crc32

import pytest
from tests import mutants

from gradtape.ops import OPS
from gradtape.testing.mutants import is_found, mutants_of, sites

CORE = {f"{row.name}.{argument}" for row in OPS.values() if "." not in row.room for argument in row.args}
QUICK = sorted(name for name in sites() if name in CORE and crc32(name.encode()) % 12 == 0)
"""Some rules of NumPy's functions; the others, and the helpers, are tried thoroughly."""


@pytest.mark.parametrize("name", QUICK)
def test_a_sample_of_the_mutants_is_found(name):
    _, found, survivors = mutants.try_site(name)
    assert not set(survivors) - mutants.equivalent().keys()
    assert not set(found) & mutants.equivalent().keys()


@pytest.mark.thorough
@pytest.mark.parametrize("name", sorted(sites()))
def test_the_mutants_of_every_function_are_found(name):
    test_a_sample_of_the_mutants_is_found(name)


def test_what_is_listed_as_equivalent_is_a_mutant_with_a_reason():
    known = sites()
    listed = mutants.equivalent()
    made = {m.name for name in {entry.partition(":")[0] for entry in listed} for m in mutants_of(known[name])}
    assert not listed.keys() - made
    assert all(len(reason) > 10 for reason in listed.values())


def test_the_changes_of_a_rule():
    (site,) = sites("arctanh.x").values()
    assert [m.change for m in mutants_of(site)] == [
        "1.0 / (1.0 - x * x)  =>  1.0 * (1.0 - x * x)",
        "1.0 / (1.0 - x * x)  =>  1.0",
        "1.0 / (1.0 - x * x)  =>  1.01 / (1.0 - x * x)",
        "1.0 / (1.0 - x * x)  =>  1.0 / (1.0 + x * x)",
        "1.0 / (1.0 - x * x)  =>  1.0 / (x * x)",
        "1.0 / (1.0 - x * x)  =>  1.0 / (1.01 - x * x)",
        "1.0 / (1.0 - x * x)  =>  1.0 / (1.0 - x / x)",
        "1.0 / (1.0 - x * x)  =>  1.0 / (1.0 - x)",
        "y and x exchanged",
    ]


def test_a_mutant_leaves_nothing_behind():
    (site,) = sites("arctanh.x").values()
    code, needs = site.function.__code__, OPS["arctanh"].needs
    assert all(is_found(site, mutant) for mutant in mutants_of(site))
    assert site.function.__code__ is code
    assert OPS["arctanh"].needs == needs
    assert (OPS["arctanh"].savers, OPS["arctanh"].kept) == ({}, {})


def test_a_helper_is_tried_with_every_row_that_uses_it():
    (site,) = (s for s in sites("extrema.chosen").values() if s.name == "extrema.chosen")
    assert {row.name for row in site.rows} >= {"maximum", "minimum", "clip"}
