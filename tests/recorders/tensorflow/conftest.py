"""Runs programs of TensorFlow with the recorder in place, many in one process; skipped where TensorFlow is missing."""

from __future__ import annotations

import os
import re
import textwrap
from collections import defaultdict

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
pytest.importorskip("tensorflow")

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
            exec(compile(path.read_text(), str(path), "exec"), {"__name__": "__main__"})  # noqa: S102
        except Exception as raised:  # noqa: BLE001
            error = raised
        finally:
            recorder.finish(error)
        return Ran(heard, error)

    return run


def _unmarked(source: str) -> str:
    return "\n".join(MARK.sub("", line) for line in source.splitlines()) + "\n"
