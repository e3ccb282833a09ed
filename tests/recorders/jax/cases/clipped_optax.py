import jax
import jax.numpy as jnp
import optax


def mlp(params, x):
    h = jax.nn.relu(x @ params["w1"] + params["b1"])
    return jnp.clip(h @ params["w2"], 0.0, 1.0)  #~ GT404


def loss_fn(params, x, y):
    return jnp.mean((mlp(params, x) - y) ** 2)


opt = optax.adam(1e-2)
k1, k2 = jax.random.split(jax.random.PRNGKey(0))
params = {"w1": jnp.ones((3, 4)), "b1": jnp.zeros(4), "w2": 10.0 * jnp.ones((4, 1))}
state = opt.init(params)


@jax.jit
def train_step(params, state, x, y):
    loss, grads = jax.value_and_grad(loss_fn)(params, x, y)
    updates, state = opt.update(grads, state, params)
    return optax.apply_updates(params, updates), state, loss


x = jax.random.uniform(k2, (16, 3)) + 0.5
for _ in range(3):
    params, state, loss = train_step(params, state, x, jnp.zeros((16, 1)))
print(loss)
