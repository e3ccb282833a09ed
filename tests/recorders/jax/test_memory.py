"""A long run keeps no more than a short one: no recordings, no questions, no arrays."""

import pytest

from gradtape.explain import Status

from .test_reasons import heard
from .wrong import HEAD

LOOP = """
import gc

counts = []

def count():
    jax.clear_caches()  # what JAX has compiled it keeps by itself
    gc.collect()
    kinds = [type(o).__name__ for o in gc.get_objects()]
    counts.append((sum(k in ("Asked", "Recording", "Program") for k in kinds), len(jax.live_arrays())))

def loss(w):
    hidden = jnp.tanh(w * x)
    return jnp.sum(hidden**2) {extra}

gradient = {gradient}
w = jnp.array(0.3)
for step in range({steps}):
    w = w - 0.01 * gradient(w)
    if step in {{ {early}, {steps} - 1 }}:
        count()
"""

LOOPS = {
    "compiled": ("jax.jit(jax.grad(loss))", "", 1000),
    "compiled anew in each round": ("lambda w: jax.jit(jax.grad(loss))(w)", "", 45),
    "operation by operation": ("jax.grad(loss)", "", 200),
    "of gradients that are zero": ("jax.jit(jax.grad(lambda w: loss(jnp.round(w))))", "", 1000),
    "of hessians": ("jax.jit(jax.hessian(loss))", "", 300),
    "with a value that leaves": ("jax.grad(loss)", "+ w * float(lax.stop_gradient(w).item() > 9)", 200),
}


SLOW = {"compiled anew in each round"}


@pytest.mark.parametrize("name", [pytest.param(n, marks=pytest.mark.thorough if n in SLOW else ()) for n in LOOPS])
def test_a_long_loop_keeps_no_more_than_a_short_one(name, tmp_path):
    gradient, extra, steps = LOOPS[name]
    source = HEAD + LOOP.format(gradient=gradient, extra=extra, steps=steps, early=20)
    source += "\nassert counts[1][0] <= counts[0][0] + 9 and counts[1][1] <= counts[0][1] + 9, counts\n"
    reports, error = heard(source, tmp_path)
    assert error is None
    assert reports
    assert sum(r.times for r in reports) < 2 * steps + 2
    assert ("zero" in name) == any(r.status is Status.ZERO for r in reports)
