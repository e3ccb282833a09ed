"""How a command refuses what it cannot do: what is wrong, and the next step."""

from __future__ import annotations

import sys
from pathlib import Path

USAGE_ERROR = 2


def fail(what: str, help_: str) -> int:
    """Say on standard error why a command did nothing, and return its exit status."""
    print(f"gradtape {what}\n  help: {help_}", file=sys.stderr)
    return USAGE_ERROR


def refuse_file(flag: str, name: str, otherwise: str = "") -> int | None:
    """Refuse a file that cannot be written, before anything runs; None if it can.

    Parameters
    ----------
    flag : str
        The command and its option: `why: --json`.
    name : str
    otherwise : str
        What else could be given.
    """
    target = Path(name).absolute()
    if target.parent.is_dir() and not target.is_dir():
        return None
    return fail(f"{flag} {name} cannot be written", f"name a file in a folder that exists{otherwise}")
