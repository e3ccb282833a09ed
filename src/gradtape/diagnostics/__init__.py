"""What a message is: diagnostics, spans, codes. Pure data; knows no gradient and prints nothing."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics.sites import Site

if TYPE_CHECKING:
    from gradtape.diagnostics.codes import BY_NUMBER, BY_SLUG, CODES, Code, code_called
    from gradtape.diagnostics.model import Annotation, Applicability, Diagnostic, Edit, Severity, Suggestion
    from gradtape.diagnostics.spans import Passage, Span

HOMES = {
    "codes": ("BY_NUMBER", "BY_SLUG", "CODES", "Code", "code_called"),
    "model": ("Annotation", "Applicability", "Diagnostic", "Edit", "Severity", "Suggestion"),
    "spans": ("Passage", "Span"),
}
"""What is imported when somebody first asks for it: a tape that explains nothing needs places alone."""


def __getattr__(name: str) -> Any:
    for home, names in HOMES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"{__name__}.{home}"), name)
            return found
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "BY_NUMBER",
    "BY_SLUG",
    "CODES",
    "Annotation",
    "Applicability",
    "Code",
    "Diagnostic",
    "Edit",
    "Passage",
    "Severity",
    "Site",
    "Span",
    "Suggestion",
    "code_called",
]
