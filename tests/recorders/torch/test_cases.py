"""Whole programs as people write them, with the break in a class, a helper or a training loop; and healthy ones."""

from pathlib import Path

import pytest

from .programs import expected, why

PROGRAMS = sorted((Path(__file__).parent / "cases").glob("*.py"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_gets_its_reason_where_it_is_marked(path, tmp_path):
    program = path.read_text(encoding="utf-8")
    ran = why(program, tmp_path)
    assert set(ran.told) == set(expected(program)), [(r.source, str(r.status), r.findings) for r in ran.reports]
    assert ran.reports
    assert all(r.findings for r in ran.reports if r.status != "ok")
