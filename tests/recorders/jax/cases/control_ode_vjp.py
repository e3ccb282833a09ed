import jax
import jax.numpy as jnp


def field(y, t, theta):
    return jnp.array([y[1], -theta[0] * jnp.sin(y[0]) - theta[1] * y[1]])


def rk4(theta, y0, ts):
    def step(y, pair):
        t0, t1 = pair
        h = t1 - t0
        k1 = field(y, t0, theta)
        k2 = field(y + 0.5 * h * k1, t0 + 0.5 * h, theta)
        k3 = field(y + 0.5 * h * k2, t0 + 0.5 * h, theta)
        k4 = field(y + h * k3, t1, theta)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y, y

    return jax.lax.scan(step, y0, (ts[:-1], ts[1:]))[1]


theta = jnp.array([1.5, 0.2])
ts = jnp.linspace(0.0, 1.0, 11)
out, pull = jax.vjp(lambda th: rk4(th, jnp.array([0.6, 0.0]), ts), theta)
print(pull(jnp.ones_like(out)), jax.jacfwd(lambda th: rk4(th, jnp.array([0.6, 0.0]), ts)[-1])(theta))
