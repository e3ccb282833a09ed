"""Each wrong program gets its reason at the marked line, and nothing else is said; right ones stay silent."""

from __future__ import annotations

import re

import pytest
from tests.explain.programs import MARK, unmarked

from gradtape.explain import Status
from gradtape.recorders.hearing import Hearing

from .right import RIGHT
from .wrong import HEAD, WRONG


def heard(source, folder):
    path = folder / "program.py"
    path.write_text(source, encoding="utf-8")
    hearing = Hearing()
    error = None
    with hearing:
        try:
            exec(compile(source, str(path), "exec"), {"__name__": "__main__", "__file__": str(path)})  # noqa: S102
        except Exception as raised:  # noqa: BLE001
            error = raised
        hearing.finish(error)
    return hearing.reports, error


def marks(source):
    return {(m["code"], n) for n, line in enumerate(source.splitlines(), 1) if (m := MARK.search(line))}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_program_gets_its_reason_at_the_marked_line(name, tmp_path):
    source = HEAD + WRONG[name]
    reports, error = heard(unmarked(source), tmp_path)
    found = {(f.code.number, f.diagnostic.primary.span.line) for r in reports for f in r.findings}
    assert found == marks(source), (reports, error)
    assert any(r.status is not Status.OK for r in reports)
    assert all(r.findings for r in reports if r.status is not Status.OK)
    assert not any(re.search(r"gradtape failed", f.diagnostic.headline) for r in reports for f in r.findings)


@pytest.mark.parametrize("name", RIGHT)
def test_of_a_right_program_nothing_is_said(name, tmp_path):
    reports, error = heard(HEAD + RIGHT[name], tmp_path)
    assert error is None
    assert reports
    assert not [f for r in reports for f in r.findings]


def test_parts_that_cancel_make_a_zero_that_contradicts_nothing(tmp_path):
    reports, _ = heard(HEAD + "jax.grad(lambda w: jnp.sum(w * x) / jnp.max(w * x))(0.5)\n", tmp_path)
    assert [r.status for r in reports] == [Status.ZERO]
    assert not reports[0].findings


def test_a_gradient_is_named_as_the_function_names_it(tmp_path):
    reports, _ = heard(HEAD + RIGHT["attention, layer norm and a softmax loss"], tmp_path)
    assert [r.source for r in reports] == ["params['k']", "params['q']", "params['v']", "params['x']"]
    assert {r.target for r in reports} == {"loss"}
    assert {r.kind for r in reports} == {"jax.grad"}


def test_a_help_calls_what_a_library_calls_as_the_program_would(tmp_path):
    source = """
import jax
import jax.numpy as jnp
from jax.scipy.stats import norm

jax.grad(lambda spread: norm.logpdf(0.0, 0.0, spread))(1e-30)
"""
    (report,), _ = heard(source, tmp_path)
    assert report.findings[0].cause == "singular-point"
    assert any("`jnp.log(x + 1e-12)`" in text for text in report.findings[0].diagnostic.helps)
