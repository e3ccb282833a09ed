"""How a fit is told while it runs: a bar where there is a terminal and rich, lines elsewhere, nothing if so wished."""

from __future__ import annotations

import sys
import time
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def told(logs: Mapping[str, float]) -> str:
    """Write numbers as people read them."""
    return "  ".join(f"{name} {value:.4g}" for name, value in logs.items())


class Silent:
    """Tells nothing."""

    def begin_epoch(self, epoch: int, steps: int) -> None:
        """Start an epoch."""

    def step(self, logs: Mapping[str, float]) -> None:
        """Finish a batch."""

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Finish an epoch."""

    def say(self, text: str) -> None:
        """Say something else."""

    def close(self) -> None:
        """Finish."""


class Lines(Silent):
    """One line per epoch."""

    def __init__(self, epochs: int, stream: Any = None) -> None:
        self.epochs, self.stream = epochs, stream
        self.epoch, self.began = 0, 0.0

    def begin_epoch(self, epoch: int, steps: int) -> None:  # noqa: ARG002
        """Start an epoch."""
        self.epoch, self.began = epoch, time.perf_counter()

    def line(self, logs: Mapping[str, float]) -> str:
        """Write an epoch as a line."""
        wide = len(str(self.epochs))
        took = time.perf_counter() - self.began
        return f"epoch {self.epoch + 1:>{wide}}/{self.epochs}  {took:.1f} s  {told(logs)}"

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Finish an epoch."""
        self.say(self.line(logs))

    def say(self, text: str) -> None:
        """Say something else."""
        stream = self.stream or sys.stdout
        stream.write(f"{text}\n")
        stream.flush()


class Bar(Lines):
    """A bar that moves through each epoch, and then a line."""

    def __init__(self, epochs: int, console: Any = None) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        super().__init__(epochs)
        self.console = console or Console()
        self.progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            TextColumn("{task.fields[logs]}"),
            console=self.console,
            transient=True,
        )
        self.task: Any = None
        self.progress.start()

    def begin_epoch(self, epoch: int, steps: int) -> None:
        """Start an epoch."""
        super().begin_epoch(epoch, steps)
        text = f"epoch {epoch + 1}/{self.epochs}"
        self.task = self.progress.add_task(text, total=steps or None, logs="")

    def step(self, logs: Mapping[str, float]) -> None:
        """Finish a batch."""
        self.progress.update(self.task, advance=1, logs=told(logs))

    def end_epoch(self, logs: Mapping[str, float]) -> None:
        """Finish an epoch."""
        self.progress.remove_task(self.task)
        super().end_epoch(logs)

    def say(self, text: str) -> None:
        """Say something else."""
        self.console.print(text, highlight=False, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Finish."""
        self.progress.stop()


def teller(verbose: int | str, epochs: int) -> Silent:
    """Choose how to tell: 0 nothing, 1 a bar where there can be one, 2 lines; `"auto"` is 1.

    Raises
    ------
    ValueError
        If `verbose` is none of these.
    """
    if verbose not in {0, 1, 2, "auto"}:
        raise ValueError(f"fit: `verbose` is 0, 1, 2 or 'auto', got {verbose!r}")
    if verbose == 0:
        return Silent()
    if verbose != 2 and sys.stdout.isatty() and find_spec("rich") is not None:
        return Bar(epochs)
    return Lines(epochs)
