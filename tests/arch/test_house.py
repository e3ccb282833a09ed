"""The house rules: every room says what it is for, and no file speaks of the machine that it was written on."""

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "gradtape"
ROOMS = sorted(p.parent for p in PACKAGE.glob("*/__init__.py"))
MACHINE = re.compile(r"(?<![\w.$}~])/(?:work|farm|tmp|home|root|Users)/[\w.-]")
LONG = 500


def tracked():
    names = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    return [ROOT / name for name in names.split("\0") if name]


@pytest.mark.parametrize("room", ROOMS, ids=lambda p: p.name)
def test_every_room_has_a_short_readme(room):
    readme = room / "README.md"
    assert readme.exists(), f"write {readme.relative_to(ROOT)}: what lives there and what does not"
    assert len(readme.read_text(encoding="utf-8").splitlines()) <= 40


def test_the_rooms_are_found():
    assert {"diagnostics", "explain", "render", "cli"} <= {room.name for room in ROOMS}


@pytest.mark.parametrize("room", ["explain", "explain/edits"])
def test_readmes_that_list_files_list_all_of_them(room):
    folder = PACKAGE / room
    listed = set(re.findall(r"`(\w+)(?:\.py|/)`", (folder / "README.md").read_text(encoding="utf-8")))
    parts = [p for p in folder.iterdir() if p.suffix == ".py" or (p.is_dir() and p.name[0] != "_")]
    if room.endswith("edits"):
        parts += [p for part in parts if part.is_dir() and part.name != "builders" for p in part.glob("*.py")]
    there = {p.stem for p in parts} - {"__init__"}
    assert not there - listed, f"say in {room}/README.md what these have"
    assert not listed - there, f"{room}/README.md lists what is gone"


def test_no_file_names_a_place_on_somebody_s_machine():
    files = tracked()
    if not files:
        files = [
            p for folder in ("src", "tests", "docs", "examples") for p in (ROOT / folder).rglob("*.*") if p.is_file()
        ]
    found = []
    for file in files:
        if file == Path(__file__) or not file.is_file():
            continue
        try:
            lines = file.read_text(encoding="utf-8").splitlines()
        except UnicodeDecodeError:
            continue
        found += [f"{file.relative_to(ROOT)}:{k}: {line}" for k, line in enumerate(lines, 1) if MACHINE.search(line)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("line", ["see /tmp/x.py", 'open("/home/me/data")', "(/Users/me)"])
def test_the_search_finds_such_places(line):
    assert MACHINE.search(line)


def test_report_long_files(record_property):
    """Say which files are long; no number fails it, an unreadable tree does."""
    lines = {str(p.relative_to(ROOT)): len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert lines
    for name, count in sorted(lines.items(), key=lambda item: -item[1]):
        if count > LONG:
            record_property("long file", f"{count} {name}")
            print(f"{count} lines: {name}")


def test_the_three_commands_of_the_readme_exist():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    commands = set(re.findall(r"^make ([a-z-]+)", readme, re.MULTILINE))
    assert {"why", "test"} <= commands
    for command in commands:
        assert re.search(rf"^{command}:.*## ", makefile, re.MULTILINE), f"the README names `make {command}`"


def test_every_decision_has_a_number_of_its_own():
    pages = sorted((ROOT / "docs" / "decisions").glob("0*.md"))
    assert len({page.name[:4] for page in pages}) == len(pages)
    for page in pages:
        title = page.read_text(encoding="utf-8").splitlines()[0]
        assert re.match(rf"# 0*{int(page.name[:4])}\b", title), f"{page.name} is titled {title}"
