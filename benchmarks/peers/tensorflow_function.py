"""TensorFlow's tape inside `tf.function`."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from peers.peer import Spellings
from peers.tensorflow_eager import SPELLINGS, Eager


def loop(step: Any, state: Any, seen: Any) -> Any:
    """Step inside the graph: unrolled, a thousand steps take minutes to trace."""
    steps = seen.shape[0]
    body = lambda k, *s: (k + 1, *step(s, seen[k]))  # noqa: E731
    return tf.while_loop(lambda k, *_: k < steps, body, (0, *state), maximum_iterations=steps)[1:]


class Function(Eager):
    """The same, traced once."""

    xp = Spellings(**SPELLINGS | {"loop": loop})

    def prepare(self, run: Any) -> Any:
        """Trace it the first time it runs."""
        return tf.function(run)


PEER = Function()
