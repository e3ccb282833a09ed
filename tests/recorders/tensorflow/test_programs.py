"""Every program is explained as its marks say, and the near misses stay silent."""

import textwrap

import pytest

from .conftest import marked
from .programs import BROKEN, HEAD, OK


@pytest.mark.parametrize("name", BROKEN)
def test_the_reason_is_told_at_the_line_to_blame(name, explained):
    source = HEAD + textwrap.dedent(BROKEN[name])
    ran = explained(source)
    expected = marked(source)
    assert set(ran.told) == set(expected), (ran.told, ran.statuses)
    assert all(set(ran.told[line]) <= set(codes) for line, codes in expected.items()), ran.told


@pytest.mark.parametrize("name", OK)
def test_a_gradient_that_is_right_is_not_blamed(name, explained):
    ran = explained(HEAD + textwrap.dedent(OK[name]))
    assert ran.error is None
    assert ran.reports
    assert not ran.told, ran.told
    assert all(status in {"ok", "zero"} for _, status in ran.statuses), ran.statuses
