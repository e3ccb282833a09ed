import jax
import jax.numpy as jnp
import numpy as onp
from jax import lax


def balance(c, p):
    return c**3 + p["k"] * c - p["total"]


def bisect(p):
    def shrink(state):
        lo, hi = state
        mid = 0.5 * (lo + hi)
        below = balance(mid, p) < 0
        return jnp.where(below, mid, lo), jnp.where(below, hi, mid)

    lo, hi = lax.while_loop(lambda s: s[1] - s[0] > 1e-6, shrink, (jnp.zeros(()), jnp.array(4.0)))
    return 0.5 * (lo + hi)


@jax.custom_vjp
def concentration(p):
    return bisect(p)


def concentration_fwd(p):
    c = bisect(p)
    return c, (c, p)


def concentration_bwd(residual, ct):
    c, p = residual
    slope = jax.grad(balance)(c, p)
    _, pull = jax.vjp(lambda q: balance(c, q), p)
    return pull(-ct / slope)


concentration.defvjp(concentration_fwd, concentration_bwd)


def misfit(p, seen):
    return (jnp.log(concentration(p)) - seen) ** 2


p = {"k": jnp.array(1.3), "total": jnp.array(5.0)}
for _ in range(3):
    value, g = jax.value_and_grad(misfit)(p, 0.1)
    p = {name: p[name] - 0.2 * g[name] for name in p}
    print("misfit", value)
