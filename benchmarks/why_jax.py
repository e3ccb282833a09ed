"""What a JAX program costs under `gradtape why`: the same training steps with and without the recorder.

Prints a Markdown table. Run with JAX installed: `python benchmarks/why_jax.py`.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import jax
import jax.numpy as jnp
from jax import lax

from gradtape.recorders.hearing import Hearing

if TYPE_CHECKING:
    from collections.abc import Callable

STEPS = 60
ROUNDS = 3


def network(width: int) -> tuple[dict[str, jax.Array], Callable[..., jax.Array]]:
    """Return the parameters of a small network and its loss."""
    keys = jax.random.split(jax.random.key(0), 3)
    sizes = (32, width, width, 10)
    params = {f"w{k}": jax.random.normal(key, sizes[k : k + 2]) * 0.1 for k, key in enumerate(keys)}

    def loss(params, x, y):
        for k in range(3):
            x = jnp.tanh(x @ params[f"w{k}"])
        return jnp.mean((x - y) ** 2)

    return params, loss


def compiled() -> Callable[[], object]:
    """Train a network with a compiled step."""
    params, loss = network(64)
    x, y = jnp.ones((128, 32)), jnp.ones((128, 10))

    @jax.jit
    def step(params):
        value, g = jax.value_and_grad(loss)(params, x, y)
        return jax.tree.map(lambda p, d: p - 0.1 * d, params, g), value

    def run():
        p = params
        for _ in range(STEPS):
            p, value = step(p)
            value.block_until_ready()
        return p

    return run


def long() -> Callable[[], object]:
    """Train a network for 1,000 compiled steps, and print the loss now and then."""
    params, loss = network(64)
    x, y = jnp.ones((128, 32)), jnp.ones((128, 10))
    gradient = jax.jit(jax.value_and_grad(loss))
    update = jax.jit(lambda params, g: jax.tree.map(lambda p, d: p - 0.1 * d, params, g))

    def run():
        p, seen = params, []
        for step in range(1000):
            value, g = gradient(p, x, y)
            p = update(p, g)
            if step % 50 == 0:
                seen.append(float(value))
        return seen

    return run


def eager() -> Callable[[], object]:
    """Train a network without `jit`: every operation is recorded."""
    params, loss = network(64)
    x, y = jnp.ones((128, 32)), jnp.ones((128, 10))

    def run():
        p = params
        for _ in range(STEPS):
            g = jax.grad(loss)(p, x, y)
            p = jax.tree.map(lambda p, d: p - 0.1 * d, p, g)
        return jax.block_until_ready(p)

    return run


def scanned() -> Callable[[], object]:
    """Train a network in one compiled loop."""
    params, loss = network(64)
    x, y = jnp.ones((128, 32)), jnp.ones((128, 10))

    @jax.jit
    def train(params):
        def step(p, _):
            g = jax.grad(loss)(p, x, y)
            return jax.tree.map(lambda p, d: p - 0.1 * d, p, g), None

        return lax.scan(step, params, None, length=STEPS)[0]

    return lambda: jax.block_until_ready(train(params))


def chain() -> Callable[[], object]:
    """Differentiate a chain of 600 operations without `jit`."""

    def f(x):
        for _ in range(300):
            x = jnp.sin(x) * 1.01
        return jnp.sum(x)

    def run():
        return jax.block_until_ready(jax.grad(f)(jnp.ones(10)))

    return run


def seconds(make: Callable[[], Callable[[], object]]) -> float:
    """Return the least processor time of a few runs, the first left out: it compiles."""
    run = make()
    run()
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        best = min(best, time.process_time() - start)
    return best


def main() -> None:
    """Measure and print."""
    print("| program | alone | under `gradtape why` | factor |")
    print("| --- | --- | --- | --- |")
    for make in (compiled, long, scanned, eager, chain):
        alone = seconds(make)
        with Hearing() as hearing:
            watched = seconds(make)
            hearing.finish()
        name = (make.__doc__ or "").rstrip(".")
        print(f"| {name} | {1e3 * alone:.1f} ms | {1e3 * watched:.1f} ms | {watched / alone:.2f} |")


if __name__ == "__main__":
    main()
