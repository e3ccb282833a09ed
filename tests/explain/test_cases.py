"""Programs as people write them, one folder per cause: exactly what is marked in them is told, at that line.

Each cause has at least `deep.py`, the break several calls deep, `two.py`, two breaks, and `near.py`, a near miss in
which it must be silent. `#~ GT302` marks the line to blame; `GT302?` is told as possible.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gradtape.diagnostics import CODES

from .programs import run_program

CASES = Path(__file__).parent / "cases"
MARK = re.compile(r"  #~ (?P<codes>GT\d+\??(?: GT\d+\??)*)$")
PROGRAMS = sorted(CASES.glob("*/*.py"))
ELSEWHERE = {"GT109", "GT508", "GT509", "GT901"}
"""Causes that a program on our own tape cannot have: those of one framework, and the one that should not happen."""


def marks(source):
    found = set()
    for number, line in enumerate(source.splitlines(), 1):
        match = MARK.search(line)
        if match:
            found |= {(code, number) for code in match["codes"].split()}
    return found


def unmarked(source):
    return "".join(MARK.sub("", line) + "\n" for line in source.splitlines())


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: f"{p.parent.name}-{p.stem}")
def test_what_is_marked_is_told_and_nothing_else(program, tmp_path):
    source = program.read_text(encoding="utf-8")
    reports = run_program(unmarked(source), tmp_path)
    assert reports
    told = {(f.code.number + "?" * (not f.proven), f.diagnostic.primary.span.line) for r in reports for f in r.findings}
    assert told == marks(source), reports
    if program.stem == "near":
        assert not any(code.startswith(program.parent.name) for code, _ in told)
    else:
        assert any(code.startswith(program.parent.name) for code, _ in told)


@pytest.mark.parametrize("code", [c for c in CODES if c.number not in ELSEWHERE and c.number[2] != "4"], ids=str)
@pytest.mark.parametrize("kind", ["deep", "two", "near"])
def test_every_cause_has_the_three_programs(code, kind):
    assert (CASES / code.number / f"{kind}.py").exists()
    if kind == "two":
        assert len(marks((CASES / code.number / "two.py").read_text(encoding="utf-8"))) >= 2
