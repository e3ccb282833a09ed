"""Hooks of frameworks are gone when nobody hears any more, whoever forgot to let the recorders finish."""

import pytest

import gradtape as gt
from gradtape import _config
from gradtape.arrays.record import SHARE, STATE
from gradtape.recorders.hearing import Hearing
from gradtape.recorders.listening import Listening


def test_no_hook_stays_behind_where_nobody_finished():
    jax = pytest.importorskip("jax")
    before = jax.grad
    with Hearing():
        assert jax.grad is not before
    assert jax.grad is before


def test_to_finish_twice_is_to_finish_once():
    jax = pytest.importorskip("jax")
    jnp = jax.numpy
    with Hearing() as hearing:
        jax.grad(lambda x: jnp.sum(jnp.round(x)))(jnp.array([0.3]))
        hearing.finish()
    assert [report.status for report in hearing.reports] == ["zero"]


def test_more_is_remembered_meanwhile_and_settings_of_the_program_stay():
    before = _config.settings
    try:
        with Listening():
            assert _config.settings.ambient_records == 10 * before.ambient_records
            assert STATE.ambient.noted.maxlen == 10 * before.ambient_records // SHARE
            gt.config(strong_zeros=False)
        assert _config.settings == before._replace(strong_zeros=False)
        assert STATE.ambient.noted.maxlen == before.ambient_records // SHARE
        with Listening():
            gt.config(ambient_records=7)
        assert _config.settings.ambient_records == 7
    finally:
        gt.config(**before._asdict())


def test_who_only_looks_on_changes_nothing():
    before = _config.settings
    with Listening(quiet=False):
        assert _config.settings == before
