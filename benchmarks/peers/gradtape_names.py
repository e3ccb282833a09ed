"""gradtape by the functions of `gradtape.numpy`, which spare NumPy's dispatch."""

from __future__ import annotations

import gradtape.numpy as gnp
from peers.gradtape_numpy import NUMPY, Gradtape
from peers.peer import Spellings


class Names(Gradtape):
    """The same tape, other names."""

    xp = Spellings(
        **NUMPY
        | {name: getattr(gnp, name) for name in ("sin", "exp", "log", "sqrt", "tanh", "sum", "mean", "einsum")}
        | {"matvec": gnp.matmul}
        | {"softplus": lambda x: gnp.logaddexp(0.0, x), "relu": lambda x: gnp.maximum(x, 0.0)}
    )


PEER = Names()
