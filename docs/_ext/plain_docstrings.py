"""Lets docstrings be read as they stand: `(batch, *spatial)` and `Variable`s need no backslash for Sphinx.

To Sphinx a bare star begins an emphasis, and a letter right behind code keeps the code from ending.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from sphinx.application import Sphinx

STAR = re.compile(r"(?<![\w*\\])\*(?=\w)")


def escaped(line: str) -> str:
    """Escape the stars before names outside of backticks, and part code from the letters behind it."""
    if line.lstrip().startswith((">>>", "...", "*")) or "``" in line:
        return line
    text, *rest = line.split("`")
    parts = [STAR.sub(r"\\*", text)]
    for k, part in enumerate(rest):
        if k % 2 == 0:  # code
            parts.append(part)
        else:
            parts.append(("\\ " if part[:1].isalpha() else "") + STAR.sub(r"\\*", part))
    return "`".join(parts)


def escape(_app: Sphinx, _kind: str, _name: str, _found: Any, _options: Any, lines: list[str]) -> None:
    """Change the docstring that is about to be read."""
    lines[:] = map(escaped, lines)


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx call it, before numpydoc's sections are made."""
    app.connect("autodoc-process-docstring", escape, priority=400)
    return {"parallel_read_safe": True}
