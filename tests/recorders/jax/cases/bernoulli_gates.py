import jax
import jax.numpy as jnp


def gates(key, logits):
    p = jax.nn.sigmoid(logits)
    return jax.random.bernoulli(key, p).astype(jnp.float32)  #~ GT306


def network(params, key, x):
    z = gates(key, params["logits"])
    return jnp.sum((x * z) @ params["w"])


def loss(params, key, x, y):
    return (network(params, key, x) - y) ** 2


params = {"logits": jnp.zeros(4), "w": jnp.ones(4)}
print(jax.grad(loss)(params, jax.random.PRNGKey(3), jnp.arange(1.0, 5.0), 2.0))
