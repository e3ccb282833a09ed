"""Replaces attributes of a framework's classes and modules for one run, and puts everything back."""

from __future__ import annotations

from typing import Any

_INHERITED = object()


class Patches:
    """What was replaced, in order; `undo` puts it back in reverse."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> None:
        """Replace an attribute; of a class also one that it inherits, which its base keeps."""
        self._done.append((owner, name, vars(owner).get(name, _INHERITED)))
        setattr(owner, name, value)

    def undo(self) -> None:
        """Put back everything that was replaced."""
        while self._done:
            owner, name, before = self._done.pop()
            if before is _INHERITED:
                delattr(owner, name)
            else:
                setattr(owner, name, before)
