import jax
import jax.numpy as jnp
import numpy as onp
from jax import lax


def scale_rows(K, v, a):
    return a / (K @ v)


def scale_columns(K, u, b):
    return b / (K.T @ u)


def sinkhorn(cost, a, b, reg=0.5, tol=1e-4, limit=200):
    K = jnp.exp(-cost / reg)

    def unfinished(state):
        i, u, v, error = state
        return (i < limit) & (error > tol)

    def sweep(state):
        i, u, v, _ = state
        u = scale_rows(K, v, a)
        v = scale_columns(K, u, b)
        error = jnp.abs(u * (K @ v) - a).sum()
        return i + 1, u, v, error

    start = (0, jnp.ones_like(a), jnp.ones_like(b), jnp.inf)
    _, u, v, _ = lax.while_loop(unfinished, sweep, start)  #~ GT305
    return u[:, None] * K * v[None, :]


def transport_cost(points, anchors, a, b):
    cost = jnp.sum((points[:, None] - anchors[None]) ** 2, axis=-1)
    return jnp.sum(sinkhorn(cost, a, b) * cost)


points = jax.random.normal(jax.random.PRNGKey(0), (5, 2))
anchors = jax.random.normal(jax.random.PRNGKey(1), (4, 2)) + 0.5
a, b = jnp.full(5, 1 / 5), jnp.full(4, 1 / 4)
print("cost", transport_cost(points, anchors, a, b))


g = jax.grad(transport_cost)(points, anchors, a, b)
