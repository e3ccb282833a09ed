"""No test may leave a tape open or a setting changed."""

import pytest

from gradtape import _config
from gradtape.arrays.record import STATE


@pytest.fixture(autouse=True)
def nothing_leaks():
    before = _config.settings
    yield
    open_now, STATE.recordings = STATE.recordings, ()
    assert open_now == ()
    assert _config.settings is before
