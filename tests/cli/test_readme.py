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


def test_the_example_prints_what_stands_below_it(tmp_path, request):
    (tmp_path / "train.py").write_text(PROGRAMS[0])
    done = subprocess.run(
        [sys.executable, "train.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=True,
    )
    if request.config.getoption("--bless"):
        (ROOT / "README.md").write_text(README.replace(OUTPUTS[0], done.stdout), encoding="utf-8")
    else:
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


def test_the_programs_after_it_run_without_a_warning(tmp_path):
    (tmp_path / "program.py").write_text("\n".join(PROGRAMS[1:]))
    done = subprocess.run(
        [sys.executable, "-W", "error", "program.py"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(ROOT / "src")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


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


COMMANDS = re.findall(r"^(?:make|gradtape) .+?(?=\s+#|$)", README, re.MULTILINE)


@pytest.fixture
def environment(tmp_path):
    """Stand in for the environment that make sets up: this one, with the stamps that say so."""
    made = tmp_path / "venv"
    (made / "bin").mkdir(parents=True)
    python = made / "bin" / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    for stamp in (".cli", ".test"):
        (made / stamp).touch()
    return made


def test_the_readme_has_commands():
    assert {"make why", "make test", "gradtape why train.py --epochs 3"} <= set(COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_readme_s_commands_run(command, environment, tmp_path):
    script = tmp_path / "train.py"
    script.write_text(PROGRAMS[0] + "import sys\nprint(sys.argv[1:])\n")
    words = shlex.split(command.replace("train.py", str(script)))
    if words[0] == "make":
        words += [f"VENV={environment}"]
    else:
        words = [sys.executable, "-m", *words]
    # `make test` inside a test collects what it would run, and runs none of it again
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": str(ROOT / "src"), "PYTEST_ADDOPTS": "--collect-only"}
    words = [w for w in words if w] + (["JOBS=0"] if words[:2] == ["make", "test"] else [])
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    expected = "collected" if words[:2] == ["make", "test"] else "asked for"
    assert expected in done.stdout
    if "train.py" in command:
        assert "['--epochs', '3']" in done.stdout
