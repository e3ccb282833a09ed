"""TensorFlow's tape without a graph."""

from __future__ import annotations

import os
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import tensorflow as tf

from peers.peer import Peer, Spellings, loop

tf.config.threading.set_intra_op_parallelism_threads(1)
tf.config.threading.set_inter_op_parallelism_threads(1)

SPELLINGS = {
    "sin": tf.sin,
    "exp": tf.exp,
    "log": tf.math.log,
    "sqrt": tf.sqrt,
    "tanh": tf.tanh,
    "sum": tf.reduce_sum,
    "mean": tf.reduce_mean,
    "einsum": tf.einsum,
    "softplus": tf.nn.softplus,
    "relu": tf.nn.relu,
    "take": tf.gather,
    "segment_sum": tf.math.unsorted_segment_sum,
    "conv2d": lambda x, w: tf.nn.conv2d(x, w, 1, "VALID"),
    "cholesky": tf.linalg.cholesky,
    "solve_lower": lambda a, b: tf.linalg.triangular_solve(a, b[:, None])[:, 0],
    "diagonal": tf.linalg.diag_part,
    "rfft": tf.signal.rfft,
    "irfft": tf.signal.irfft,
    "matvec": tf.linalg.matvec,
    "weighed": lambda spectrum, gain: spectrum * tf.cast(gain, spectrum.dtype),
    "loop": loop,
}


class Eager(Peer):
    """`tf.GradientTape`; `prepare` is where the other peer compiles."""

    package = "tensorflow"
    xp = Spellings(**SPELLINGS)

    def prepare(self, run: Any) -> Any:
        """Leave the function as it is."""
        return run

    def _tensors(self, inputs: Any, data: Any) -> tuple[Any, dict[str, Any]]:
        return [tf.Variable(x) for x in inputs], {k: tf.constant(v) for k, v in data.items()}

    def gradient(self, program: Any, inputs: Any, data: Any) -> Any:
        """Ask the tape."""
        variables, data = self._tensors(inputs, data)

        def run() -> Any:
            with tf.GradientTape() as tape:
                y = program(self.xp, variables, data)
            return tape.gradient(y, variables)

        return self.prepare(run)

    def jacobian(self, program: Any, inputs: Any, data: Any) -> Any:
        """Ask the tape; it compiles by itself."""
        (x,), data = self._tensors(inputs, data)

        def run() -> Any:
            with tf.GradientTape() as tape:
                y = program(self.xp, (x,), data)
            return (tape.jacobian(y, x),)

        return self.prepare(run)

    def second(self, program: Any, inputs: Any, data: Any) -> Any:
        """Put a tape around a tape."""
        (x,), data = self._tensors(inputs, data)

        def run() -> Any:
            with tf.GradientTape() as outer:
                with tf.GradientTape() as tape:
                    y = program(self.xp, (x,), data)
                slope = tape.gradient(y, x)
            return (outer.gradient(slope, x, data.get("v")),)

        return self.prepare(run)

    hvp = second

    def arrays(self, results: Any) -> Any:
        """Make sparse gradients dense."""
        return tuple(tf.convert_to_tensor(r).numpy() for r in results)


PEER = Eager()
