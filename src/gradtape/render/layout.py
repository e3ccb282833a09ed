"""A whole message and a whole report, as lines of `(text, style)` pieces for `plain` and `terminal`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.diagnostics import Applicability
from gradtape.diagnostics.spans import source_lines
from gradtape.explain.report import Status
from gradtape.render import cells, paths
from gradtape.render.snippet import ASCII, UNICODE, Frame, Line, gutter_width, snippets, wrap

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Iterator, Sequence

    from gradtape.diagnostics import Diagnostic, Edit, Suggestion
    from gradtape.explain.report import Finding, GradientReport

WIDTH = 120
"""Columns to fill where nobody knows better."""

TRUST = {
    Applicability.SAFE: "edit, changes nothing else",
    Applicability.LIKELY: "edit, most likely what is wanted",
    Applicability.SKETCH: "edit, a sketch to adapt",
}


def frame_of(*, unicode: bool) -> Frame:
    """Return the characters to draw with."""
    return UNICODE if unicode else ASCII


def diagnostic(message: Diagnostic, frame: Frame, width: int, extra: tuple[str, ...] = ()) -> Iterator[Line]:
    """Lay out one message; `extra` are notes that only the surrounding report knows."""
    tag = ""
    if message.code is not None:
        tag = f"[{message.code}{'' if message.proven else ', possible'}]"
    yield ((f"{message.severity}{tag}", str(message.severity)), (f": {message.headline}", "strong"))
    yield from snippets(message, frame, width)
    gutter = gutter_width(message)
    edits = list(_edits(message.suggestion, gutter, width, frame)) if message.suggestion else []
    remarks = [("note", t) for t in (*message.notes, *extra)] + [("help", t) for t in message.helps]
    if message.annotations and (remarks or edits):
        yield ((" " * gutter + f" {frame.bar}", "gutter"),)
    for word, text in remarks:
        lead = " " * gutter + f" {frame.note} "
        first, *rest = wrap(text, width - len(lead) - len(word) - 2)
        yield ((lead, "gutter"), (f"{word}:", word), (f" {first}", "text"))
        for more in rest:
            yield ((" " * (len(lead) + len(word) + 2) + more, "text"),)
    yield from edits


def _edits(suggestion: Suggestion, gutter: int, width: int, frame: Frame) -> Iterator[Line]:
    for k, edit in enumerate(suggestion.edits):
        if k == 0 or edit.file != suggestion.edits[k - 1].file:
            yield (
                (" " * gutter + f" {frame.note} ", "gutter"),
                (f"{TRUST[suggestion.applicability]}:", "help"),
                (f" {paths.shown(edit.file)}:{edit.line}", "path"),
            )
        room = max(width - gutter - 3, 20)
        lines = list(changed(edit))
        same = _shared([text for sign, text in lines if sign != " "])
        for sign, text in lines:
            shown = text.expandtabs(cells.TAB).rstrip()  # what comes is to be copied whole
            if sign != "+":
                shown = _fitted(text, room, same)
            yield ((f"{edit.line:>{gutter}} ", "gutter"), (f"{sign} {shown}", SIGNS[sign]))


SIGNS = {"-": "removed", "+": "added", " ": "text"}


def changed(edit: Edit) -> Iterator[tuple[str, str]]:
    """Yield the lines of an edit with their signs: `-` goes, `+` comes, a space stays."""
    old = source_lines(edit.file, edit.line, edit.line)
    new = edit.replace_with.splitlines()
    stays = new.index(old[0]) if old and old[0] in new else None
    if stays is None:
        yield from (("-", text) for text in old)
    yield from ((" " if k == stays else "+", text) for k, text in enumerate(new))


def _shared(texts: Sequence[str]) -> int:
    """Count the characters with which all texts begin."""
    return next((k for k, found in enumerate(zip(*texts, strict=False)) if len(set(found)) > 1), 0)


def _fitted(text: str, room: int, first: int) -> str:
    """Cut a line to the room that there is, so that the place from which on it is another stays in sight."""
    line, starts = cells.to_cells(text.rstrip())
    place = starts[min(first, len(starts) - 1)]
    return cells.cut(line, place, place, room)[0]


def gradients(reports: Iterable[GradientReport], frame: Frame, width: int) -> Iterator[Line]:
    """Lay out the messages of gradients, and one line per healthy one."""
    told = list(reports)
    blocks: list[list[Line]] = []
    healthy = [summary(r, with_place=True) for r in told if r.status is Status.OK or not r.findings]
    if healthy:
        blocks.append(healthy)
    blocks += [list(diagnostic(f.diagnostic, frame, width, extra)) for f, extra in merged(told)]
    blocks += [list(diagnostic(note, frame, width, extra)) for note, extra in merged_notes(told)]
    for k, block in enumerate(blocks):
        if k:
            yield ()
        yield from block


def merged(reports: Iterable[GradientReport]) -> list[tuple[Finding, tuple[str, ...]]]:
    """Pair each finding with a note on the other gradients that have the same one, and leave those out."""
    groups: dict[Hashable, list[tuple[GradientReport, Finding]]] = {}
    for report in reports:
        for finding in report.findings:
            groups.setdefault(told_of(finding), []).append((report, finding))
    result: list[tuple[Finding, tuple[str, ...]]] = []
    for (first, finding), *others in groups.values():
        result.append((finding, _also(first, [report for report, _ in others])))
    return result


def merged_notes(reports: Iterable[GradientReport]) -> list[tuple[Diagnostic, tuple[str, ...]]]:
    """Pair each remark with a note on the other gradients of which the same is said, but for the name of the source."""
    groups: dict[Hashable, list[tuple[GradientReport, Diagnostic]]] = {}
    for report in reports:
        for note in report.notes:
            alike = (note.headline.replace(f"`{report.source}`", "``"), note.annotations)
            groups.setdefault(alike, []).append((report, note))
    return [(note, _also(first, [other for other, _ in others])) for (first, note), *others in groups.values()]


MOST_NAMED = 8
"""Of how many gradients the names are told that share a finding; further ones are counted."""


def _also(first: GradientReport, others: Iterable[GradientReport]) -> tuple[str, ...]:
    names = list(dict.fromkeys(ratio(other) for other in others if ratio(other) != ratio(first)))
    more = f" and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED + 1 else ""
    named = ", ".join(names[:MOST_NAMED] if more else names)
    return (f"the same holds for {named}{more}",) if names else ()


def told_of(finding: Finding) -> Hashable:
    """Return what two findings share that are told as one: all but the name of the source, and where it was made."""
    message, source = finding.diagnostic, f"`{finding.source}`"
    places = [a for a in message.annotations if a.primary or source not in a.label]
    told = tuple((a.span, a.label.replace(source, "``"), a.primary) for a in places)
    shared = (finding.code, told, tuple(h.replace(source, "``") for h in message.helps), message.suggestion)
    return shared if message.primary is not None else (shared, message.headline)


def ratio(report: GradientReport) -> str:
    """Return how a gradient is called: `d loss / d w`; by its source alone where no target is known."""
    alone = not report.target or report.target == report.source  # refused before anything was asked of it
    return f"d / d {report.source}" if alone else f"d {report.target} / d {report.source}"


def summary(report: GradientReport, *, with_place: bool = False, name: str = "", column: int = 0) -> Line:
    """Lay out one gradient in one line: status, name, and what stands in its way."""
    style = {Status.OK: "ok", Status.NAN: "error", Status.ERROR: "error"}.get(report.status, "warning")
    parts = [f"{f.code} at {where(f)}" for f in report.findings]
    if with_place:
        parts.append(f"{report.kind} at {paths.shown(report.call.file)}:{report.call.line}")
    if with_place and report.times > 1:
        parts.append(f"{report.times} times")
    name = name or ratio(report)
    gap = " " * max(column - cells.width_of(name), 0)
    return ((f"{report.status:<7} ", style), (name, "strong"), (f"{gap}  {'; '.join(parts)}".rstrip(), "text"))


def where(finding: Finding) -> str:
    """Return `file:line` of a finding, or the file's absence."""
    primary = finding.diagnostic.primary
    return f"{paths.shown(primary.span.file)}:{primary.span.line}" if primary else "an unknown place"


