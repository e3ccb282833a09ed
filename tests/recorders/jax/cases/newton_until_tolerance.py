import jax
import jax.numpy as jnp
import numpy as onp


def kepler(E, M, e):
    return E - e * jnp.sin(E) - M


def solve(M, e, tol=1e-5, limit=30):
    E, n = M, 0
    delta = jnp.inf
    while abs(delta) > tol and n < limit:  #~ GT508
        delta = kepler(E, M, e) / (1.0 - e * jnp.cos(E))
        E = E - delta
        n += 1
    return E


def position(elements, t):
    a, e, n = elements
    E = solve(n * t, e)
    return jnp.stack([a * (jnp.cos(E) - e), a * jnp.sqrt(1 - e**2) * jnp.sin(E)])


def misfit(elements, times, seen):
    track = jnp.stack([position(elements, t) for t in times])
    return jnp.mean((track - seen) ** 2)


times = [0.3, 0.9, 1.7]
seen = jnp.array([[0.75, 0.3], [0.3, 0.85], [-0.5, 0.9]])
elements = jnp.array([1.0, 0.2, 1.1])


g = jax.jit(jax.grad(misfit))(elements, jnp.array(times), seen)
print("gradient", g)
