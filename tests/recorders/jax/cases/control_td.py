import jax
import jax.numpy as jnp


def q(params, s):
    return jax.nn.relu(s @ params["w"]) @ params["v"]


def loss(params, target_params, batch):
    s, a, r, s2 = batch
    target = jax.lax.stop_gradient(r + 0.9 * jnp.max(q(target_params, s2), axis=-1))
    chosen = jnp.take_along_axis(q(params, s), a[:, None], axis=1)[:, 0]
    return jnp.mean((chosen - target) ** 2)


k = jax.random.split(jax.random.PRNGKey(0), 5)
params = {"w": jax.random.normal(k[0], (4, 8)), "v": jax.random.normal(k[1], (8, 2))}
target = params
batch = (jax.random.normal(k[2], (10, 4)), jax.random.randint(k[3], (10,), 0, 2), jnp.ones(10), jax.random.normal(k[4], (10, 4)))
for i in range(3):
    grads = jax.grad(loss)(params, target, batch)
    params = jax.tree.map(lambda p, g: p - 0.01 * g, params, grads)
    if i % 2:
        target = params
print(float(loss(params, target, batch)))
