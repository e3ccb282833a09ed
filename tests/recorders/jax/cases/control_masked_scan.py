import jax
import jax.numpy as jnp
import numpy as onp
from jax import lax


def cell(params, h, x, live):
    new = jnp.tanh(x @ params["wx"] + h @ params["wh"])
    return jnp.where(live[:, None], new, h)


def encode(params, x, length):
    def step(h, inputs):
        t, xt = inputs
        return cell(params, h, xt, t < length), None

    h0 = jnp.zeros((x.shape[1], params["wh"].shape[0]))
    h, _ = lax.scan(step, h0, (jnp.arange(x.shape[0]), x))
    return h


def safe_norm(h):
    squared = jnp.sum(h**2, axis=-1)
    zero = squared == 0
    return jnp.where(zero, 0.0, jnp.sqrt(jnp.where(zero, 1.0, squared)))


def loss(params, x, length, y):
    h = encode(params, x, length)
    logits = h @ params["out"]
    picked = jnp.take_along_axis(jax.nn.log_softmax(logits), y[:, None], axis=1)
    accuracy = jnp.mean(jnp.argmax(logits, axis=1) == y)
    return -picked.mean() + 0.01 * safe_norm(h).mean(), accuracy


keys = jax.random.split(jax.random.PRNGKey(9), 4)
params = {
    "wx": 0.5 * jax.random.normal(keys[0], (3, 6)),
    "wh": 0.5 * jax.random.normal(keys[1], (6, 6)),
    "out": 0.5 * jax.random.normal(keys[2], (6, 2)),
}
x = jax.random.normal(keys[3], (7, 5, 3))
length = jnp.array([7, 4, 0, 2, 5])
y = jnp.array([0, 1, 1, 0, 1])
(value, accuracy), g = jax.jit(jax.value_and_grad(loss, has_aux=True))(params, x, length, y)
print("loss", value, "accuracy", float(accuracy))
