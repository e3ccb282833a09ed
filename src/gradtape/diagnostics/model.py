"""What a message is: one headline, labelled spans, notes (facts), helps (things to do) and edits. Pure data."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.diagnostics.codes import Code
    from gradtape.diagnostics.spans import Span


class Severity(StrEnum):
    """How bad it is; a renderer prints the word."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Applicability(StrEnum):
    """How far an edit may be trusted.

    `SAFE` mends the finding and changes nothing else; `LIKELY` is what most people want here; `SKETCH` shows the shape
    of the mend and needs the author's eye.
    """

    SAFE = "safe"
    LIKELY = "likely"
    SKETCH = "sketch"


@dataclass(frozen=True, slots=True)
class Annotation:
    """A span and the few words that stand beside it; exactly one annotation of a diagnostic is primary."""

    span: Span
    label: str = ""
    primary: bool = False


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace one line of a file (counted from 1) by a text, which may hold several lines; empty, the line goes."""

    file: str
    line: int
    replace_with: str


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Edits that mend a finding together, and how far to trust them.

    `changes` are the same to the character, for those who put the edits of several findings together.
    """

    applicability: Applicability
    edits: tuple[Edit, ...]
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message, before anybody decided how it is printed.

    Parameters
    ----------
    code : Code or None
        The cause's code; None for messages that are no finding (a healthy gradient).
    severity : Severity
    headline : str
        Stands alone: lower case, no full stop.
    annotations : tuple of Annotation
        The primary one is where the reader should look first.
    notes, helps : tuple of str
        A note is a fact, a help is something to do.
    suggestion : Suggestion or None
        The edit that does what the first help says.
    """

    code: Code | None
    severity: Severity
    headline: str
    annotations: tuple[Annotation, ...] = ()
    notes: tuple[str, ...] = ()
    helps: tuple[str, ...] = ()
    suggestion: Suggestion | None = None
    proven: bool = field(default=True)

    @property
    def primary(self) -> Annotation | None:
        """The annotation to look at first, None if the diagnostic has no place in a source file."""
        return next((a for a in self.annotations if a.primary), None)
