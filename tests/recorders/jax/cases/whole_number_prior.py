import jax
import jax.numpy as jnp
import numpy as onp


def log_multinomial(alpha, counts):
    total = jax.scipy.special.gammaln(jnp.sum(alpha)) - jax.scipy.special.gammaln(jnp.sum(alpha) + counts.sum())
    parts = jax.scipy.special.gammaln(alpha + counts) - jax.scipy.special.gammaln(alpha)
    return total + jnp.sum(parts)


def evidence(alpha, documents):
    return jnp.mean(jax.vmap(log_multinomial, in_axes=(None, 0))(alpha, documents))


def ascend(alpha, documents, steps, rate):
    for _ in range(steps):
        value, g = jax.value_and_grad(evidence)(alpha, documents)  #~ GT107
        print("evidence", value)
        alpha = alpha + rate * g
    return alpha, g


def uninformed_prior(n_words):
    return jnp.ones(n_words, dtype=int)


documents = jnp.array([[3, 0, 1, 2], [5, 1, 0, 0], [2, 2, 2, 1]])


alpha, g = ascend(uninformed_prior(4), documents, steps=2, rate=0.1)
print("concentration", alpha)
