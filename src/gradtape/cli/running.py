"""Runs a program with every recorder in place: what `gradtape why` and `gradtape check` have in common."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TextIO

from gradtape.cli import program, script, stand_in, streams
from gradtape.cli.failing import fail
from gradtape.cli.forks import Forks
from gradtape.cli.patience import Patience

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from gradtape.cli.program import Program
    from gradtape.cli.script import End
    from gradtape.explain.report import GradientReport
    from gradtape.recorders.heard import Heard

INSTALLED_ELSEWHERE = ("tensorflow", "torch", "jax")


class Ran(NamedTuple):
    """A program that was run.

    Parameters
    ----------
    name : str
        As the user called it.
    file : str
        The full path of what ran.
    end : End
        How it ended.
    heard : Heard
        What became of the gradients that it asked for.
    framework : str
        What computed them.
    foreign : tuple of str
        Frameworks that it used and that no recorder followed.
    out : TextIO
        Where to write: the standard output as it was before the program ran.
    """

    name: str
    file: str
    end: End
    heard: Heard
    framework: str
    foreign: tuple[str, ...]
    out: TextIO

    def named(self, file: str) -> str:
        """Return how a file is called: the program's as the user called it, others relative to the folder."""
        from gradtape.render import paths

        return self.name if file == self.file and Path(self.name).exists() else paths.shown(file)


def run(options: argparse.Namespace, tell: Callable[[Ran], int], *, to_draw: bool = False) -> int:
    """Run the program that the options name, and have told what was found, however the program ends.

    Parameters
    ----------
    options : Namespace
        Of the options that `main` adds to every command that runs a program.
    tell : callable
        Writes what was found, and returns the exit status.
    to_draw : bool
        Keep the graphs of the reports, for a page or a picture.

    Returns
    -------
    int
        The exit status. A program that a signal ended takes the process with it, as it would without us.
    """
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.hearing import Hearing

    name = f"-m {options.script}" if options.module else options.script
    start = Path.cwd()
    out = streams.own_output()
    sys.path[:1] = [program.beside(options.script, module=options.module)]  # Python put a folder of ours there
    real = stand_in.installed()
    before = set(sys.modules)
    finder = stand_in.StandIn()
    hearing = Hearing(Options(options.functions, options.all_steps), Heard(to_draw=to_draw))
    hearing.heard.around = Patience().wait
    forks = Forks(hearing.heard)
    found: Program | None = None
    told: list[int] = []

    def look() -> None:
        nonlocal found
        found = program.find(options.script, module=options.module)

    def finish(end: End) -> int:
        if told:  # a second signal, while the first is being answered
            return told[0]
        told.append(end.status)
        hearing.finish(end.error)
        if forks.in_a_fork:
            forks.leave()
            return end.status
        forks.gather()
        foreign = [name for name in INSTALLED_ELSEWHERE if name in set(sys.modules) - before]
        foreign = [name for name in foreign if name not in hearing.frameworks and not finder.used]
        framework = ", ".join(hearing.frameworks) or _framework(finder, hearing.reports, real=real)
        with contextlib.suppress(OSError):
            os.chdir(start)  # the program may have gone elsewhere, and names are as seen from here
        file = "" if found is None else found.file
        told[0] = tell(Ran(name, file, end, hearing.heard, framework, tuple(foreign), out))
        out.flush()
        return told[0]

    with (
        script.told_at_any_end(finish),
        hearing,
        finder if options.stand_in or not real else contextlib.nullcontext(),
    ):
        sys.argv[:] = ["-m", *options.arguments]  # so Python has it while it imports the packages around a module
        try:
            end = script.guarded(look)
        except program.NotFoundError as error:
            return fail(f"{options.command}: {error.args[0]}", error.args[1])
        if found is not None:
            sys.path[0] = found.folder
            end = script.run(found, options.arguments)
        status = finish(end)
    if end.signal is not None:
        script.die_by(end.signal)
    return status


def _framework(finder: stand_in.StandIn, reports: tuple[GradientReport, ...], *, real: bool) -> str:
    if finder.used:
        return (
            f"gradtape.tf (stands in for tensorflow, which is {'put aside by --stand-in' if real else 'not installed'})"
        )
    module = sys.modules.get("__main__")
    ours = reports or any(
        str(getattr(value, "__name__", "")).startswith("gradtape")
        or str(getattr(value, "__module__", "")).startswith("gradtape.")
        for value in list(vars(module).values())
    )
    return "gradtape" if ours else "none"
