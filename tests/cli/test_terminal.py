"""What the report looks like in a terminal: its width, its colours, and who does not want them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAM = """\
import gradtape as gt
import numpy as np

größe = gt.Variable([1.0, 2.0])
with gt.GradientTape() as tape:
    loss = np.sum(np.floor(größe) * 1.0) + np.sum(np.floor(größe) * 2.0) + np.sum(np.floor(größe) * 3.0) + 1.0
tape.gradient(loss, größe)
"""
DRIVE = """\
import fcntl, os, pty, struct, sys, termios
child, terminal = pty.fork()
if child == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, int(sys.argv[1]), 0, 0))
    os.execv(sys.argv[2], sys.argv[2:])
shown = b""
while True:
    try:
        part = os.read(terminal, 65536)
    except OSError:
        break
    if not part:
        break
    shown += part
os.waitpid(child, 0)
sys.stdout.buffer.write(shown.replace(b"\\r\\n", b"\\n"))
"""
pty = pytest.importorskip("pty")


@pytest.fixture
def show(tmp_path):
    (tmp_path / "train.py").write_text(PROGRAM, encoding="utf-8")

    def show(columns, *arguments, **environment):
        unset = {"COLUMNS", "NO_COLOR", "FORCE_COLOR", "PYTHONIOENCODING"}
        env = {k: v for k, v in os.environ.items() if k not in unset}
        env |= {"PYTHONPATH": str(ROOT / "src"), "TERM": "xterm-256color", "PYTHONUTF8": "1"} | environment
        command = [sys.executable, "-c", DRIVE, str(columns), sys.executable, "-m", "gradtape", *arguments, "train.py"]
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, timeout=60, check=True)
        return done.stdout.decode()

    return show


def plain(text):
    return re.sub(r"\x1b\[[0-9;]*m", "", text)


def test_a_terminal_gets_colours_and_the_text_is_the_same(show):
    coloured, bare = show(100, "why"), show(100, "why", NO_COLOR="1")
    assert "\x1b[" in coloured
    assert "\x1b" not in bare
    assert plain(coloured) == bare


def test_a_dumb_terminal_gets_none(show):
    assert "\x1b" not in show(100, "why", TERM="dumb")


@pytest.mark.parametrize("columns", [40, 60, 100])
def test_source_lines_and_notes_fit_a_terminal(show, columns):
    lines = plain(show(columns, "why")).splitlines()
    assert len(lines[0]) == columns
    laid = [line for line in lines if re.match(r" +\d* [|=] ", line) and "edit," not in line]
    assert laid
    assert max(map(len, laid)) <= columns
    marked = [line for line in lines if "^" in line]
    assert marked


def test_a_line_to_be_copied_is_whole(show):
    added = [line for line in plain(show(40, "why")).splitlines() if re.match(r" *\d+ \+ ", line)]
    assert any(line.endswith("+ 1.0") for line in added)


def test_characters_that_a_terminal_does_not_have_are_written_out(show):
    text = show(100, "why", PYTHONUTF8="0", PYTHONIOENCODING="ascii")
    assert "gr\\xf6\\xdfe" in text
    assert "UnicodeEncodeError" not in text
