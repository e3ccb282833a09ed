import jax
import jax.numpy as jnp


def value(params, s):
    return jnp.tanh(s @ params["w"]) @ params["v"]


def td_error(params, batch):
    s, r, s2 = batch
    target = r + 0.9 * value(params, s2)
    return jax.lax.stop_gradient(target - value(params, s))  #~ GT304


def loss(params, batch):
    return jnp.mean(td_error(params, batch) ** 2)


@jax.jit
def update(params, batch):
    grads = jax.grad(loss)(params, batch)
    return jax.tree_util.tree_map(lambda p, g: p - 0.1 * g, params, grads)


key = jax.random.PRNGKey(1)
params = {"w": jax.random.normal(key, (3, 4)), "v": jnp.ones(4)}
batch = (jax.random.normal(key, (5, 3)), jnp.ones(5), jax.random.normal(key, (5, 3)) + 1)
for _ in range(3):
    params = update(params, batch)
print(params["v"])
