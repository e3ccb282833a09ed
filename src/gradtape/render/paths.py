"""How a file is called in a message."""

from __future__ import annotations

import sys
from pathlib import Path


def shown(file: str) -> str:
    """Return the name of a file relative to the current folder if it is below it; of a cell its number."""
    cell = _cell(file)
    if cell is not None:
        return cell
    path = Path(file)
    if not path.is_absolute():
        return file
    try:
        here = Path.cwd()
    except OSError:
        return file
    return str(path.relative_to(here)) if path.is_relative_to(here) else file


def _cell(file: str) -> str | None:
    """Return what IPython calls a cell, whose file is a name that nobody has seen; None for other files."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    named = shell.compile.format_code_name(file) if shell is not None else None
    return " ".join(named) if named else None
