"""`gradtape why`: runs a program with the recorders in place and writes what became of each gradient asked for."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING

from gradtape.cli import looking, running
from gradtape.cli.failing import fail, refuse_file

if TYPE_CHECKING:
    import argparse

    from gradtape.cli.running import Ran
    from gradtape.render.snippet import Line

NOTHING_ASKED = "ask in the part of the script that runs: `tape.gradient(loss, [w])` of gradtape's or tf's GradientTape"


def run(options: argparse.Namespace) -> int:
    """Run the program with every recorder in place, then write what was found; its exit status is ours."""
    target = None
    if options.json not in {None, "-"}:
        target = Path(options.json).absolute()
        refused = refuse_file("why: --json", options.json, ", or - for standard output")
        if refused is not None:
            return refused
    views = looking.views(options)
    if isinstance(views, int):
        return views
    if options.apply and not options.fix:
        options.fix = "likely"
    if options.fix and options.json == "-":
        return fail("why: --fix prints a diff where --json - prints JSON", "write the JSON to a file: --json why.json")
    environment = dict(os.environ)

    def tell(ran: Ran) -> int:
        if options.json is not None:
            _write_json(ran, target)
        if options.json != "-":
            show(ran, f"gradtape why {ran.name}")
        for view in views:
            view.write(ran, ["".join(piece for piece, _ in line) for line in remarks(ran)])
        if options.fix:
            from gradtape.cli import fixing

            with contextlib.redirect_stdout(ran.out):
                return fixing.run(options, ran.heard.reports, ran.end.status, environment)
        return ran.end.status

    return running.run(options, tell, to_draw=bool(views))


def _write_json(ran: Ran, target: Path | None) -> None:
    from gradtape.render import json_form

    document = json_form.document(
        ran.heard.reports, script=ran.name, framework=ran.framework, outcome=ran.end.outcome, name=ran.named
    )
    written = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
    if target is None:
        ran.out.write(written)
        ran.out.flush()
    else:
        target.write_text(written, encoding="utf-8")


def show(ran: Ran, title: str, *more: Line) -> None:
    """Write the whole report as text; `more` are lines that stand before the table."""
    from gradtape.render import layout, terminal

    reports = ran.heard.reports
    width = terminal.columns(ran.out)
    lines: list[Line] = [(("--" + f" {title} ".ljust(width - 2, "-"), "gutter"),), *remarks(ran), *more]
    if reports:
        lines += [((layout.tally(reports), "strong"),), ()]
        lines += layout.report(reports, layout.frame_of(unicode=False), width)
    elif ran.end.outcome != "ok":
        lines.append((("no gradient was asked for before it ended", "strong"),))
    else:
        lines.append((("no gradient was asked for in this run", "strong"),))
        if not ran.foreign:
            lines += [
                (("  = ", "gutter"), ("help:", "help"), (f" {NOTHING_ASKED}", "text")),
            ]
    terminal.show(lines, ran.out)


def remarks(ran: Ran) -> list[Line]:
    """Return what a reader of the findings should know about the run."""
    lines: list[Line] = []
    if ran.framework.startswith("gradtape.tf"):
        lines.append(((f"{ran.framework}; what it prints is gradtape's own arithmetic", "text"),))
    if ran.end.outcome != "ok":
        lines.append((("the script ended with ", "text"), (ran.end.outcome.splitlines()[0], "error")))
    for module in ran.foreign:
        step = (
            f": `gradtape why --stand-in {ran.name}` runs the script on gradtape.tf instead"
            if module == "tensorflow"
            else ""
        )
        lines.append(
            ((f"the script uses {module}, which this version of gradtape cannot record yet{step}", "warning"),)
        )
    lines += [((remark, "warning"),) for remark in ran.heard.remarks]
    if ran.heard.not_looked_into:
        more = f"{ran.heard.not_looked_into} more questions came after ever new runs and were not looked into"
        lines.append(((more, "warning"),))
    return lines
