"""`gradtape explain` and `gradtape codes`."""

import pytest

from gradtape.cli import pages
from gradtape.diagnostics import CODES


@pytest.mark.parametrize("word", ["GT302", "gt302", "302", "piecewise-constant", "Piecewise-Constant"])
def test_number_and_name_in_any_case(gradtape, word):
    ran = gradtape("explain", word)
    assert ran.status == 0
    assert "GT302" in ran.out
    assert ran.out == pages.page(pages.find("GT302"))


@pytest.mark.parametrize("code", CODES, ids=lambda c: c.number)
def test_every_code_has_something_to_print(code):
    page = pages.page(code)
    assert code.number in page
    assert page.endswith("\n")


def test_an_unknown_code_lists_them_all(gradtape):
    ran = gradtape("explain", "piecewise")
    assert ran.status == 2
    assert "no code is called 'piecewise'; the nearest is GT302 piecewise-constant" in ran.err
    assert all(code.number in ran.err and code.title in ran.err for code in CODES)


def test_codes_lists_all(gradtape):
    ran = gradtape("codes")
    assert ran.status == 0
    assert [line.split()[:2] for line in ran.out.splitlines()] == [[c.number, c.slug] for c in CODES]
