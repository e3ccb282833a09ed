"""The form of `gradtape why --json`, schema 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.render import paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from gradtape.diagnostics import Diagnostic, Span, Suggestion
    from gradtape.explain.report import Finding, GradientReport

SCHEMA = 1


def document(
    reports: Iterable[GradientReport],
    *,
    script: str,
    framework: str,
    outcome: str,
    name: Callable[[str], str] = paths.shown,
) -> dict[str, Any]:
    """Return the whole answer about one run.

    Parameters
    ----------
    reports : iterable of GradientReport
    script : str
        As the user gave it.
    framework : str
        What computed the gradients.
    outcome : str
        `ok`, or `exception: TYPE: text`.
    name : callable
        How a file is called: it gets the name that Python knows.
    """
    return {
        "schema": SCHEMA,
        "script": script,
        "framework": framework,
        "outcome": outcome,
        "gradients": gradients(reports, name),
    }


def gradients(reports: Iterable[GradientReport], name: Callable[[str], str] = paths.shown) -> list[dict[str, Any]]:
    """Return one object per gradient, the healthy ones included."""
    return [
        {
            "call": {"file": name(r.call.file), "line": r.call.line, "column": r.call.column, "kind": r.kind},
            "target": r.target,
            "source": r.source,
            "status": str(r.status),
            "times": r.times,
            "findings": [_finding(f, name) for f in r.findings],
            "notes": [_note(n, name) for n in r.notes],
        }
        for r in reports
    ]


def _finding(finding: Finding, name: Callable[[str], str]) -> dict[str, Any]:
    message = finding.diagnostic
    return {
        "code": finding.code.number,
        "cause": finding.cause,
        "proven": finding.proven,
        "harmless": str(finding.excuse),
        **_place(message.primary.span if message.primary else None, name),
        "message": _told(message),
        "help": "\n".join(message.helps),
        "notes": list(message.notes),
        "path": [{"op": s.op, "line": s.span.line, "expression": s.span.text} for s in finding.path],
        "fix": _fix(message.suggestion, name) if message.suggestion else None,
    }


def _told(message: Diagnostic) -> str:
    label = message.primary.label if message.primary else ""
    return f"{message.headline}: {label}" if label else message.headline


def _note(note: Diagnostic, name: Callable[[str], str]) -> dict[str, Any]:
    return {
        "code": note.code.number if note.code else None,
        **_place(note.primary.span if note.primary else None, name),
        "message": _told(note),
        "notes": list(note.notes),
        "help": "\n".join(note.helps),
    }


def _place(span: Span | None, name: Callable[[str], str]) -> dict[str, Any]:
    if span is None:
        return dict.fromkeys(("file", "line", "column", "end_line", "end_column", "expression"))
    return {
        "file": name(span.file),
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
        "expression": span.text,
    }


def _fix(suggestion: Suggestion, name: Callable[[str], str]) -> dict[str, Any]:
    return {
        "applicability": str(suggestion.applicability),
        "edits": [{"file": name(e.file), "line": e.line, "replace_with": e.replace_with} for e in suggestion.edits],
    }
