"""The arguments of `gradtape`, and its commands."""

from __future__ import annotations

import argparse
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from gradtape.cli import pages
from gradtape.cli.failing import USAGE_ERROR, fail
from gradtape.cli.streams import flush
from gradtape.diagnostics import BY_NUMBER, BY_SLUG

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = _parser().parse_args(argv)
    try:
        status: int = options.run(options)
    except BrokenPipeError:  # the reader, such as `head`, has seen enough
        status = 1
    flush()
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
        usage=f"gradtape why [--json FILE] [--html FILE] [--svg FILE] [--fix | --fix-all] [--apply] {RUNNING}",
    )
    why.add_argument("--json", metavar="FILE", help="also write the findings to FILE as JSON; - is standard output")
    why.add_argument("--html", metavar="FILE", help="also write a page to look at: findings, source and tape")
    why.add_argument("--svg", metavar="FILE", help="also write a picture of the routes, for a report or a README")
    why.add_argument("--fix", action="store_const", const="likely", help="print the edits that mend the run as a diff")
    why.add_argument("--fix-all", dest="fix", action="store_const", const="all", help="the same, sketches included")
    why.add_argument("--apply", action="store_true", help="make the edits, run the script again and say what flows now")
    _takes_a_program(why, _why)

    check = commands.add_parser(
        "check",
        help="the same for scripts and CI: the exit status says whether all gradients flow",
        usage=f"gradtape check [--format FORMAT] [--strict] [--allow CODE] [--ignore SOURCE] {RUNNING}",
        epilog="Exit status: 0 if every gradient flows, 1 if one does not, 2 if the command is wrong, 3 if the script "
        "failed although its gradients flow, 4 if it asked for none.",
    )
    check.add_argument(
        "--format", choices=("text", "json", "github", "concise"), default="text", help="how to write what was found"
    )
    check.add_argument(
        "--strict",
        action="store_true",
        help="also fail where a gradient is right and of no use: it vanished or exploded, or is zero at this point",
    )
    check.add_argument(
        "--allow",
        metavar="CODE",
        action="append",
        default=[],
        help="let this cause pass: GT105 or not-used; repeatable",
    )
    check.add_argument(
        "--ignore",
        metavar="SOURCE",
        action="append",
        default=[],
        help="let this source pass, by its name in the report; * and ? stand for any text; repeatable",
    )
    _takes_a_program(check, _check)

    explain = commands.add_parser("explain", help="print the page of a code, such as GT302 or piecewise-constant")
    explain.add_argument("code", metavar="CODE", help="a number or a name, see `gradtape codes`")
    explain.set_defaults(run=_explain)

    codes = commands.add_parser("codes", help="list all codes")
    codes.set_defaults(run=_codes)
    return parser


RUNNING = "[--stand-in] [--eager | --graph] [--all-steps] {SCRIPT | -m MODULE} [ARGS...]"


def _takes_a_program(command: argparse.ArgumentParser, run: Callable[[argparse.Namespace], int]) -> None:
    """Add what every command that runs a program takes."""
    command.add_argument(
        "--stand-in", action="store_true", help="let gradtape.tf answer `import tensorflow` even if it is installed"
    )
    functions = command.add_mutually_exclusive_group()
    functions.add_argument(
        "--eager", dest="functions", action="store_const", const="eager", help="run traced functions eagerly"
    )
    functions.add_argument(
        "--graph", dest="functions", action="store_const", const="graph", help="leave traced functions traced"
    )
    command.add_argument("--all-steps", action="store_true", help="go on recording where gradients keep failing")
    command.add_argument("-m", dest="module", action="store_true", help="SCRIPT is a module's name, as for python -m")
    command.add_argument("script", metavar="SCRIPT", help="the Python program, run unchanged")
    command.add_argument("arguments", metavar="ARGS", nargs=argparse.REMAINDER, help="its own arguments")
    command.set_defaults(run=run, functions="auto")


def _explain(options: argparse.Namespace) -> int:
    code = pages.find(options.code)
    if code is None:
        near = get_close_matches(options.code.lower(), [*BY_SLUG, *(n.lower() for n in BY_NUMBER)], n=1)
        hint = f"; the nearest is {(pages.find(near[0]) or near[0])}" if near else ""
        return fail(f"explain: no code is called {options.code!r}{hint}", f"these are the codes:\n\n{pages.listing()}")
    print(pages.page(code), end="")
    return 0


def _codes(options: argparse.Namespace) -> int:
    del options
    print(pages.listing())
    return 0


def _why(options: argparse.Namespace) -> int:
    from gradtape.cli import why

    return why.run(options)


def _check(options: argparse.Namespace) -> int:
    from gradtape.cli import check

    return check.run(options)
