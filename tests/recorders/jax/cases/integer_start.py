import jax
import jax.numpy as jnp


def energy(x):
    return jnp.sum((x - 0.5) ** 2)


def descend(x, steps):
    for _ in range(steps):
        x = x - 0.1 * jax.grad(energy)(x)  #~ GT107
    return x


start = jnp.array([3, 4])
print(descend(start, 2))
