"""Random functions: where the graph says that nothing flows JAX's gradient is exactly zero, and nowhere else."""

from __future__ import annotations

import random

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

from gradtape.recorders.frameworks import Options
from gradtape.recorders.heard import Heard
from gradtape.recorders.jax import sweep
from gradtape.recorders.jax.hooks import STATE
from gradtape.recorders.jax.program import replayed
from gradtape.recorders.jax.session import Session

SIZE = 3


@jax.custom_vjp
def without(x, y):
    return x * y


without.defvjp(lambda x, y: (x * y, y), lambda y, g: (g * y, jnp.zeros_like(y)))


@jax.custom_vjp
def nothing(x, y):
    return x + y


nothing.defvjp(lambda x, y: (x + y, None), lambda _, g: (None, g))


@jax.custom_jvp
def still(x):
    return jnp.sin(x)


still.defjvp(lambda primals, tangents: (still(*primals), jnp.zeros_like(primals[0])))


def carried(a, b):
    def step(carry, item):
        one, other = carry
        return (jnp.sin(other) + item, jnp.round(one * 10) + 0.5), one * item

    (one, other), rows = lax.scan(step, (a, b), jnp.stack([a, a + 1.0, a * 0.5]))
    return one + 0.3 * jnp.sum(rows, axis=0) + 0.1 * other


def chosen(a, b):
    return lax.cond(a[0] > 0, lambda a, b: jnp.sin(a), lambda a, b: b * 2.0, a, b)


def looped(a, b):
    return lax.while_loop(lambda c: c[0] < 2, lambda c: (c[0] + 1, c[1] * 0.9 + 0.1 * c[2], c[2]), (0, a, b))[1]


UNARY = [
    jnp.sin,
    lambda x: jnp.tanh(x) + x,
    lambda x: jnp.exp(-0.1 * x),
    lambda x: x[::-1],
    lambda x: jnp.cumsum(x),
    lambda x: x.at[1].multiply(2.0),
    lambda x: jnp.sort(x),
    lambda x: jnp.linalg.norm(x) + x,
    jax.jit(lambda x: jnp.cos(x) * x),
    jax.checkpoint(lambda x: jnp.sin(x) + 2.0),
    lambda x: jax.vmap(lambda t: t * 1.5)(x),
    lambda x: jax.nn.softplus(x),
    lambda x: lax.map(jnp.sin, x),
    still,
]
ENDING = [
    lambda x: jnp.round(x * 10) + 0.5,
    lambda x: jnp.floor(x * 10) + 0.5,
    lambda x: jnp.sign(x) + 0.5,
    lambda x: x * 0 + lax.stop_gradient(x) if False else lax.stop_gradient(x),
    lambda x: (x > 0.3).astype(jnp.float32) + 0.5,
    lambda x: (x * 10).astype(jnp.int32) * 1.0 + 0.5,
    lambda x: jnp.argsort(x) * 1.0 + 0.5,
    lambda x: x // 0.7 + 0.5,
    lambda x: jax.nn.one_hot(jnp.argmax(x), SIZE) + 0.5,
    jax.jit(lambda x: jnp.ceil(x * 5) + 0.5),
]
BINARY = [
    jnp.add,
    jnp.multiply,
    lambda a, b: a / (b**2 + 1.0),
    lambda a, b: jnp.where(jnp.arange(SIZE) % 2 == 0, a, b),
    lambda a, b: jnp.concatenate([a[:1], b[:2]]),
    lambda a, b: jnp.arctan2(a, b + 3.0),
    carried,
    chosen,
    without,
    lambda a, b: nothing(lax.optimization_barrier(a), b),  # JAX 0.10.2 fails where a scan's rows get None
]
"""No product with zeros, no mask that hides a whole array and nothing that saturates: where something flows, numbers
arrive.
"""


def program(seed):
    """Return a random function of three vectors, and the vectors."""
    draw = random.Random(seed)  # noqa: S311
    plan = []
    count = 3
    for _ in range(draw.randint(3, 9)):
        kind = draw.random()
        table = ENDING if kind < 0.3 else UNARY if kind < 0.6 else BINARY
        inputs = [draw.randrange(count) for _ in range(2 if table is BINARY else 1)]
        plan.append((draw.choice(table), inputs))
        count += 1
    used = draw.sample(range(3, count), k=min(2, count - 3))

    def function(a, b, c):
        values = [a, b, c]
        for f, inputs in plan:
            values.append(f(*(values[i] for i in inputs)))
        return sum(jnp.sum(values[i] * jnp.array([1.0, 1.7, 2.3])) for i in used)

    numbers = np.random.default_rng(seed)
    return function, [jnp.asarray(numbers.uniform(0.6, 2.4, SIZE), jnp.float32) for _ in range(3)]


class Answers(list):
    def look(self, asked, gradients, others):
        self.append((asked, gradients, others))


@pytest.fixture
def answers(monkeypatch):
    session = Session(Heard(), Options())
    found = Answers()
    monkeypatch.setattr(session.telling, "look", found.look)
    session.start()
    yield found, session.telling
    session.finish(None)


def flowing(asked, others, derivatives):
    """Return for each source whether the steps' own derivatives connect it with the target."""
    STATE.busy = True
    try:
        steps = replayed(asked.recording, others)
        connections = sweep.connected(steps, derivatives)
    finally:
        STATE.busy = False
    result = []
    for source in asked.sources:
        reached = {steps.names[source.number]}
        for step, links in zip(steps.steps, connections, strict=True):
            for k, number in enumerate(step.inputs):
                if number in reached:
                    reached.update(o for o, link in zip(step.outputs, links[k], strict=True) if link)
        result.append(any(steps.names[t] in reached for t in asked.recording.targets))
    return result


def check(seed, answers, wrap):
    found, telling = answers
    function, arrays = program(seed)
    gradients = wrap(jax.grad(function, argnums=(0, 1, 2)))(*arrays)
    jax.effects_barrier()
    telling.settle()
    if not found:  # compiled, and nothing is strange
        assert all(np.asarray(g).any() for g in gradients), seed
        return
    asked, _, others = found.pop()
    predicted = flowing(asked, others, telling.derivatives)
    assert predicted == [bool(np.asarray(g).any()) for g in gradients], seed


@pytest.mark.parametrize("start", range(0, 40, 10))
def test_zeros_are_predicted(start, answers):
    for seed in range(start, start + 10):
        check(seed, answers, lambda f: f)


def test_zeros_are_predicted_in_compiled_functions(answers):
    for seed in range(100, 108):
        check(seed, answers, jax.jit)


@pytest.mark.thorough
@pytest.mark.parametrize("start", range(1000, 3000, 50))
def test_zeros_are_predicted_in_many_programs(start, answers):
    for seed in range(start, start + 50):
        check(seed, answers, lambda f: f)
