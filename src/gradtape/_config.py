"""Settings of the whole library, in one frozen record that is replaced as a whole."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

LEAKS = ("allow", "warn", "raise")
UNCONNECTED = ("none", "zero", "raise")


class Settings(NamedTuple):
    """What can be set.

    Parameters
    ----------
    strong_zeros : bool
        A cotangent that is exactly zero stops, also before an infinite derivative (0 x inf is 0). False gives IEEE.
    leaks : {"allow", "warn", "raise"}
        What happens when a recorded value leaves the tape through `np.asarray`, `float` and their like.
    unconnected_gradients : {"none", "zero", "raise"}
        What stands for a gradient that does not exist, where the call does not say.
    ambient_records : int
        How many operations outside any tape are remembered, so that an explanation can name them; of operations inside
        tapes that were closed, and of events, a quarter as many. `gradtape why` remembers ten times as many.
    ambient_bytes : int
        How many bytes of values those operations may keep alive, so that `gradients` works without a tape.
    """

    strong_zeros: bool = True
    leaks: str = "allow"
    unconnected_gradients: str = "none"
    ambient_records: int = 1_000
    ambient_bytes: int = 32 * 1024 * 1024


settings = Settings()

FOLLOWERS: list[Callable[[], None]] = []
"""What is called after each change: whoever holds something of a size that a setting gives."""


def change_to(changed: Settings) -> None:
    """Let other settings hold from now on."""
    global settings  # noqa: PLW0603
    settings = changed
    for follow in FOLLOWERS:
        follow()


class config(AbstractContextManager["Settings"]):  # noqa: N801
    """Change settings: for good when called, for a block when used in a `with` statement.

    Parameters
    ----------
    **changes
        Fields of `Settings`.

    Raises
    ------
    TypeError
        If a setting does not exist.
    ValueError
        If `leaks` or `unconnected_gradients` is not one of its words.

    Examples
    --------
    >>> import gradtape as gt
    >>> with gt.config(strong_zeros=False) as settings:
    ...     settings.strong_zeros
    False
    """

    def __init__(self, **changes: Any) -> None:
        for name, value in changes.items():
            if name not in Settings._fields:
                raise TypeError(f"no setting is called {name!r}; there are {', '.join(Settings._fields)}")
            words = {"leaks": LEAKS, "unconnected_gradients": UNCONNECTED}.get(name)
            if words is not None and value not in words:
                raise ValueError(f"{name} is one of {words}, not {value!r}")
        self._before = settings
        change_to(settings._replace(**changes))

    def __enter__(self) -> Settings:
        return settings

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        change_to(self._before)
