"""Puts the edits of all findings of a run together: the same once, several of a line as one, contradictions refused."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gradtape.diagnostics import Applicability, Span
from gradtape.diagnostics.changes import Change, edits_of
from gradtape.diagnostics.spans import source_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics import Edit, Suggestion
    from gradtape.explain.report import Finding, GradientReport

REFUSED = "there is an edit for this one too, but it changes the same text as another finding's: mend that one first"


def reconciled(reports: Iterable[GradientReport]) -> tuple[GradientReport, ...]:
    """Return the reports with edits that can all be made at once, line by line.

    An edit replaces a whole line. Where two findings change one line, both get the line with both changes; where they
    want different things of the same text, the finding that comes later loses its edit and says so.
    """
    told = tuple(reports)
    suggestions = dict.fromkeys(
        f.diagnostic.suggestion for r in told for f in r.findings if f.diagnostic.suggestion is not None
    )
    accepted = _accepted(suggestions)
    if len(suggestions) < 2:
        return told
    lines = {(e.file, e.line): e for e in joint_edits(suggestions)}
    unsafe = {
        place
        for s, changes in accepted.items()
        if s.applicability is not Applicability.SAFE
        for place in _places(changes)
    }
    return tuple(
        replace(r, findings=tuple(_with_lines(f, accepted, lines, unsafe) for f in r.findings)) if r.findings else r
        for r in told
    )


def _places(changes: Iterable[Change]) -> set[tuple[str, int]]:
    """Return the lines that changes touch."""
    return {(c.span.file, line) for c in changes for line in c.lines}


def joint_edits(suggestions: Iterable[Suggestion]) -> tuple[Edit, ...]:
    """Return the edits that make several suggestions at once; of two that contradict each other, those of the first."""
    return edits_of(_joined(c for changes in _accepted(suggestions).values() for c in changes)) or ()


def _accepted(suggestions: Iterable[Suggestion]) -> dict[Suggestion, tuple[Change, ...]]:
    """Choose the suggestions that go together, first come first served."""
    accepted: dict[Suggestion, tuple[Change, ...]] = {}
    so_far: tuple[Change, ...] = ()
    for suggestion in suggestions:
        changes = suggestion.changes or tuple(_whole_line(edit) for edit in suggestion.edits)
        together = _joined((*so_far, *changes))
        if edits_of(together) is not None:
            accepted[suggestion] = changes
            so_far = together
    return accepted


def _joined(changes: Iterable[Change]) -> tuple[Change, ...]:
    """Return changes once each, without lines that another one puts in at the same place together with more."""
    unique = tuple(dict.fromkeys(changes))
    lines = [c for c in unique if "\n" in c.text]
    again = {c for c in lines for o in lines if o.span == c.span and c.text in o.text and o is not c}
    return tuple(c for c in unique if c not in again)


def _whole_line(edit: Edit) -> Change:
    """Return the change behind an edit that was written line by line."""
    line = next(iter(source_lines(edit.file, edit.line, edit.line)), "")
    end = (edit.line, len(line) + 1) if edit.replace_with else (edit.line + 1, 1)
    return Change(Span(edit.file, edit.line, 1, *end), edit.replace_with)


def _with_lines(
    finding: Finding,
    accepted: dict[Suggestion, tuple[Change, ...]],
    lines: dict[tuple[str, int], Edit],
    unsafe: set[tuple[str, int]],
) -> Finding:
    suggestion = finding.diagnostic.suggestion
    if suggestion is None:
        return finding
    if suggestion not in accepted:
        notes = (*finding.diagnostic.notes, REFUSED)
        return replace(finding, diagnostic=replace(finding.diagnostic, suggestion=None, notes=notes))
    touched = _places(accepted[suggestion]) | {(e.file, e.line) for e in suggestion.edits}
    edits = tuple(lines[place] for place in sorted(touched) if place in lines)
    trust = suggestion.applicability
    if trust is Applicability.SAFE and touched & unsafe:  # the line carries another finding's change as well
        trust = Applicability.LIKELY
    changed = replace(suggestion, edits=edits, applicability=trust)
    return replace(finding, diagnostic=replace(finding.diagnostic, suggestion=changed))
