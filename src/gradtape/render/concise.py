"""One line per gradient that does not flow, the text of a warning; and one per finding, as linters write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.report import Status
from gradtape.render import paths

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.diagnostics import Span
    from gradtape.explain.report import Explanation, Finding, GradientReport

LONGEST = 60
"""Characters of an expression that are quoted."""

WITHOUT_TAPE = frozenset({"accumulator.jvp", "elementwise_grad", "grad", "value_and_grad"})
"""The questions of which no tape is left to be asked for more."""

OUTCOMES = {
    Status.NONE: "no gradient from `{target}` to `{source}`",
    Status.ZERO: "the gradient from `{target}` to `{source}` is zero",
    Status.NAN: "the gradient from `{target}` to `{source}` is not a number",
    Status.PARTIAL: "a part of the gradient from `{target}` to `{source}` is lost",
    Status.ERROR: "the gradient from `{target}` to `{source}` raised an error",
    Status.OK: "the gradient from `{target}` to `{source}` arrives, and is of no use",
}


def explanation(told: Explanation) -> tuple[str, ...]:
    """Return the reasons, one line per gradient that does not flow."""
    return tuple(gradient(r) for r in told.gradients if r.status is not Status.OK)


def lines(reports: Iterable[GradientReport]) -> Iterator[str]:
    """Yield one line per finding, the place first, as compilers and linters write them; none for healthy gradients."""
    for report in reports:
        if report.status is Status.OK and not report.findings:
            continue
        if not report.findings:
            yield f"{_place(report.call)}: {headline(report)}"
        for finding in report.findings:
            primary = finding.diagnostic.primary
            place = _place(primary.span if primary is not None else report.call)
            yield f"{place}: {finding.code.number} {headline(report)}: {_possible(finding)}{_told(finding)}"


def _place(span: Span) -> str:
    return f"{paths.shown(span.file)}:{span.line}:{span.column}"


def headline(report: GradientReport) -> str:
    """Return what came out of a gradient, in words."""
    text = OUTCOMES[report.status] if report.target else OUTCOMES[report.status].replace("from `{target}` to", "of")
    return text.format(target=report.target, source=report.source)


def gradient(report: GradientReport) -> str:
    """Return the reason for one gradient in one line."""
    head = headline(report)
    more = [] if report.kind in WITHOUT_TAPE else [f"`tape.why({report.target}, {report.source})` tells more"]
    if not report.findings:
        return " ".join([head, *(f"[{m}]" for m in more)])
    finding, *others = report.findings
    count = f" ({len(others)} more {'break' if len(others) == 1 else 'breaks'} after it)" if others else ""
    return f"{head}: {_possible(finding)}{_reason(finding)}{count} [{'; '.join([str(finding.code), *more])}]"


def _possible(finding: Finding) -> str:
    return "" if finding.proven else "possible: "


def _reason(finding: Finding) -> str:
    primary = finding.diagnostic.primary
    if primary is None:
        return finding.diagnostic.headline
    place = f"{paths.shown(primary.span.file)}:{primary.span.line}"
    return _told(finding, f" ({place})") if shortened(primary.span.text) else f"{place}: {_words(finding)}"


def _told(finding: Finding, place: str = "") -> str:
    """Say what is wrong with an expression: its text, its place, the words of the label."""
    primary = finding.diagnostic.primary
    expression = shortened(primary.span.text) if primary is not None else ""
    told = _words(finding)
    if not expression:
        return told
    return f"`{expression}`{place}{'' if told.startswith(('is ', 'was ')) else ':'} {told}"


def _words(finding: Finding) -> str:
    primary = finding.diagnostic.primary
    return " ".join(((primary.label if primary is not None else "") or finding.diagnostic.headline).split())


def shortened(expression: str) -> str:
    """Return an expression in one line of at most `LONGEST` characters."""
    joined = " ".join(expression.split())
    return joined if len(joined) <= LONGEST else joined[: LONGEST - 3] + "..."
