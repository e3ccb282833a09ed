import jax
import jax.numpy as jnp
import numpy as onp


def value(params, obs):
    h = jax.nn.relu(obs @ params["w"] + params["b"])
    return h @ params["v"]


def td_loss(params, target_params, batch):
    obs, reward, next_obs = batch
    bootstrap = reward + 0.9 * jax.lax.stop_gradient(value(target_params, next_obs))
    error = value(params, obs) - bootstrap
    return jnp.mean(jnp.where(jnp.abs(error) < 1.0, 0.5 * error**2, jnp.abs(error) - 0.5))


def polyak(target, online, tau):
    return jax.tree.map(lambda t, o: (1 - tau) * t + tau * o, target, online)


def clip_by_norm(g, limit):
    norm = jnp.sqrt(sum(jnp.sum(x**2) for x in jax.tree.leaves(g)))
    return jax.tree.map(lambda x: x * jnp.minimum(1.0, limit / (norm + 1e-6)), g)


@jax.jit
def learn(params, target, batch, lr=0.1):
    loss, g = jax.value_and_grad(td_loss)(params, target, batch)
    g = clip_by_norm(g, 1.0)
    params = jax.tree.map(lambda p, d: p - lr * d, params, g)
    return params, polyak(target, params, 0.01), loss, g


rng = onp.random.default_rng(0)
params = {
    "w": jnp.asarray(rng.normal(size=(3, 8)) * 0.5, dtype=jnp.float32),
    "b": jnp.zeros(8),
    "v": jnp.asarray(rng.normal(size=8) * 0.5, dtype=jnp.float32),
}
target = jax.tree.map(jnp.array, params)
history = []
for _ in range(3):
    obs, next_obs = rng.normal(size=(2, 16, 3)).astype(onp.float32)
    batch = (obs, onp.sign(obs[:, 0]), next_obs)
    params, target, loss, g = learn(params, target, batch)
    history.append(float(loss))
print("history", history)
