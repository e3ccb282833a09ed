"""An explanation leaves the collector of garbage as it found it, and little for it to look at."""

import gc

import pytest

from gradtape.diagnostics.depth import room_to_think


@pytest.fixture
def collecting():
    before = gc.isenabled()
    gc.enable()
    yield
    gc.unfreeze()
    if not before:
        gc.disable()


@pytest.mark.usefixtures("collecting")
def test_what_was_made_counts_as_old_at_once():
    with room_to_think():
        assert not gc.isenabled()
        made = [[number] for number in range(100_000)]
    assert gc.isenabled()
    assert gc.get_count()[0] < 1_000
    assert any(one is made[0] for one in gc.get_objects(generation=2))


@pytest.mark.usefixtures("collecting")
def test_what_a_program_froze_stays_frozen():
    gc.freeze()
    frozen = gc.get_freeze_count()
    with room_to_think():
        made = [[number] for number in range(10)]
    assert made
    assert gc.get_freeze_count() == frozen


def test_a_collector_that_is_off_stays_off():
    before = gc.isenabled()
    gc.disable()
    try:
        with room_to_think():
            pass
        assert not gc.isenabled()
    finally:
        if before:
            gc.enable()
