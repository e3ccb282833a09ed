"""What changes are offered as: safe, likely, a sketch."""

from __future__ import annotations

from gradtape.diagnostics import Applicability, Suggestion
from gradtape.diagnostics.changes import Change, edits_of

Changes = tuple[Change, ...]


def suggestion(applicability: Applicability, *changes: Change) -> Suggestion | None:
    """Make one suggestion of changes; None where there are none, or where they do not give a program."""
    edits = edits_of(changes) if changes else None
    return Suggestion(applicability, edits, tuple(changes)) if edits else None


def safe(*changes: Change) -> Suggestion | None:
    """Suggest what mends the finding and changes nothing else."""
    return suggestion(Applicability.SAFE, *changes)


def likely(*changes: Change) -> Suggestion | None:
    """Suggest what most people want here."""
    return suggestion(Applicability.LIKELY, *changes)


def sketch(*changes: Change) -> Suggestion | None:
    """Suggest the shape of a mend."""
    return suggestion(Applicability.SKETCH, *changes)
