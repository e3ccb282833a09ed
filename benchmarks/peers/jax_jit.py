"""JAX, compiled."""

from __future__ import annotations

import os
from operator import mul
from typing import Any

# one thread, as everybody else here
os.environ.setdefault("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1")

import jax
import jax.numpy as jnp
from jax.scipy.linalg import solve_triangular

from peers.peer import Peer, Spellings

jax.config.update("jax_enable_x64", True)


def loop(step: Any, state: Any, seen: Any) -> Any:
    """Step inside the compiled program."""
    return jax.lax.scan(lambda s, x: (step(s, x), None), state, seen)[0]


def conv2d(x: Any, w: Any) -> Any:
    """Convolve with channels last."""
    return jax.lax.conv_general_dilated(x, w, (1, 1), "VALID", dimension_numbers=("NHWC", "HWIO", "NHWC"))


class Jit(Peer):
    """Transformations of functions, and `jit` around them."""

    package = "jax"
    xp = Spellings(
        sin=jnp.sin,
        exp=jnp.exp,
        log=jnp.log,
        sqrt=jnp.sqrt,
        tanh=jnp.tanh,
        sum=jnp.sum,
        mean=jnp.mean,
        einsum=jnp.einsum,
        softplus=jax.nn.softplus,
        relu=jax.nn.relu,
        take=lambda x, rows: x[rows],
        segment_sum=jax.ops.segment_sum,
        conv2d=conv2d,
        cholesky=jnp.linalg.cholesky,
        solve_lower=lambda a, b: solve_triangular(a, b, lower=True),
        diagonal=jnp.diagonal,
        rfft=jnp.fft.rfft,
        irfft=jnp.fft.irfft,
        matvec=jnp.matmul,
        weighed=mul,
        loop=loop,
    )

    def _compiled(self, transformed: Any, inputs: Any, data: Any) -> Any:
        inputs, data = jax.tree.map(jnp.asarray, (tuple(inputs), data))
        compiled = jax.jit(transformed)
        return lambda: jax.block_until_ready(compiled(inputs, data))

    def gradient(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate with respect to a tuple."""
        return self._compiled(jax.grad(lambda x, data: program(self.xp, x, data)), inputs, data)

    def jacobian(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate in reverse, all rows at once."""
        return self._compiled(jax.jacrev(lambda x, data: program(self.xp, x, data)), inputs, data)

    def hvp(self, program: Any, inputs: Any, data: Any) -> Any:
        """Go forward over reverse."""

        def product(x: Any, data: Any) -> Any:
            slope = jax.grad(lambda x: program(self.xp, x, data))
            return jax.jvp(slope, (x,), ((data["v"],),))[1]

        return self._compiled(product, inputs, data)

    def second(self, program: Any, inputs: Any, data: Any) -> Any:
        """Differentiate sums, twice."""
        slope = jax.grad(lambda x, data: program(self.xp, x, data).sum())
        return self._compiled(jax.grad(lambda x, data: slope(x, data)[0].sum()), inputs, data)


PEER = Jit()
