"""Hooks of frameworks are gone when nobody hears any more, whoever forgot to let the recorders finish."""

import pytest

from gradtape.recorders.hearing import Hearing


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
