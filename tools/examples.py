"""Runs the examples, and puts what they print and draw into docs/examples: `make examples`, or `ONLY=fluid`."""

import argparse
import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
PAGES = ROOT / "docs" / "examples"
RESULT = re.compile(r"(<!-- result -->\n).*?(<!-- end of result -->)", re.DOTALL)


def main() -> None:
    """Run the examples that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="the examples to run; all that have a page unless given")
    names = parser.parse_args().names or sorted(p.stem for p in PAGES.glob("*.md") if p.stem != "index")
    for name in names:
        print(f"-- {name}", flush=True)
        printed = ran(name)
        print(printed, flush=True)
        page = PAGES / f"{name}.md"
        page.write_text(with_result(page.read_text(encoding="utf-8"), printed), encoding="utf-8")


def ran(name: str) -> str:
    """Run an example with its picture, and return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "PYTHONWARNINGS": "error"}
    program = [sys.executable, ROOT / "examples" / f"{name}.py", "--plot", PAGES / f"{name}.png"]
    return subprocess.run(program, env=environment, stdout=subprocess.PIPE, text=True, check=True).stdout  # noqa: S603 - our own


def with_result(page: str, printed: str) -> str:
    """Put what a program printed between the marks of its page."""
    if not RESULT.search(page):
        raise ValueError("the page has no marks `<!-- result -->` and `<!-- end of result -->`")
    return RESULT.sub(lambda m: f"{m[1]}\n~~~text\n{printed.rstrip()}\n~~~\n\n{m[2]}", page)


if __name__ == "__main__":
    main()
