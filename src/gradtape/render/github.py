"""Findings as annotations of GitHub: workflow commands that a runner shows at the lines of a pull request."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gradtape.explain.report import Status
from gradtape.render import concise

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.diagnostics import Span
    from gradtape.explain.report import Finding, GradientReport

LEVELS = {Status.ERROR: "error", Status.NONE: "error", Status.NAN: "error"}
"""What is surely wrong; the rest may be meant."""


def commands(reports: Iterable[GradientReport]) -> Iterator[str]:
    """Yield a workflow command per finding, or per gradient where none was found; nothing for healthy gradients."""
    for report in reports:
        if report.status is Status.OK and not report.findings:
            continue
        level = LEVELS.get(report.status, "warning")
        if not report.findings:
            yield _command(level, _place(report.call), str(report.status), concise.headline(report))
        for finding in report.findings:
            primary = finding.diagnostic.primary
            span = primary.span if primary is not None else report.call
            yield _command(level, _place(span), str(finding.code), _told(report, finding))


def about_the_run(file: str, text: str) -> str:
    """Return an error about a whole program: it asked for no gradient, or failed by itself."""
    return _command("error", {"file": _from_the_root(file)}, "gradtape", text)


def _told(report: GradientReport, finding: Finding) -> str:
    message = finding.diagnostic
    label = message.primary.label if message.primary else ""
    first = f"{concise.headline(report)}{'' if finding.proven else ', possibly'}: {label or message.headline}"
    lines = [first, *(f"note: {n}" for n in message.notes), *(f"help: {h}" for h in message.helps)]
    return "\n".join(lines)


def _place(span: Span) -> dict[str, object]:
    place: dict[str, object] = {"file": _from_the_root(span.file), "line": span.line}
    if span.line != span.end_line:  # GitHub takes columns of one line only
        return place | {"endLine": span.end_line}
    return place | {"col": span.column, "endLine": span.end_line, "endColumn": span.end_column}


def _command(level: str, place: dict[str, object], title: str, text: str) -> str:
    settings = ",".join(f"{name}={_property(value)}" for name, value in (place | {"title": title}).items())
    return f"::{level} {settings}::{_data(text)}"


def _data(text: str) -> str:
    """Escape a message as GitHub's runner unescapes it."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(value: object) -> str:
    """Escape the value of a property, which also ends at a colon or a comma."""
    return _data(str(value)).replace(":", "%3A").replace(",", "%2C")


def _from_the_root(file: str) -> str:
    """Return a file as a runner finds it: relative to the root of the repository, with forward slashes."""
    path = Path(file).absolute()
    root = Path(os.environ.get("GITHUB_WORKSPACE") or Path.cwd())
    return path.relative_to(root).as_posix() if path.is_relative_to(root) else path.as_posix()
