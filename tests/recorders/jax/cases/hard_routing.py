import jax
import jax.numpy as jnp
import numpy as onp
from jax import lax


def route(params, x):
    score = x @ params["router"]
    expert = jnp.argmax(score, axis=-1)  #~ GT301
    return jax.nn.one_hot(expert, score.shape[-1])


def experts(params, x):
    return jnp.einsum("bi,eio->beo", x, params["experts"])


def temperature(params):
    return lax.stop_gradient(jax.nn.softplus(params["raw_temperature"]))  #~ GT304


def forward(params, x):
    gate = route(params, x)
    mixed = jnp.einsum("be,beo->bo", gate, experts(params, x))
    return mixed / temperature(params)


def loss(params, x, label):
    log_prob = jax.nn.log_softmax(forward(params, x))
    return -jnp.mean(jnp.sum(jax.nn.one_hot(label, 3) * log_prob, axis=-1))


@jax.jit
def sgd(params, x, label, lr=0.2):
    value, g = jax.value_and_grad(loss)(params, x, label)
    return jax.tree.map(lambda p, d: p - lr * d, params, g), value, g


k1, k2, k3 = jax.random.split(jax.random.PRNGKey(4), 3)
params = {
    "router": jax.random.normal(k1, (4, 2)),
    "experts": 0.5 * jax.random.normal(k2, (2, 4, 3)),
    "raw_temperature": jnp.array(0.5),
}
x = jax.random.normal(k3, (18, 4))
label = jnp.arange(18) % 3
for _ in range(3):
    params, value, g = sgd(params, x, label)
    print("loss", value)
