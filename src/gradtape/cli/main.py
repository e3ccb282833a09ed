"""The arguments of `gradtape`, and its commands."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn, TextIO

from gradtape.cli import pages, script, stand_in
from gradtape.diagnostics import BY_NUMBER, BY_SLUG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.cli.listening import Listening
    from gradtape.explain.report import GradientReport
    from gradtape.render.snippet import Line

USAGE_ERROR = 2
NOTHING_ASKED = "ask in the part of the script that runs: `tape.gradient(loss, [w])` of gradtape's or tf's GradientTape"
INSTALLED_ELSEWHERE = ("tensorflow", "torch", "jax")


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(argv)
    try:
        status: int = options.run(options)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    return status


class _Parser(argparse.ArgumentParser):
    """Errors of usage name the argument and the next step."""

    def error(self, message: str) -> NoReturn:
        self.exit(USAGE_ERROR, f"{self.prog}: {message}\n  help: `{self.prog} --help` shows what it takes\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="gradtape", description="Say why a gradient is missing.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    why = commands.add_parser(
        "why",
        help="run a script and say for every gradient it asks for whether it flows and, if not, why not",
        usage="gradtape why [--json FILE] [--stand-in] SCRIPT [ARGS...]",
    )
    why.add_argument("--json", metavar="FILE", help="also write the findings to FILE as JSON; - is standard output")
    why.add_argument(
        "--stand-in", action="store_true", help="let gradtape.tf answer `import tensorflow` even if it is installed"
    )
    why.add_argument("script", metavar="SCRIPT", help="the Python program, run unchanged")
    why.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="its own arguments")
    why.set_defaults(run=_why)

    explain = commands.add_parser("explain", help="print the page of a code, such as GT302 or piecewise-constant")
    explain.add_argument("code", metavar="CODE", help="a number or a name, see `gradtape codes`")
    explain.set_defaults(run=_explain)

    codes = commands.add_parser("codes", help="list all codes")
    codes.set_defaults(run=_codes)
    return parser


def _explain(options: argparse.Namespace) -> int:
    code = pages.find(options.code)
    if code is None:
        near = get_close_matches(options.code.lower(), [*BY_SLUG, *(n.lower() for n in BY_NUMBER)], n=1)
        hint = f"; the nearest is {(pages.find(near[0]) or near[0])}" if near else ""
        return _fail(f"explain: no code is called {options.code!r}{hint}", f"these are the codes:\n\n{pages.listing()}")
    print(pages.page(code), end="")
    return 0


def _codes(options: argparse.Namespace) -> int:
    del options
    print(pages.listing())
    return 0


def _fail(what: str, help_: str) -> int:
    print(f"gradtape {what}\n  help: {help_}", file=sys.stderr)
    return USAGE_ERROR


def _why(options: argparse.Namespace) -> int:
    path = Path(options.script)
    if path.is_dir():
        return _fail(f"why: {options.script} is a folder", "name the Python file in it that asks for gradients")
    if not path.is_file():
        near = get_close_matches(path.name, [p.name for p in path.parent.glob("*.py")], n=1)
        step = (
            f"the nearest in that folder is {path.parent / near[0]}"
            if near
            else "check the path; it is taken from the current folder"
        )
        return _fail(f"why: there is no script {options.script}", step)
    target = None
    if options.json not in {None, "-"}:
        target = Path(options.json).absolute()
        if not target.parent.is_dir() or target.is_dir():
            return _fail(
                f"why: --json {options.json} cannot be written",
                "name a file in a folder that exists, or - for standard output",
            )

    from gradtape.cli.listening import Listening
    from gradtape.render import json_form, paths

    full = str(path.absolute())
    start = Path.cwd()
    out = sys.stdout
    sys.path.insert(0, str(path.resolve().parent))
    real = stand_in.installed()
    del sys.path[0]
    before = set(sys.modules)
    finder = stand_in.StandIn()
    with Listening() as heard, finder if options.stand_in or not real else contextlib.nullcontext():
        end = script.run(options.script, options.arguments)
    foreign = [name for name in INSTALLED_ELSEWHERE if name in set(sys.modules) - before and not finder.used]
    framework = _framework(finder, heard.reports, end, real=real)
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


def _report(heard: Listening, framework: str, end: script.End, foreign: list[str], name: str, out: TextIO) -> None:
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
