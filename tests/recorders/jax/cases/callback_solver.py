import jax
import jax.numpy as jnp
import numpy as np


def host_solve(a, b):
    return np.linalg.solve(a, b).astype(np.float32)


def solve(a, b):
    return jax.pure_callback(host_solve, jax.ShapeDtypeStruct(b.shape, b.dtype), a, b)  #~ GT305


def compliance(stiffness, load):
    k = jnp.diag(stiffness) + 0.1
    return load @ solve(k, load)


print(jax.grad(compliance)(jnp.ones(3), jnp.array([0.0, 1.0, 0.0])))
