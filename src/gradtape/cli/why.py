"""`gradtape why`: runs a script with the recorders in place and writes what became of each gradient asked for."""

from __future__ import annotations

import contextlib
import json
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from gradtape.cli import script, stand_in
from gradtape.cli.failing import fail

if TYPE_CHECKING:
    import argparse

    from gradtape.explain.report import GradientReport
    from gradtape.recorders.heard import Heard
    from gradtape.render.snippet import Line

NOTHING_ASKED = "ask in the part of the script that runs: `tape.gradient(loss, [w])` of gradtape's or tf's GradientTape"
INSTALLED_ELSEWHERE = ("tensorflow", "torch", "jax")


def run(options: argparse.Namespace) -> int:
    """Run the script with every recorder in place, then write what was found; the script's exit status is ours."""
    path = Path(options.script)
    if path.is_dir():
        return fail(f"why: {options.script} is a folder", "name the Python file in it that asks for gradients")
    if not path.is_file():
        near = get_close_matches(path.name, [p.name for p in path.parent.glob("*.py")], n=1)
        step = (
            f"the nearest in that folder is {path.parent / near[0]}"
            if near
            else "check the path; it is taken from the current folder"
        )
        return fail(f"why: there is no script {options.script}", step)
    target = None
    if options.json not in {None, "-"}:
        target = Path(options.json).absolute()
        if not target.parent.is_dir() or target.is_dir():
            return fail(
                f"why: --json {options.json} cannot be written",
                "name a file in a folder that exists, or - for standard output",
            )

    if options.apply and not options.fix:
        options.fix = "likely"
    if options.fix and options.json == "-":
        return fail("why: --fix prints a diff where --json - prints JSON", "write the JSON to a file: --json why.json")

    from gradtape.cli.listening import Listening
    from gradtape.recorders.frameworks import Arrivals, Options
    from gradtape.recorders.heard import Heard
    from gradtape.render import json_form, paths

    full = str(path.absolute())
    start, environment = Path.cwd(), dict(os.environ)
    out = sys.stdout
    sys.path.insert(0, str(path.resolve().parent))
    real = stand_in.installed()
    del sys.path[0]
    before = set(sys.modules)
    finder = stand_in.StandIn()
    heard = Heard()
    arrivals = Arrivals(heard, Options(options.functions, options.all_steps))
    with Listening(heard), arrivals, finder if options.stand_in or not real else contextlib.nullcontext():
        end = script.run(options.script, options.arguments)
        arrivals.finish(end.error)
    foreign = [
        name
        for name in INSTALLED_ELSEWHERE
        if name in set(sys.modules) - before and name not in arrivals.arrived and not finder.used
    ]
    framework = ", ".join(arrivals.arrived) or _framework(finder, heard.reports, end, real=real)
    with contextlib.chdir(start):
        document = json_form.document(
            heard.reports,
            script=options.script,
            framework=framework,
            outcome=end.outcome,
            name=lambda file: options.script if file == full else paths.shown(file),
        )
        written = json.dumps(document, indent=1, ensure_ascii=False) + "\n"
        if options.json == "-":
            out.write(written)
            out.flush()
        else:
            if target is not None:
                target.write_text(written, encoding="utf-8")
            _report(heard, framework, end, foreign, options.script, out)
        if options.fix:
            from gradtape.cli import fixing

            with contextlib.redirect_stdout(out):
                return fixing.run(options, heard.reports, end.status, environment)
    return end.status


def _framework(finder: stand_in.StandIn, reports: tuple[GradientReport, ...], end: script.End, *, real: bool) -> str:
    if finder.used:
        return (
            f"gradtape.tf (stands in for tensorflow, which is {'put aside by --stand-in' if real else 'not installed'})"
        )
    ours = reports or any(
        str(getattr(value, "__name__", "")).startswith("gradtape")
        or str(getattr(value, "__module__", "")).startswith("gradtape.")
        for value in vars(end.module).values()
    )
    return "gradtape" if ours else "none"


def _report(heard: Heard, framework: str, end: script.End, foreign: list[str], name: str, out: TextIO) -> None:
    from gradtape.render import layout, terminal

    reports = heard.reports
    width = terminal.columns(out)
    title = f" gradtape why {name} "
    lines: list[Line] = [(("--" + title.ljust(width - 2, "-"), "gutter"),)]
    if framework.startswith("gradtape.tf"):
        lines.append(((f"{framework}; what it prints is gradtape's own arithmetic", "text"),))
    if end.outcome != "ok":
        lines.append((("the script ended with ", "text"), (end.outcome.splitlines()[0], "error")))
    for module in foreign:
        step = (
            f": `gradtape why --stand-in {name}` runs the script on gradtape.tf instead"
            if module == "tensorflow"
            else ""
        )
        lines.append(
            ((f"the script uses {module}, which this version of gradtape cannot record yet{step}", "warning"),)
        )
    lines += [((remark, "warning"),) for remark in heard.remarks]
    if heard.not_looked_into:
        more = f"{heard.not_looked_into} more questions came after ever new runs and were not looked into"
        lines.append(((more, "warning"),))
    if reports:
        lines += [((layout.tally(reports), "strong"),), ()]
        lines += layout.report(reports, layout.frame_of(unicode=False), width)
    elif end.outcome != "ok":
        lines.append((("no gradient was asked for before it ended", "strong"),))
    else:
        lines.append((("no gradient was asked for in this run", "strong"),))
        if not foreign:
            lines += [
                (("  = ", "gutter"), ("help:", "help"), (f" {NOTHING_ASKED}", "text")),
            ]
    terminal.show(lines, out)
