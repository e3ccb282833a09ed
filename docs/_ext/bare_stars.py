"""Lets docstrings write `(batch, *spatial)` without a backslash: to Sphinx a bare star begins an emphasis."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

STAR = re.compile(r"(?<![\w*\\])\*(?=\w)")


def escaped(line: str) -> str:
    """Escape the stars of a line that stand before a name, outside of backticks; code and entries stay as they are."""
    if line.lstrip().startswith((">>>", "...", "*")):
        return line
    return "`".join(part if k % 2 else STAR.sub(r"\\*", part) for k, part in enumerate(line.split("`")))


def escape(_app: Sphinx, _kind: str, _name: str, _found: Any, _options: Any, lines: list[str]) -> None:
    """Change the docstring that is about to be read."""
    lines[:] = map(escaped, lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx call it, before numpydoc's sections are made."""
    app.connect("autodoc-process-docstring", escape, priority=400)
    return {"parallel_read_safe": True}
