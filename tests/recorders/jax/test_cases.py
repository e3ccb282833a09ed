"""Whole programs as people write them, with the break in a class, a helper or a loop of JAX's; and healthy ones."""

from pathlib import Path

import pytest
from tests.explain.programs import unmarked

from gradtape.explain import Status

from .test_reasons import heard, marks

PROGRAMS = sorted((Path(__file__).parent / "cases").glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_gets_its_reason_where_it_is_marked(path, tmp_path):
    source = path.read_text(encoding="utf-8")
    reports, error = heard(unmarked(source), tmp_path)
    found = {(f.code.number, f.diagnostic.primary.span.line) for r in reports for f in r.findings}
    assert found == marks(source), (reports, error)
    assert reports
    assert all(r.findings for r in reports if r.status is not Status.OK)
