import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
FAKE = Path(__file__).with_name("fake_engine.py")


class Ran(NamedTuple):
    status: int
    out: str
    err: str


@pytest.fixture
def gradtape(tmp_path):
    """Run the command in an empty folder: `gradtape("why", "x.py", fake=True)`."""

    def run(*arguments, fake=False, program=None, stdin=None, **environment):
        if program is not None:
            (tmp_path / "train.py").write_text(program, encoding="utf-8")
        start = [str(FAKE)] if fake else ["-m", "gradtape"]
        known = {k: v for k, v in os.environ.items() if k not in {"COLUMNS", "FORCE_COLOR"}}
        done = subprocess.run(
            [sys.executable, *start, *arguments],
            capture_output=True,
            input=stdin,
            encoding="utf-8",
            cwd=tmp_path,
            env=known | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "utf-8"} | environment,
            timeout=60,
            check=False,
        )
        return Ran(done.returncode, done.stdout, done.stderr)

    return run
