"""Pages and pictures as files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gradtape.render import page, paths, svg

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from gradtape.explain.report import GradientReport


def save(reports: Sequence[GradientReport], file: str | PathLike[str]) -> None:
    """Write a page or a picture of the routes, as the name of the file says.

    Raises
    ------
    ValueError
        If the name says neither.
    """
    target = Path(file)
    form = target.suffix.lower()
    if form == ".html":
        script = paths.shown(reports[0].call.file) if reports else ""
        made = page.page(reports, page.About(script))
    elif form == ".svg":
        made = svg.routes(reports)
    else:
        raise ValueError(f"save: `{file}` ends in neither .html nor .svg; name it `{target.stem}.html` for a page")
    target.write_text(made, encoding="utf-8")
