import jax
import jax.numpy as jnp
import numpy as onp


def weight_matrix(w, edges, n):
    rows, cols = edges.T
    half = jnp.zeros((n, n)).at[rows, cols].set(w)
    return half + half.T


def laplacian(w, edges, n):
    a = weight_matrix(w, edges, n)
    return jnp.diag(a.sum(axis=1)) - a


def embedding(w, edges, n, dim):
    values, vectors = jnp.linalg.eigh(laplacian(w, edges, n))  #~ GT401
    return vectors[:, 1 : dim + 1] * jnp.sqrt(values[1 : dim + 1])


def stress(w, edges, n, wanted):
    z = embedding(w, edges, n, dim=2)
    i, j = edges.T
    squared = jnp.sum((z[i] - z[j]) ** 2, axis=1)
    return jnp.mean((squared - wanted) ** 2)


def ring(n):
    i = onp.arange(n)
    return onp.stack([i, (i + 1) % n], axis=1)


n = 4
edges = onp.array([[0, 1], [0, 2], [0, 3], [1, 2], [1, 3], [2, 3]])
w = jnp.ones(len(edges))
wanted = jnp.linspace(0.5, 1.5, len(edges))
value, g = jax.value_and_grad(stress)(w, edges, n, wanted)
print("stress", value)
print("gradient", g)
