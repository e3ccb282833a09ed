"""MyGrad."""

from __future__ import annotations

from typing import Any

import mygrad as mg

from peers.peer import Peer, Spellings, loop
from workloads.networks import conv2d


class MyGrad(Peer):
    """Tensors that know their gradient; first derivatives only."""

    package = "mygrad"
    xp = Spellings(
        sin=mg.sin,
        exp=mg.exp,
        log=mg.log,
        sqrt=mg.sqrt,
        tanh=mg.tanh,
        sum=mg.sum,
        mean=mg.mean,
        einsum=mg.einsum,
        softplus=lambda x: mg.logaddexp(0.0, x),
        relu=lambda x: mg.maximum(x, 0.0),
        take=lambda x, rows: x[rows],
        conv2d=conv2d,
        matvec=mg.matmul,
        loop=loop,
    )

    def gradient(self, program: Any, inputs: Any, data: Any) -> Any:
        """Run backwards from the result."""

        def run() -> Any:
            tensors = [mg.tensor(x) for x in inputs]
            program(self.xp, tensors, data).backward()
            return [t.grad for t in tensors]

        return run


PEER = MyGrad()