def report(reports: Iterable[GradientReport], frame: Frame, width: int) -> Iterator[Line]:
    """Lay out everything that was asked in a run: per call a table of its gradients, then the messages."""
    told = list(reports)
    yield from table(told)
    details = [r for r in told if r.findings or r.notes]
    for finding, extra in merged(details):
        yield ()
        yield from diagnostic(finding.diagnostic, frame, width, extra)
    for note, extra in merged_notes(details):
        yield ()
        yield from diagnostic(note, frame, width, extra)


def by_call(reports: Iterable[GradientReport]) -> Iterator[tuple[str, list[tuple[GradientReport, str]]]]:
    """Group reports by the call that asked; beside each one stands how rare that answer was, if it was not the rule."""
    calls: dict[tuple[str, object], list[GradientReport]] = {}
    for one in reports:
        calls.setdefault((one.kind, one.call), []).append(one)
    for (kind, _), ones in calls.items():
        call = ones[0].call
        most = max(r.times for r in ones)
        times = f", asked {most} times" if most > 1 else ""
        title = f"{kind} at {paths.shown(call.file)}:{call.line}{times}"
        yield title, [(one, f" ({one.times} of {most} times)" if one.times < most else "") for one in ones]


def table(told: list[GradientReport]) -> Iterator[Line]:
    """Lay out what was asked in a run, call by call, a line per gradient; of many that are told alike the first few."""
    column = max((cells.width_of(ratio(r)) for r in told), default=0)
    for title, ones in by_call(told):
        yield ((title, "path"),)
        alike: dict[Hashable, list[tuple[GradientReport, str]]] = {}
        for one, rare in ones:
            same = alike.setdefault((one.status, *((f.code, where(f)) for f in one.findings), rare), [])
            same.append((one, rare))
            if len(same) <= SHOWN:
                yield _row(one, ratio(one), column, rare)
        for same in alike.values():
            left, (last, rare) = len(same) - SHOWN, same[-1]
            if left > 0:
                yield _row(last, ratio(last) if left == 1 else f"{left} more of this call", column, rare)


def _row(one: GradientReport, name: str, column: int, rare: str) -> Line:
    return ((" ", "text"), *summary(one, name=name, column=column), (rare, "text"))


SHOWN = 12
"""How many gradients of a call are told one by one of which the same is said; further ones are counted."""


def tally(reports: Iterable[GradientReport]) -> str:
    """Count in words: `3 gradients asked for: 2 flow, 1 does not`."""
    told = list(reports)
    healthy = sum(r.status is Status.OK for r in told)
    in_part = sum(r.status is Status.PARTIAL for r in told)
    broken = len(told) - healthy - in_part
    noun = "gradient" if len(told) == 1 else "gradients"
    flow, fail = ("flows" if healthy == 1 else "flow"), ("does" if broken == 1 else "do")
    some = f"{in_part} in part, " if in_part else ""
    return f"{len(told)} {noun} asked for: {healthy} {flow}, {some}{broken} {fail} not"
