"""The README's programs and commands do what it says."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
OUTPUTS = re.findall(r"```text\n(.*?)```", README, re.DOTALL)


def test_the_example_prints_what_stands_below_it(gradtape, tmp_path):
    (tmp_path / "train.py").write_text(PROGRAMS[0])
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == OUTPUTS[0]
    assert done.stderr.count("MissingGradientWarning: ") == 1
    assert "train.py:6" in done.stderr


def test_the_example_explained_by_the_command(gradtape):
    ran = gradtape("why", "train.py", program=PROGRAMS[0])
    assert ran.status == 0
    assert OUTPUTS[0].rstrip() in ran.out.partition("-- gradtape why")[2]


def test_the_tape_in_ten_lines(gradtape):
    ran = gradtape("why", "train.py", program=PROGRAMS[1])
    assert ran.status == 0, ran.err
    assert "3 gradients asked for: 3 flow, 0 do not" in ran.out
    assert len(PROGRAMS[1].splitlines()) <= 10


@pytest.mark.parametrize(
    ("name", "healthy", "codes"),
    [
        ("muscle_tendon.py", 3, ["GT302", "GT202", "GT102", "GT503", "GT105"]),
        ("muscle_tendon_mended.py", 8, []),
        ("tensorflow_script.py", 2, ["GT304"]),
    ],
)
def test_the_examples_say_what_they_are_there_to_say(gradtape, name, healthy, codes):
    ran = gradtape("why", str(ROOT / "examples" / name))
    assert ran.status == 0, ran.err
    report = ran.out.partition("-- gradtape why")[2]
    assert report.count("\n ok ") == healthy
    assert re.findall(r"^(?:warning|error)\[(GT\d+)", report, re.MULTILINE) == codes


@pytest.mark.parametrize("command", re.findall(r"^make (.+?)(?:\s+#.*)?$", README, re.MULTILINE))
def test_make_knows_the_readme_s_commands(command):
    done = subprocess.run(
        ["make", "--dry-run", *shlex.split(command)], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
