"""Runs a program of PyTorch as `gradtape why` does, and reads the marks in it that say what must be told where."""

import contextlib
import io
import itertools
import linecache
import re
import sys
import textwrap
import warnings
from types import ModuleType
from typing import NamedTuple

from gradtape.recorders import torch as recorder
from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard

_number = itertools.count()
MARK = re.compile(r"#~\s*(.*)$")


class Ran(NamedTuple):
    """What a program led to."""

    reports: tuple
    remarks: list
    printed: str
    error: BaseException | None

    @property
    def told(self):
        """What was found: the slug and the line of every finding, without repetitions."""
        found = [(f.cause, f.diagnostic.primary.span.line) for r in self.reports for f in r.findings]
        return list(dict.fromkeys(found))

    @property
    def statuses(self):
        """What became of each source, by name."""
        return {r.source: str(r.status) for r in self.reports}


def why(program, folder, **options):
    """Run a program, and return what was said about its gradients."""
    source = textwrap.dedent(program)
    file = folder / f"program{next(_number)}.py"
    file.write_text(source, encoding="utf-8")
    linecache.checkcache(str(file))
    module = ModuleType("__main__")
    module.__file__ = str(file)
    before = sys.modules["__main__"]
    heard, out, raised = Heard(), io.StringIO(), None
    sys.modules["__main__"] = module
    recorder.start(heard, Options(**options))
    try:
        with contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            exec(compile(source, str(file), "exec"), module.__dict__)  # noqa: S102
    except Exception as error:  # noqa: BLE001
        raised = error
    finally:
        recorder.finish(raised)
        sys.modules["__main__"] = before
    return Ran(heard.reports, heard.remarks, out.getvalue(), raised)


def expected(program):
    """Read `#~ slug` marks: the findings that must be told, with their lines."""
    found = []
    for number, line in enumerate(textwrap.dedent(program).splitlines(), 1):
        mark = MARK.search(line)
        found += [(slug, number) for slug in (mark[1].split() if mark else ())]
    return found


def edited(source, reports):
    """Make all edits."""
    edits = {e.line: e for r in reports for f in r.findings if (s := f.diagnostic.suggestion) for e in s.edits}
    lines = source.split("\n")
    for line in sorted(edits, reverse=True):
        text = edits[line].replace_with
        lines[line - 1 : line] = text.split("\n")
    return "\n".join(lines)


def flows_when_edited(program, folder):
    """Edit a program as its report says and run it again."""
    ran = why(program, folder)
    assert any(r.findings for r in ran.reports)
    new = edited(program, ran.reports)
    again = why(new, folder)
    assert again.error is None, new
    assert {str(r.status) for r in again.reports} == {"ok"}, new
