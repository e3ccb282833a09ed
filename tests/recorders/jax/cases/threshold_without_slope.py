from functools import partial

import jax
import jax.numpy as jnp
import numpy as onp


@partial(jax.custom_vjp, nondiff_argnums=(2,))
def leaky_threshold(x, level, leak):
    return jnp.where(x > level, x - level, leak * (x - level))


def leaky_threshold_fwd(x, level, leak):
    return leaky_threshold(x, level, leak), (x, level)


def leaky_threshold_bwd(leak, residual, ct):
    x, level = residual
    slope = jnp.where(x > level, 1.0, leak)
    return ct * slope, jnp.zeros_like(level)  #~ GT307


leaky_threshold.defvjp(leaky_threshold_fwd, leaky_threshold_bwd)


def network(params, x):
    h = leaky_threshold(x @ params["w"], params["level"], 0.1)
    return h @ params["v"]


def loss(params, x, y):
    return jnp.mean((network(params, x) - y) ** 2)


def train(params, x, y, steps, lr):
    step = jax.jit(jax.value_and_grad(loss))
    for _ in range(steps):
        value, grads = step(params, x, y)
        params = {k: params[k] - lr * grads[k] for k in params}
        print("loss", value)
    return params, grads


k1, k2, k3 = jax.random.split(jax.random.PRNGKey(7), 3)
params = {
    "w": jax.random.normal(k1, (3, 6)) / 2,
    "level": jnp.linspace(-0.2, 0.2, 6),
    "v": jax.random.normal(k2, (6,)) / 2,
}
x = jax.random.normal(k3, (20, 3))
y = jnp.abs(x[:, 0])
params, grads = train(params, x, y, steps=3, lr=0.1)
