import jax
import jax.numpy as jnp


def ranks(x):
    return jnp.argsort(jnp.argsort(x)).astype(jnp.float32)  #~ GT301


def spearman(a, b):
    ra, rb = ranks(a), ranks(b)
    ra, rb = ra - ra.mean(), rb - rb.mean()
    return jnp.sum(ra * rb) / jnp.sqrt(jnp.sum(ra**2) * jnp.sum(rb**2))


def loss(w, x, y):
    return 1.0 - spearman(x @ w, y)


x = jax.random.normal(jax.random.PRNGKey(0), (8, 3))
print(jax.jit(jax.grad(loss))(jnp.ones(3), x, jnp.arange(8.0)))
