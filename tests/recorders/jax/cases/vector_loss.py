import jax
import jax.numpy as jnp


def residuals(params, x, y):
    return params["a"] * jnp.exp(-params["b"] * x) - y


def objective(params, data):
    x, y = data
    return residuals(params, x, y) ** 2  #~ GT601


data = (jnp.linspace(0, 1, 5), jnp.ones(5))
print(jax.value_and_grad(objective)({"a": 1.0, "b": 2.0}, data))
