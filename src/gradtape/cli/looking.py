"""`gradtape why --html` and `--svg`: what was found, to look at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from gradtape.cli.failing import refuse_file

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Sequence

    from gradtape.cli.running import Ran


class View(NamedTuple):
    """A file to write when the program has run."""

    draw: Callable[[Ran, Sequence[str]], str]
    target: Path

    def write(self, ran: Ran, remarks: Sequence[str]) -> None:
        """Write what was found; `remarks` are what a reader should know about the run."""
        self.target.write_text(self.draw(ran, remarks), encoding="utf-8")


def views(options: argparse.Namespace) -> list[View] | int:
    """Return the files that were asked for, or the exit status where one cannot be written."""
    found = []
    for flag, name, draw in (("--html", options.html, _page), ("--svg", options.svg, _picture)):
        if name is None:
            continue
        refused = refuse_file(f"{options.command}: {flag}", name)
        if refused is not None:
            return refused
        found.append(View(draw, Path(name).absolute()))
    return found


def _page(ran: Ran, remarks: Sequence[str]) -> str:
    from gradtape.render import page

    return page.page(ran.heard.reports, page.About(ran.name, tuple(remarks)))


def _picture(ran: Ran, remarks: Sequence[str]) -> str:
    from gradtape.render import svg

    del remarks
    return svg.routes(ran.heard.reports)
