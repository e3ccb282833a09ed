"""For IPython and Jupyter: `%load_ext gradtape.notebook`, and then `%%why` at the head of a cell.

The cell runs as it is, and what became of each gradient that it asked for stands below it, as `gradtape why` tells it
of scripts: of our own tape, and of the frameworks that the notebook has imported. Lines count as in IPython's own
tracebacks, the first below the magic is 1.
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from gradtape.explain.report import Explanation
from gradtape.recorders.heard import Heard
from gradtape.recorders.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Iterator

NOTHING = "no gradient was asked for in this cell\n  help: ask for one in it, as in `tape.gradient(loss, [w])`"


def load_ipython_extension(shell: Any) -> None:
    """Give a shell the magic; IPython calls this for `%load_ext gradtape.notebook`."""

    def why(line: str, cell: str) -> None:
        """Run the cell, and say for every gradient that it asks for whether it flows and, if not, why not."""
        if line.strip():
            print(f"%%why takes no arguments; {line.strip()!r} is left alone", file=sys.stderr)
        _show(shell, cell)

    shell.register_magic_function(why, magic_kind="cell", magic_name="why")


@contextmanager
def _numbered(shell: Any) -> Iterator[None]:
    """Let what runs in this block have the number of the cell around it: IPython may have counted on already."""
    counted = shell.execution_count
    shell.execution_count = max(len(shell.history_manager.input_hist_parsed) - 1, 1)
    try:
        yield
    finally:
        shell.execution_count = counted


def _show(shell: Any, cell: str) -> None:
    from IPython.display import display

    heard = Heard(to_draw=True)
    hearing = Hearing(heard=heard)
    with hearing, _numbered(shell):
        ended = shell.run_cell(cell)
        hearing.finish(ended.error_in_exec)
    for remark in heard.remarks:
        print(remark)
    if heard.reports:
        display(Explanation(heard.reports))
    elif ended.success:
        print(NOTHING)
