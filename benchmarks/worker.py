"""A process that runs programs on request: one library in one process, so that none disturbs another.

Requests and answers are pickles on the standard streams. A turn is so many runs that a clock can measure them, and is
told in processor time: other programs on the machine cost less of that than of the wall clock's.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import os
import pickle
import resource
import sys
import time
from pathlib import Path
from typing import Any

PAGE = resource.getpagesize()


def memory_in_use() -> int:
    """Return the bytes that this process occupies."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * PAGE


def peak_of(act: Any) -> float:
    """Return the most bytes that something needs at a time, beyond what is in use before."""
    gc.collect()
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).malloc_trim(0)  # what was freed before must not be used unseen
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    before = memory_in_use()
    kept = act()
    status = Path("/proc/self/status").read_text()
    del kept
    return max(0, 1024 * int(status.partition("VmHWM:")[2].split()[0]) - before)


class Served:
    """What this process has prepared."""

    def __init__(self, name: str) -> None:
        from peers import BASE, peer

        self.by_hand = name == BASE
        self.peer = peer(name)
        self.run: Any = None
        self.recorded: Any = None
        self.kept: Any = None

    def version(self) -> str:
        """Say which version takes part."""
        return self.peer.version

    def prepare(self, name: str) -> Any:
        """Make a workload ready, run it once, and return what it gave."""
        from workloads import WORKLOADS

        workload = WORKLOADS[name]
        inputs, data = workload.made()
        make = getattr(self.peer, workload.kind)
        self.recorded = getattr(self.peer, "recorded", lambda *_: None)(workload.program, inputs, data)
        self.run = make(workload.by_hand if self.by_hand else workload.program, inputs, data)
        return [a.copy() for a in self.peer.arrays(self.run())]

    def memory(self) -> tuple[float, float | None]:
        """Return the peak of one run, and how much of it is in use when it was recorded and nothing was asked."""
        return peak_of(self.run), None if self.recorded is None else peak_of(self.recorded)

    def turn(self, seconds: float) -> float:
        """Run for about so long and return the processor time of one run."""
        runs = 0
        began, wall = time.process_time(), time.perf_counter()
        while True:
            self.run()
            runs += 1
            if time.perf_counter() - wall >= seconds:
                return (time.process_time() - began) / runs

    def chain(self, operations: int) -> tuple[float, float]:
        """Return processor time and memory per operation of a chain of so many on one number, forward and backward."""
        import numpy as np

        def program(xp: Any, inputs: Any, data: Any) -> Any:
            del data
            (y,) = inputs
            for _ in range(operations // 3):
                y = xp.sin(y) * 1.01 + 0.001
            return y

        run = self.peer.gradient(program, (np.array(0.5, np.float32),), {})
        before, began = memory_in_use(), time.process_time()
        run()
        taken = time.process_time() - began
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        return taken / operations, max(0, peak - before) / operations


def main() -> None:
    """Answer until there are no more requests."""
    requests, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what libraries print must not get between the answers
    served = Served(sys.argv[1])
    while True:
        try:
            method, arguments = pickle.load(requests)  # noqa: S301 - the parent's
        except EOFError:
            return
        try:
            answer = (True, getattr(served, method)(*arguments))
        except Exception as error:  # noqa: BLE001 - the parent tells it
            text = f"{error}" if type(error).__name__ == "NotOffered" else f"{type(error).__name__}: {error}"
            answer = (False, text.splitlines()[0])
        pickle.dump(answer, answers)
        answers.flush()


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        main()
