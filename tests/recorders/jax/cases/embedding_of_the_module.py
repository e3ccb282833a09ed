import jax
import jax.numpy as jnp
import numpy as onp


key = jax.random.PRNGKey(11)
k_table, k_w, k_tok = jax.random.split(key, 3)
params = {
    "table": 0.3 * jax.random.normal(k_table, (20, 5)),
    "w": 0.3 * jax.random.normal(k_w, (5, 2)),
}


def embed(tokens):
    return params["table"][tokens].mean(axis=1)  #~ GT104


def logits(p, tokens):
    return embed(tokens) @ p["w"]


def cross_entropy(p, tokens, label):
    log_prob = jax.nn.log_softmax(logits(p, tokens))
    return -jnp.mean(jnp.take_along_axis(log_prob, label[:, None], axis=1))


def penalty(p):
    return 1e-3 * jnp.sum(p["w"] ** 2)


def loss(p, tokens, label):
    return cross_entropy(p, tokens, label) + penalty(p)


tokens = jax.random.randint(k_tok, (8, 6), 0, 20)
label = jnp.arange(8) % 2
for step in range(3):
    value, grads = jax.value_and_grad(loss)(params, tokens, label)
    params = jax.tree.map(lambda a, g: a - 0.5 * g, params, grads)
    print(step, value)
