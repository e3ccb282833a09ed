"""gradtape as people type it: plain NumPy and SciPy."""

from __future__ import annotations

from operator import mul
from typing import Any

import numpy as np

import gradtape as gt
from gradtape.scipy.linalg import solve_triangular
from peers.peer import Peer, Spellings, loop
from workloads.networks import conv2d


def segment_sum(values: Any, labels: Any, segments: int) -> Any:
    """Add rows up by label, as NumPy's users write it."""
    sums = gt.constant(np.zeros((segments, values.shape[1]), values.dtype))
    np.add.at(sums, labels, values)
    return sums


NUMPY = {
    "sin": np.sin,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "tanh": np.tanh,
    "sum": np.sum,
    "mean": np.mean,
    "einsum": np.einsum,
    "softplus": lambda x: np.logaddexp(0.0, x),
    "relu": lambda x: np.maximum(x, 0.0),
    "take": lambda x, rows: x[rows],
    "segment_sum": segment_sum,
    "conv2d": conv2d,
    "cholesky": np.linalg.cholesky,
    "solve_lower": lambda a, b: solve_triangular(a, b, lower=True),
    "diagonal": np.diagonal,
    "rfft": np.fft.rfft,
    "irfft": np.fft.irfft,
    "matvec": np.matmul,
    "weighed": mul,
    "loop": loop,
}


class Gradtape(Peer):
    """A tape around the program, as in the README."""

    package = "gradtape"
    xp = Spellings(**NUMPY)

    def gradient(self, program: Any, inputs: Any, data: Any) -> Any:
        """Ask the tape."""
        xp = self.xp
        variables = [gt.Variable(x) for x in inputs]

        def run() -> Any:
            with gt.GradientTape() as tape:
                y = program(xp, variables, data)
            return tape.gradient(y, variables)

        return run

    def recorded(self, program: Any, inputs: Any, data: Any) -> Any:
        """Only record, and keep the tape."""
        variables = [gt.Variable(x) for x in inputs]

        def run() -> Any:
            with gt.GradientTape() as tape:
                y = program(self.xp, variables, data)
            return tape, y

        return run

    def jacobian(self, program: Any, inputs: Any, data: Any) -> Any:
        """Ask the tape."""
        x = gt.Variable(inputs[0])

        def run() -> Any:
            with gt.GradientTape() as tape:
                y = program(self.xp, (x,), data)
            return (tape.jacobian(y, x),)

        return run

    def hvp(self, program: Any, inputs: Any, data: Any) -> Any:
        """Use the functional form."""
        return lambda: (gt.hvp(lambda x: program(self.xp, (x,), data), inputs[0], data["v"]),)

    def second(self, program: Any, inputs: Any, data: Any) -> Any:
        """Put a tape around a tape."""
        x = gt.Variable(inputs[0])

        def run() -> Any:
            with gt.GradientTape() as outer:
                with gt.GradientTape() as tape:
                    y = program(self.xp, (x,), data)
                slope = tape.gradient(y, x)
            return (outer.gradient(slope, x),)

        return run


PEER = Gradtape()
