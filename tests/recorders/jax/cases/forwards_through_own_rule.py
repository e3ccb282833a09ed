import jax
import jax.numpy as jnp
import numpy as onp


@jax.custom_vjp
def stable_log_cosh(x):
    return jnp.abs(x) + jnp.log1p(jnp.exp(-2 * jnp.abs(x))) - jnp.log(2.0)


def stable_log_cosh_fwd(x):
    return stable_log_cosh(x), jnp.tanh(x)


def stable_log_cosh_bwd(slope, ct):
    return (ct * slope,)


stable_log_cosh.defvjp(stable_log_cosh_fwd, stable_log_cosh_bwd)


def residuals(theta, t, y):
    amplitude, rate, offset = theta
    return stable_log_cosh(amplitude * jnp.exp(-rate * t) + offset - y)  #~ GT305


def gauss_newton(theta, t, y, damping):
    J = jax.jacfwd(residuals)(theta, t, y)
    r = residuals(theta, t, y)
    step = jnp.linalg.solve(J.T @ J + damping * jnp.eye(len(theta)), J.T @ r)
    return theta - step, J


t = jnp.linspace(0.0, 4.0, 12)
y = 2.0 * jnp.exp(-0.8 * t) + 0.3
theta = jnp.array([1.0, 0.5, 0.0])


for _ in range(3):
    theta, J = gauss_newton(theta, t, y, damping=0.1)
    print("theta", theta)
