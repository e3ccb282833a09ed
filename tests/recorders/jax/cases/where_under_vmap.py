import jax
import jax.numpy as jnp


def log_ratio(x):
    return jnp.where(x > 0, jnp.log(x), 0.0)  #~ GT402


def score(theta, row):
    return jnp.sum(log_ratio(row) * theta)


def total(scale, theta, rows):
    return jnp.mean(jax.vmap(score, (None, 0))(theta, rows * scale))


rows = jnp.array([[1.0, 0.0, 2.0], [3.0, 1.0, 0.5]])
value, grad = jax.value_and_grad(total)(1.0, jnp.ones(3), rows)
print(value, grad)
