"""Every row of the table passes the generic check."""

import pytest

from gradtape.ops import OPS
from gradtape.testing import check_rule


@pytest.mark.parametrize("name", OPS)
def test_row(name):
    check_rule(OPS[name])
