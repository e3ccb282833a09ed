import jax
import jax.numpy as jnp


def huber(r):
    if jnp.abs(r) < 1.0:  #~ GT508
        return 0.5 * r**2
    return jnp.abs(r) - 0.5


def loss(w, x, y):
    residual = x @ w - y
    return jax.vmap(huber)(residual).mean()


print(jax.grad(loss)(jnp.ones(2), jnp.ones((4, 2)), jnp.zeros(4)))
