import jax
import jax.numpy as jnp
import numpy as onp


def encode(params, x):
    h = jnp.tanh(x @ params["enc"])
    return h[:, :2], h[:, 2:]


def decode(params, z):
    return z @ params["dec"]


def elbo(params, key, x):
    mean, log_std = encode(params, x)
    z = mean + jnp.exp(log_std) * jax.random.normal(key, mean.shape)
    recon = jnp.mean(jnp.sum((decode(params, z) - x) ** 2, axis=1))
    kl = jnp.mean(jnp.sum(0.5 * (mean**2 + jnp.exp(2 * log_std) - 1) - log_std, axis=1))
    return recon + 0.1 * kl, {"recon": recon, "kl": kl}  #~ GT601


def train(params, key, x, steps, lr):
    gradient = jax.grad(elbo)
    for k in jax.random.split(key, steps):
        grads = gradient(params, k, x)
        params = jax.tree.map(lambda p, g: p - lr * g, params, grads)
    return params, grads


k1, k2, k3, k4 = jax.random.split(jax.random.PRNGKey(2), 4)
params = {"enc": 0.3 * jax.random.normal(k1, (5, 4)), "dec": 0.3 * jax.random.normal(k2, (2, 5))}
x = jax.random.normal(k3, (16, 5))


params, grads = train(params, k4, x, steps=3, lr=0.05)
value, metrics = elbo(params, k4, x)
print({k: float(v) for k, v in metrics.items()})
