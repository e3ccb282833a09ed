import jax
import jax.numpy as jnp


class Schedule:
    def __init__(self, base):
        self.base = base

    def __call__(self, t):
        return self.base * float(jnp.exp(-t))  #~ GT202


schedule = Schedule(0.1)


@jax.jit
def step(w, t):
    g = jax.grad(lambda w: jnp.sum((w - 1.0) ** 2) * schedule(t))(w)
    return w - g


print(step(jnp.zeros(2), 1.0))
