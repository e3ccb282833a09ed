"""Runs the code blocks of a page as a reader would, from top to bottom, in one folder.

    ```python            runs; all of a page share their names. One that begins with the comment `# train.py` is a file
                         of that name instead, for a command further down
    ```console           `$ command`, and below it what it prints; a line `...` stands for lines left out
    ```text              what the block before it printed

Commands are those of `gradtape`, `python` and `pytest`; of `pip` and `make` only the words are checked.
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import subprocess
import sys
import tomllib
import warnings
from pathlib import Path
from typing import NamedTuple

from gradtape.errors import MissingGradientWarning

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"# (\w+\.py)\n")
NOISE = re.compile(r"^(?:WARNING: All log messages before absl|[IWE]\d{4} \d\d:).*\n", re.MULTILINE)
"""What TensorFlow logs of the machine while it is imported."""
COMMAND = re.compile(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", re.MULTILINE)


class Block(NamedTuple):
    language: str
    text: str
    start: int
    end: int


def blocks(page: str) -> list[Block]:
    return [Block(m[1], m[2], m.start(2), m.end(2)) for m in FENCE.finditer(page)]


class Page:
    """A page that is run in a folder; `printed` are the texts that ought to stand in it, by their places."""

    def __init__(self, text: str, folder: Path) -> None:
        self.text = text
        self.folder = folder
        self.names = {"__name__": "__main__"}
        self.count = 0
        self.unused = set()
        self.printed = []

    def run(self) -> None:
        before = None
        for block in blocks(self.text):
            if block.language == "python":
                file = FILE.match(block.text)
                before = self.save(file[1], block.text) if file else self.python(block.text)
            elif block.language == "console":
                self.console(block)
                before = None
            elif block.language == "text":
                assert before is not None, f"nothing printed this text:\n{block.text}"
                self.printed.append((block.start, block.end, before))
                before = None
            elif block.language == "toml":
                tomllib.loads(block.text)
            else:
                assert block.language.startswith("{"), f"a block of {block.language or 'no language'} is not run"
                assert "code" not in block.language, "a directive with code is not run"
        assert not self.unused, f"no command runs {self.unused}"

    def save(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text, encoding="utf-8")
        self.unused.add(name)

    def python(self, text: str) -> str:
        self.count += 1
        path = self.folder / f"block{self.count}.py"
        path.write_text(text, encoding="utf-8")
        out = io.StringIO()
        with contextlib.chdir(self.folder), contextlib.redirect_stdout(out), warnings.catch_warnings():
            warnings.simplefilter("error")
            warnings.simplefilter("ignore", MissingGradientWarning)
            exec(compile(text, str(path), "exec"), self.names)  # noqa: S102  that is what it is for
        return out.getvalue().replace(str(path), "example.py").replace(path.name, "example.py")

    def console(self, block: Block) -> None:
        commands = list(COMMAND.finditer(block.text))
        assert commands, f"a console block without a command:\n{block.text}"
        assert block.text.startswith("$ "), block.text
        for command in commands:
            words = shlex.split(command[1], comments=True)
            self.unused -= set(words)
            if words[0] in {"pip", "make", "git", "cd"}:
                self.check(words)
                continue
            printed = self.command(words)
            if command[2].strip():
                start, end = block.start + command.start(2), block.start + command.end(2)
                self.printed.append((start, end, shortened(printed, command[2])))

    def command(self, words: list[str]) -> str:
        python = {"gradtape": ["-m", "gradtape"], "python": [], "pytest": ["-m", "pytest", "-p", "no:cacheprovider"]}
        assert words[0] in python, f"`{words[0]}` is no command that a page may run"
        kept = {
            k: v for k, v in os.environ.items() if k not in {"FORCE_COLOR", "PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER"}
        }
        done = subprocess.run(
            [sys.executable, *python[words[0]], *words[1:]],
            cwd=self.folder,
            env=kept
            | {"PYTHONPATH": str(ROOT / "src"), "PYTHONIOENCODING": "ascii:backslashreplace", "COLUMNS": "100"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
            check=False,
        )
        return NOISE.sub("", done.stdout).replace(f"{self.folder}{os.sep}", "")

    def check(self, words: list[str]) -> None:
        project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
        if words[0] == "make":
            assert re.search(rf"^{words[1]}\b.*:", makefile, re.MULTILINE), f"there is no `make {words[1]}`"
        for extras in re.findall(r"\[([\w,-]+)\]", " ".join(words)) if words[0] == "pip" else ():
            assert set(extras.split(",")) <= set(project["optional-dependencies"]), extras

    def blessed(self) -> str:
        """Return the page with what is printed now."""
        text = self.text
        for start, end, printed in reversed(self.printed):
            text = text[:start] + printed.rstrip("\n") + "\n" + text[end:]
        return text


def shortened(printed: str, blessed: str) -> str:
    """Leave out of a print what the page leaves out: `...` stands for any lines, or for the rest of a line."""
    lines = blessed.rstrip("\n").split("\n")
    patterns = (
        r"(?:.*\n)*?" if line == "..." else re.escape(line.removesuffix("...")) + ".*" * line.endswith("...") + "\n"
        for line in lines
    )
    whole = printed.rstrip("\n") + "\n"
    return blessed if re.fullmatch("".join(patterns), whole) else whole
