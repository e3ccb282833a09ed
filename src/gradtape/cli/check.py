"""`gradtape check`: the run of `gradtape why`, with an exit status for who only asks whether all is well."""

from __future__ import annotations

import json
import shlex
import sys
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from gradtape.cli import pages, running, why
from gradtape.cli.failing import fail
from gradtape.explain.report import Excuse, Status

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable

    from gradtape.cli.running import Ran
    from gradtape.diagnostics import Code
    from gradtape.explain.report import GradientReport
    from gradtape.render.snippet import Line

BROKEN, FAILED, NOTHING = 1, 3, 4
"""Exit statuses: a gradient does not flow; the script failed by itself; it asked for none. 2 is an error of usage."""


def run(options: argparse.Namespace) -> int:
    """Run the program, write what does not flow, and return the exit status that says so."""
    allowed = []
    for word in options.allow:
        code = pages.find(word)
        if code is None:
            return fail(f"check: --allow {word} is no code", "`gradtape codes` lists them; numbers and names will do")
        allowed.append(code)

    def tell(ran: Ran) -> int:
        doubtful = [r for r in ran.heard.reports if not passes(r, allowed, options.ignore, strict=True)]
        broken = [r for r in doubtful if options.strict or not passes(r, allowed, options.ignore)]
        status = _status(ran, broken)
        _write(ran, broken, doubtful, status, options)
        return status

    return running.run(options, tell)


def passes(report: GradientReport, allowed: Iterable[Code], ignored: Iterable[str], *, strict: bool = False) -> bool:
    """Whether a gradient flows, or is let through.

    That is by its source's name, because all its causes are allowed, or because the program itself says that the source
    does not learn. What is only harmless if somebody means it so does not pass: a forgotten bias looks the same.

    A gradient that arrived and is right passes too if it is of little use, unless that is to be told `strict`-ly apart:
    one that vanished or exploded, and a zero at a stationary point.

    Parameters
    ----------
    report : GradientReport
    allowed : iterable of Code
    ignored : iterable of str
        Names of sources, or patterns with `*` and `?`.
    strict : bool
        Whether only what is of use passes.
    """
    if any(name == report.source or fnmatchcase(report.source, name) for name in ignored):
        return True
    if report.status is Status.OK and (not strict or not report.findings):
        return True
    if report.status is Status.ZERO and not report.findings and not strict:
        return True
    return bool(report.findings) and all(f.code in allowed or f.excuse is Excuse.DECLARED for f in report.findings)


def _status(ran: Ran, broken: list[GradientReport]) -> int:
    if broken:
        return BROKEN
    if ran.end.outcome != "ok":
        return FAILED
    return 0 if ran.heard.reports else NOTHING


def _write(
    ran: Ran, broken: list[GradientReport], doubtful: list[GradientReport], status: int, options: argparse.Namespace
) -> None:
    from gradtape.render import concise, github, json_form, terminal

    if options.format == "text":
        why.show(ran, f"gradtape check {ran.name}", *_let_through(ran, broken, doubtful))
    elif options.format == "json":
        document = json_form.document(
            ran.heard.reports, script=ran.name, framework=ran.framework, outcome=ran.end.outcome, name=ran.named
        )
        terminal.write(json.dumps(document | {"status": status}, indent=1, ensure_ascii=False) + "\n", ran.out)
    elif options.format == "github":
        told = list(github.commands(doubtful)) or [github.about_the_run(ran.named(ran.file), _verdict(ran))] * bool(
            status
        )
        terminal.write("".join(f"\n{line}" for line in told) + "\n", ran.out)  # a command starts a line
    else:
        terminal.write("".join(f"{line}\n" for line in concise.lines(doubtful)), ran.out)
    if options.format != "text":
        print(f"gradtape check: {_verdict(ran)}", file=sys.stderr)


def _verdict(ran: Ran) -> str:
    from gradtape.render import layout

    reports = ran.heard.reports
    counted = layout.tally(reports) if reports else "no gradient was asked for"
    return counted if ran.end.outcome == "ok" else f"{counted}; the script ended with {ran.end.outcome.splitlines()[0]}"


def _let_through(ran: Ran, broken: list[GradientReport], doubtful: list[GradientReport]) -> list[Line]:
    passed = len(doubtful) - len(broken)
    odd = sum(r.status is not Status.OK or bool(r.findings) for r in ran.heard.reports)
    count = odd - len(doubtful)
    what = "gradient that does not flow is" if count == 1 else "gradients that do not flow are"
    lines: list[Line] = [((f"{count} {what} allowed", "text"),)] if count else []
    if passed:
        it = "gradient of little use passes" if passed == 1 else "gradients of little use pass"
        lines.append(((f"{passed} {it}; with --strict {'it fails' if passed == 1 else 'they fail'}", "text"),))
    meant = dict.fromkeys(
        r.source for r in broken if r.findings and all(f.excuse is Excuse.PERHAPS for f in r.findings)
    )
    if meant:
        given = " ".join(f"--ignore {shlex.quote(name)}" for name in meant)
        lines.append(
            (("  = ", "gutter"), ("help:", "help"), (f" if that is meant: `gradtape check {given} ...`", "text"))
        )
    return lines
