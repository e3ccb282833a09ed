import jax
import jax.numpy as jnp
import numpy as onp
from jax import lax


def quantise(w, bits):
    levels = 2 ** (bits - 1) - 1
    scale = lax.stop_gradient(jnp.max(jnp.abs(w))) / levels
    snapped = jnp.round(w / scale) * scale
    return w + lax.stop_gradient(snapped - w)


def forward(params, x):
    h = jax.nn.relu(x @ quantise(params["w1"], 4) + params["b1"])
    return h @ quantise(params["w2"], 4)


def loss(params, x, y):
    return jnp.mean((forward(params, x) - y) ** 2)


@jax.jit
def step(params, x, y):
    value, g = jax.value_and_grad(loss)(params, x, y)
    return jax.tree.map(lambda p, d: p - 0.1 * d, params, g), value, g


k1, k2, k3 = jax.random.split(jax.random.PRNGKey(0), 3)
params = {"w1": jax.random.normal(k1, (3, 8)), "b1": jnp.zeros(8), "w2": jax.random.normal(k2, (8,)) / 3}
x = jax.random.normal(k3, (32, 3))
y = jnp.sin(x).sum(axis=1)
for _ in range(3):
    params, value, g = step(params, x, y)
    print("loss", value)
