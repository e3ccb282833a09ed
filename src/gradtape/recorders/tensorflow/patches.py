"""Replaces attributes of classes and modules, and puts everything back."""

from __future__ import annotations

from typing import Any

_ABSENT = object()


class Patches:
    """What was replaced, in order; `undo` puts it back in reverse."""

    def __init__(self) -> None:
        self._done: list[tuple[Any, str, Any]] = []

    def set(self, owner: Any, name: str, value: Any) -> Any:
        """Replace an attribute; return what was there, also where it was only inherited."""
        before = getattr(owner, name, None) if name in _own(owner) or not isinstance(owner, type) else None
        self._done.append((owner, name, _own(owner).get(name, _ABSENT)))
        setattr(owner, name, value)
        return before

    def undo(self) -> None:
        """Put back everything that was replaced."""
        while self._done:
            owner, name, before = self._done.pop()
            if before is _ABSENT:
                delattr(owner, name)
            else:
                setattr(owner, name, before)


def _own(owner: Any) -> Any:
    return vars(owner)
