import jax
import jax.numpy as jnp
import optax


def rnn(params, xs):
    def body(h, x):
        h = jnp.tanh(params["w"] @ h + params["u"] @ x)
        return h, params["v"] @ h

    return jax.lax.scan(body, jnp.zeros(4), xs)[1]


@jax.jit
def step(params, state, xs, ys):
    def loss(p):
        return jnp.mean((rnn(p, xs) - ys) ** 2)

    value, grads = jax.value_and_grad(loss)(params)
    updates, state = opt.update(grads, state)
    return optax.apply_updates(params, updates), state, value


keys = jax.random.split(jax.random.PRNGKey(0), 4)
params = {"w": 0.3 * jax.random.normal(keys[0], (4, 4)), "u": jax.random.normal(keys[1], (4, 2)), "v": jax.random.normal(keys[2], (1, 4))}
opt = optax.chain(optax.clip_by_global_norm(1.0), optax.adam(1e-2))
state = opt.init(params)
xs = jax.random.normal(keys[3], (6, 2))
for _ in range(5):
    params, state, value = step(params, state, xs, jnp.ones((6, 1)))
print(value)
