"""HIPS autograd."""

from __future__ import annotations

from operator import mul
from typing import Any

import autograd
import autograd.numpy as anp
from autograd.scipy.linalg import solve_triangular

from peers.peer import Peer, Spellings, loop
from workloads.networks import conv2d


class Autograd(Peer):
    """Functions of one tuple of arguments."""

    package = "autograd"
    xp = Spellings(
        sin=anp.sin,
        exp=anp.exp,
        log=anp.log,
        sqrt=anp.sqrt,
        tanh=anp.tanh,
        sum=anp.sum,
        mean=anp.mean,
        einsum=anp.einsum,
        softplus=lambda x: anp.logaddexp(0.0, x),
        relu=lambda x: anp.maximum(x, 0.0),
        take=lambda x, rows: x[rows],
        conv2d=conv2d,
        cholesky=anp.linalg.cholesky,
        solve_lower=lambda a, b: solve_triangular(a, b, lower=True),
        diagonal=anp.diag,
        rfft=anp.fft.rfft,
        irfft=anp.fft.irfft,
        matvec=anp.matmul,
        weighed=mul,
        loop=loop,
    )

    def gradient(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate with respect to a tuple."""
        gradient = autograd.grad(lambda x: program(self.xp, x, data))
        return lambda: gradient(tuple(inputs))

    def jacobian(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate row by row."""
        jacobian = autograd.jacobian(lambda x: program(self.xp, (x,), data))
        return lambda: (jacobian(inputs[0]),)

    def hvp(self, program: Any, inputs: Any, data: Any) -> Any:
        """Use its product with the Hessian."""
        product = autograd.hessian_vector_product(lambda x: program(self.xp, (x,), data))
        return lambda: (product(inputs[0], data["v"]),)

    def second(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate elementwise, twice."""
        second = autograd.elementwise_grad(autograd.elementwise_grad(lambda x: program(self.xp, (x,), data)))
        return lambda: (second(inputs[0]),)


PEER = Autograd()
