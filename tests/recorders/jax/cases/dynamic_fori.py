import jax
import jax.numpy as jnp


def power_iteration(m, n):
    def body(_, v):
        v = m @ v
        return v / jnp.linalg.norm(v)

    return jax.lax.fori_loop(0, n, body, jnp.ones(m.shape[0]))  #~ GT305


def top(m, n):
    v = power_iteration(m, n)
    return v @ m @ v


print(jax.jit(jax.grad(top))(jnp.diag(jnp.array([3.0, 1.0])), 6))
