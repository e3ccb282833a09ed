"""What the page of a script tells: for tests of recorders."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


def page_of(program, folder, *options):
    """Run `gradtape why --html` on a program, and return the page's data."""
    (folder / "train.py").write_text(program, encoding="utf-8")
    command = [sys.executable, "-m", "gradtape", "why", "--html", "why.html", "--svg", "why.svg", *options, "train.py"]
    path = f"{ROOT / 'src'}{os.pathsep}{os.environ.get('PYTHONPATH', '')}"
    ran = subprocess.run(
        command, cwd=folder, env=os.environ | {"PYTHONPATH": path}, capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr
    page = (folder / "why.html").read_text(encoding="utf-8")
    return json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])


def operations(tape):
    """Return the rows of a tape by name, the last of each: what its value is like, what ends the path at it."""
    found = {}
    for row, name in enumerate(tape["name"]):
        value = tape["summaries"][tape["value"][row]] if tape["value"][row] >= 0 else None
        found[tape["names"][name]] = (value, [kind for _, kind, *_ in tape["breaks"].get(str(row), [])])
    return found
