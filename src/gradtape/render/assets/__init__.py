"""What is put into pages as it is: style sheets and the page's program, small and written by hand."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files


@cache
def asset(name: str) -> str:
    """Return a file of this folder."""
    return (files(__name__) / name).read_text(encoding="utf-8")


@cache
def colours() -> dict[str, tuple[str, str]]:
    """Return the colours by name, for light and for dark, for who cannot leave the choice to the style sheet."""
    return {
        name: (light, dark)
        for name, light, dark in re.findall(r"--([\w-]+): light-dark\((#\w+), (#\w+)\)", asset("colours.css"))
    }
