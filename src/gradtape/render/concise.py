"""One line per gradient that does not flow: the text of a warning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gradtape.explain.report import Status
from gradtape.render import paths

if TYPE_CHECKING:
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
}


def explanation(told: Explanation) -> tuple[str, ...]:
    """Return the reasons, one line per gradient that does not flow."""
    return tuple(gradient(r) for r in told.gradients if r.status is not Status.OK)


def gradient(report: GradientReport) -> str:
    """Return the reason for one gradient in one line."""
    head = OUTCOMES[report.status].format(target=report.target, source=report.source)
    more = [] if report.kind in WITHOUT_TAPE else [f"`tape.why({report.target}, {report.source})` tells more"]
    if not report.findings:
        return " ".join([head, *(f"[{m}]" for m in more)])
    finding, *others = report.findings
    count = f" ({len(others)} more {'break' if len(others) == 1 else 'breaks'} after it)" if others else ""
    possible = "" if finding.proven else "possible: "
    return f"{head}: {possible}{_reason(finding)}{count} [{'; '.join([str(finding.code), *more])}]"


def _reason(finding: Finding) -> str:
    message = finding.diagnostic
    primary = message.primary
    if primary is None:
        return message.headline
    place = f"{paths.shown(primary.span.file)}:{primary.span.line}"
    expression = shortened(primary.span.text)
    told = " ".join((primary.label or message.headline).split())
    what = f"`{expression}` ({place})" if expression else place
    return f"{what} {told}" if told.startswith(("is ", "was ")) else f"{what}: {told}"


def shortened(expression: str) -> str:
    """Return an expression in one line of at most `LONGEST` characters."""
    joined = " ".join(expression.split())
    return joined if len(joined) <= LONGEST else joined[: LONGEST - 3] + "..."
