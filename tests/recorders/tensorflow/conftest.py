"""Runs programs of TensorFlow with the recorder in place, many in one process; skipped where TensorFlow is missing."""

from __future__ import annotations

import os
import re
import textwrap
import warnings
from collections import defaultdict

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow")

HEAD = """
import random
import numpy as np
import tensorflow as tf
import keras
keras.utils.set_random_seed(0)
"""
"""The first lines of programs whose edits are tried."""

MARK = re.compile(r" *#~ (.*)$")


def marked(source: str) -> dict[int, list[str]]:
    """Return the codes that a program expects by line: `#~ GT302 GT105`."""
    found = {}
    for number, line in enumerate(source.splitlines(), 1):
        match = MARK.search(line)
        if match:
            found[number] = sorted(match[1].split())
    return found


class Ran:
    """What was heard of a program."""

    def __init__(self, heard, error):
        self.reports = heard.reports
        self.remarks = heard.remarks
        self.error = error

    @property
    def told(self) -> dict[int, list[str]]:
        """The first findings of all gradients, by line."""
        found = defaultdict(set)
        for report in self.reports:
            for finding in report.findings[:1]:
                found[finding.diagnostic.primary.span.line].add(finding.code.number)
        return {line: sorted(codes) for line, codes in sorted(found.items())}

    @property
    def statuses(self) -> list[tuple[str, str]]:
        return [(r.source, str(r.status)) for r in self.reports]


@pytest.fixture
def explained(tmp_path):
    """Run a program under the recorder and return what was heard."""
    from gradtape.recorders import tensorflow as recorder
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard

    def run(source: str, **options) -> Ran:
        path = tmp_path / "program.py"
        path.write_text(_unmarked(textwrap.dedent(source)))
        heard, error = Heard(), None
        recorder.start(heard, Options(**options))
        try:
            warnings.filterwarnings("ignore", message="Gradients do not exist")  # the recorder says more
            exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__"})  # noqa: S102
        except Exception as raised:  # noqa: BLE001
            error = raised
        finally:
            recorder.finish(error)
        return Ran(heard, error)

    return run


def _unmarked(source: str) -> str:
    return "\n".join(MARK.sub("", line) for line in source.splitlines()) + "\n"


def edited(source: str, reports) -> str:
    """Make all edits, those of the last lines first."""
    edits = {e.line: e for r in reports for f in r.findings if (s := f.diagnostic.suggestion) for e in s.edits}
    lines = source.split("\n")
    for line in sorted(edits, reverse=True):
        text = edits[line].replace_with
        lines[line - 1 : line] = [] if text == "" else text.split("\n")
    return "\n".join(lines)


@pytest.fixture
def offered(explained):
    """Run a program of which something is told, and return the lines that its edits would write."""

    def run(source: str, *, may_fail: bool = False) -> list[str]:
        ran = explained(source)
        assert may_fail or ran.error is None
        found = [f.diagnostic for r in ran.reports for f in r.findings]
        assert found
        return [edit.replace_with for d in found if d.suggestion for edit in d.suggestion.edits]

    return run


@pytest.fixture
def mends(explained):
    """Make the edits of a program, see that every gradient flows afterwards, and return the edited text."""

    def run(source: str) -> str:
        ran = explained(source)
        assert any(r.findings for r in ran.reports), ran.error
        new = edited(source, ran.reports)
        again = explained(new)
        assert again.error is None, new
        assert {str(r.status) for r in again.reports} <= {"ok", "zero"}, new
        assert not any(r.findings for r in again.reports), new
        return new

    return run
