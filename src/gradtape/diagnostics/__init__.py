"""What a message is: diagnostics, spans, codes. Pure data; knows no gradient and prints nothing."""

from gradtape.diagnostics.codes import BY_NUMBER, BY_SLUG, CODES, Code, code_called
from gradtape.diagnostics.model import Annotation, Applicability, Diagnostic, Edit, Severity, Suggestion
from gradtape.diagnostics.spans import Passage, Site, Span

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
