"""How a file is called in a message."""

from __future__ import annotations

from pathlib import Path


def shown(file: str) -> str:
    """Return the name of a file relative to the current folder if it is below it, else as it is."""
    path = Path(file)
    if not path.is_absolute():
        return file
    try:
        here = Path.cwd()
    except OSError:
        return file
    return str(path.relative_to(here)) if path.is_relative_to(here) else file
