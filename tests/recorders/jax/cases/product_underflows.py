import jax
import jax.numpy as jnp
import numpy as onp


def density(x, mean, scale):
    z = (x - mean) / scale
    return jnp.exp(-0.5 * z**2) / (scale * jnp.sqrt(2 * jnp.pi))


def component_likelihood(series, mean, scale):
    return jnp.prod(density(series, mean, scale))


def mixture(params, series):
    weight = jax.nn.softmax(params["logit"])
    scale = jax.nn.softplus(params["raw_scale"])
    each = jax.vmap(component_likelihood, in_axes=(None, 0, 0))(series, params["mean"], scale)
    return jnp.dot(weight, each)


def negative_log_likelihood(params, data):
    return -jnp.mean(jnp.log(jax.vmap(mixture, in_axes=(None, 0))(params, data)))  #~ GT401


key = jax.random.PRNGKey(5)
data = jnp.where(jnp.arange(7)[:, None] % 2 == 0, -1.0, 2.0) + 0.5 * jax.random.normal(key, (7, 150))
params = {"logit": jnp.zeros(2), "mean": jnp.array([-0.5, 1.0]), "raw_scale": jnp.zeros(2)}
value, g = jax.jit(jax.value_and_grad(negative_log_likelihood))(params, data)
print("nll", value)
