"""Records unchanged JAX scripts: what ran under each transformation, and what became of the gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard
    from gradtape.recorders.jax.session import Session

_SESSIONS: list[Session] = []


def prepare(options: Options) -> None:
    """Set what must be set before JAX is imported: nothing."""
    del options


def start(heard: Heard, options: Options) -> None:
    """Probe the hooks and install them."""
    try:
        from gradtape.recorders.jax.session import Session
    except (ImportError, AttributeError) as error:  # a name that only another version of JAX has
        heard.remark(f"this version of JAX cannot be recorded: {error}")
        return

    session = Session(heard, options)
    session.start()
    _SESSIONS.append(session)


def finish(error: BaseException | None) -> None:
    """Remove the hooks, and report what only the end of the run tells."""
    if _SESSIONS:
        _SESSIONS.pop().finish(error)
