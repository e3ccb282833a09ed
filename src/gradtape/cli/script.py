"""Runs a program as Python would, to the end of its threads and exit handlers, and says how it ended."""

from __future__ import annotations

import atexit
import os
import signal
import sys
import threading
import traceback
from contextlib import contextmanager, suppress
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple, NoReturn

from gradtape.cli.program import NotFoundError
from gradtape.cli.streams import flush

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType, TracebackType

    from gradtape.cli.program import Program


class End(NamedTuple):
    """How a program ended: the exit status, in words (`ok`, or `exception: TYPE: text`), and the error that ended it.

    `signal` is set where Python would let a signal end the process instead of returning a status.
    """

    status: int
    outcome: str
    error: BaseException | None = None
    signal: signal.Signals | None = None


OK = End(0, "ok")


def run(program: Program, arguments: Sequence[str]) -> End:
    """Run a program with its own `sys.argv`, `sys.path[0]` and `__main__`; show its own traceback if it raises.

    What Python does at the end of a program is part of it: threads are waited for and exit handlers run.
    """
    module = ModuleType("__main__")
    module.__dict__.update(program.names())
    sys.argv[:] = [program.argv0, *arguments]
    sys.modules["__main__"] = module
    end = guarded(lambda: exec(program.code(), module.__dict__))  # noqa: S102
    for last in (threading._shutdown, atexit._run_exitfuncs):  # type: ignore[attr-defined]  # as the interpreter does
        guarded(last)
    return end


def guarded(act: Callable[[], object]) -> End:
    """Do something, and tell how it ended as the interpreter would."""
    try:
        act()
    except NotFoundError:
        raise
    except BaseException as error:  # noqa: BLE001
        raised = error
    else:
        flush()
        return OK
    flush()
    if isinstance(raised, SystemExit):
        return _left(raised)
    left = _show(raised)  # out here no error is being handled, and a hook that fails has no context
    flush()
    stopped = signal.SIGINT if isinstance(raised, KeyboardInterrupt) else None
    return left or End(1, told(raised), raised, stopped)


def _left(leaving: SystemExit) -> End:
    status = _status(leaving.code)
    return End(status, "ok" if status == 0 else told(leaving))


def _status(code: object) -> int:
    if code is None:
        return 0
    if isinstance(code, int):
        return code
    with suppress(OSError, ValueError, AttributeError):  # standard error may be closed, or None
        print(code, file=sys.stderr)
    return 1


def told(error: BaseException) -> str:
    """Return an error in the words of an outcome."""
    try:
        text = str(error.code) if isinstance(error, SystemExit) else str(error)
    except Exception:  # noqa: BLE001  the script's own `__str__`
        text = "<exception str() failed>"
    return f"exception: {type(error).__name__}: {text}".removesuffix(": ")


def _show(error: BaseException) -> End | None:
    """Show the traceback as Python does, from the script's own first line on; a hook may leave by `sys.exit`."""
    own = error.__traceback__
    while own is not None and (_is_ours(own) or _module_of(own).startswith(("importlib", "zipimport"))):
        own = own.tb_next
    last = own
    while last is not None and last.tb_next is not None:
        following: TracebackType | None = last.tb_next
        while following is not None and _module_of(following).startswith("gradtape.recorders."):
            following = following.tb_next  # a hook between the script and its framework
        if following is not last.tb_next:
            last.tb_next = following
            continue
        if _is_ours(last.tb_next):
            last.tb_next = None
        last = last.tb_next
    error.__traceback__ = own
    try:
        sys.excepthook(type(error), error, own)
    except SystemExit as leaving:
        return _left(leaving)
    except BaseException as broken:  # noqa: BLE001  the hook is the script's own
        with suppress(OSError, ValueError, AttributeError):
            print("Error in sys.excepthook:", file=sys.stderr)
            traceback.print_exception(broken)
            print("\nOriginal exception was:", file=sys.stderr)
            traceback.print_exception(error)
    return None


def _is_ours(entry: TracebackType) -> bool:
    return _module_of(entry).startswith("gradtape.cli.")


def _module_of(entry: TracebackType) -> str:
    return str(entry.tb_frame.f_globals.get("__name__"))


@contextmanager
def told_at_any_end(tell: Callable[[End], int]) -> Iterator[None]:
    """See to it that a program which ends its process from within is told about first: `os._exit`, or a SIGTERM."""
    leave = os._exit

    def exit_at_once(status: int) -> NoReturn:
        try:
            status = tell(OK if status == 0 else End(status, f"exception: os._exit: {status}"))
        finally:
            leave(status)

    def terminated(number: int, frame: FrameType | None) -> None:
        del frame
        try:
            tell(End(128 + number, f"signal: {signal.Signals(number).name}", signal=signal.Signals(number)))
        finally:
            die_by(signal.Signals(number))

    os._exit = exit_at_once
    handled = (
        threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    )
    if handled:
        signal.signal(signal.SIGTERM, terminated)
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=lambda: _as_before(terminated))
    try:
        yield
    finally:
        os._exit = leave
        if handled:
            _as_before(terminated)


def _as_before(handler: Callable[..., None]) -> None:
    if signal.getsignal(signal.SIGTERM) is handler:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def die_by(number: signal.Signals) -> None:
    """End this process by a signal, as the shell that waits for it expects."""
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
