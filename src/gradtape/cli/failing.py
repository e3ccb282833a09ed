"""How a command refuses what it cannot do: what is wrong, and the next step."""

from __future__ import annotations

import sys

USAGE_ERROR = 2


def fail(what: str, help_: str) -> int:
    """Say on standard error why a command did nothing, and return its exit status."""
    print(f"gradtape {what}\n  help: {help_}", file=sys.stderr)
    return USAGE_ERROR
