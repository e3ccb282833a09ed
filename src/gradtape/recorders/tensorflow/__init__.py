"""Records unchanged programs of TensorFlow and Keras: hooks at start, questions as they are asked, nothing left behind.

See `README` of the room above; private names of TensorFlow are in `private.py` alone.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gradtape.recorders.tensorflow.session import Session

if TYPE_CHECKING:
    from gradtape.recorders.frameworks import Options
    from gradtape.recorders.heard import Heard

_SESSIONS: list[Session] = []


def prepare(options: Options) -> None:
    """Keep TensorFlow's own chatter out of the report, unless the user chose otherwise."""
    del options
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def start(heard: Heard, options: Options) -> None:
    """Probe and install the hooks."""
    session = Session(heard, options)
    _SESSIONS.append(session)
    session.start()


def finish(error: BaseException | None) -> None:
    """Remove the hooks."""
    while _SESSIONS:
        _SESSIONS.pop().finish(error)
