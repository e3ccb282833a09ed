"""Runs somebody's script as `python SCRIPT ARGS...` would, and says how it ended."""

from __future__ import annotations

import sys
import traceback
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType


class End(NamedTuple):
    """How a script ended: the exit status, in words (`ok`, or `exception: TYPE: text`), and the error that ended it."""

    status: int
    outcome: str
    module: ModuleType
    error: BaseException | None = None


def run(script: str, arguments: Sequence[str]) -> End:
    """Run a script with its own `sys.argv`, `sys.path[0]` and `__main__`; show its own traceback if it raises."""
    path = Path(script).absolute()
    module = ModuleType("__main__")
    module.__dict__.update(__file__=str(path), __builtins__=__builtins__, __cached__=None)
    sys.argv[:] = [script, *arguments]
    sys.path.insert(0, str(path.resolve().parent))
    sys.modules["__main__"] = module
    status, outcome, raised = 0, "ok", None
    try:
        code = compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
        exec(code, module.__dict__)  # noqa: S102
    except SystemExit as end:
        status = _status(end.code)
        outcome = "ok" if status == 0 else _told(end)
    except BaseException as error:  # noqa: BLE001
        status, outcome, raised = 1, _told(error), error
        _show(error)
    sys.stdout.flush()
    return End(status, outcome, module, raised)


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    print(code, file=sys.stderr)
    return 1


def _told(error: BaseException) -> str:
    text = str(error.code) if isinstance(error, SystemExit) else str(error)
    return f"exception: {type(error).__name__}: {text}".removesuffix(": ")


def _show(error: BaseException) -> None:
    """Show the traceback as Python does, from the script's own first line on."""
    sys.stdout.flush()
    own = error.__traceback__
    while own is not None and _is_ours(own):
        own = own.tb_next
    last = own
    while last is not None and last.tb_next is not None:
        if _is_ours(last.tb_next):
            last.tb_next = None
        last = last.tb_next
    error.__traceback__ = own
    try:
        sys.excepthook(type(error), error, own)
    except Exception:  # noqa: BLE001  a broken hook of the script's own
        traceback.print_exception(error)


def _is_ours(entry: TracebackType) -> bool:
    return str(entry.tb_frame.f_globals.get("__name__")).startswith("gradtape.cli.")
