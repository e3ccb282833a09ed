import jax
import jax.numpy as jnp
import numpy as onp


class GP:
    def __init__(self, x, noise):
        self.x, self.noise = x, noise
        self.cache = {}

    def gram(self, theta):
        gap = (self.x[:, None] - self.x[None]) / jnp.exp(theta["log_length"])
        return jnp.exp(theta["log_scale"] - 0.5 * gap**2)

    def factor(self, theta):
        if "chol" not in self.cache:
            K = self.gram(theta) + self.noise * jnp.eye(len(self.x))
            self.cache["chol"] = jnp.linalg.cholesky(K)  #~ GT509
        return self.cache["chol"]

    def negative_log_likelihood(self, theta, y):
        L = self.factor(theta)
        half = jax.scipy.linalg.solve_triangular(L, y, lower=True)
        return 0.5 * jnp.sum(half**2) + jnp.sum(jnp.log(jnp.diag(L)))


def fit(gp, theta, y, steps, lr):
    for _ in range(steps):
        value, grads = jax.value_and_grad(gp.negative_log_likelihood)(theta, y)
        theta = jax.tree.map(lambda t, g: t - lr * g, theta, grads)
        print("nll", value)
    return theta, grads


x = jnp.linspace(0.0, 3.0, 8)
y = jnp.sin(2 * x)
gp = GP(x, noise=0.1)
theta = {"log_length": jnp.array(-0.5), "log_scale": jnp.array(0.0)}


theta, grads = fit(gp, theta, y, steps=2, lr=0.05)
