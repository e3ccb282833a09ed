import jax
import jax.numpy as jnp


def distance(a, b):
    return jnp.linalg.norm(a - b)  #~ GT401


def pairwise(points):
    return jax.vmap(lambda p: jax.vmap(lambda q: distance(p, q))(points))(points)


def stress(points, wanted):
    return jnp.sum((pairwise(points) - wanted) ** 2)


points = jnp.array([[0.0, 0.0], [1.0, 0.0], [0.0, 2.0]])
print(jax.grad(stress)(points, jnp.ones((3, 3)) - jnp.eye(3)))
