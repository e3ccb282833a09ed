"""Runs small programs in this process as `gradtape why` would, and hands out what was found."""

from __future__ import annotations

import contextlib
import io
import os
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from gradtape.arrays.record import STATE
from gradtape.recorders.frameworks import RECORDERS
from gradtape.recorders.hearing import Hearing
from gradtape.recorders.listening import Listening

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.explain import GradientReport

MARK = re.compile(r"  #~ (?P<code>GT\d+)$", re.MULTILINE)


def run_program(source: str, folder: Path, name: str = "program.py") -> tuple[GradientReport, ...]:
    """Run a program from a file of that name and return a report per gradient it asked for.

    A program that imports a framework is heard by that framework's recorder, and skipped where it is not installed.
    """
    path = folder / name
    path.write_text(source, encoding="utf-8")
    STATE.__init__()
    before = Path.cwd()
    os.chdir(folder)
    frameworks = [f for f in RECORDERS if re.search(rf"^(import|from) {f}\b", source, re.MULTILINE)]
    for framework in frameworks:
        pytest.importorskip(framework)
    try:
        with (
            as_installed(frameworks),
            Hearing() if frameworks else Listening() as heard,
            contextlib.redirect_stdout(io.StringIO()),
            warnings.catch_warnings(),
        ):
            if frameworks:  # which warn of what the page is about
                warnings.simplefilter("ignore")
            exec(compile(source, str(path), "exec"), {"__name__": "__main__", "__file__": str(path)})  # noqa: S102
            if isinstance(heard, Hearing):
                heard.finish()
    finally:
        os.chdir(before)
    return heard.reports


@contextlib.contextmanager
def as_installed(frameworks: Iterable[str]) -> Iterator[None]:
    """Let JAX have its own float32 in a block: our tests of rules turn float64 on for the whole process."""
    if "jax" not in frameworks:
        yield
        return
    import jax

    wide = jax.config.jax_enable_x64
    jax.config.update("jax_enable_x64", False)
    try:
        yield
    finally:
        jax.config.update("jax_enable_x64", wide)


def marked_lines(source: str) -> dict[str, int]:
    """Return the line of each `#~ GTnnn` mark in a program."""
    return {
        match["code"]: number
        for number, line in enumerate(source.splitlines(), 1)
        if (match := MARK.search(line)) is not None
    }


def unmarked(source: str) -> str:
    """Return a program as a user would write it, without the marks."""
    return MARK.sub("", source)
