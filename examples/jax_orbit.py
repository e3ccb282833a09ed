"""Finds the thrust that brings a spacecraft to its station, by gradients through the flight: JAX, unchanged.

Run it alone, or under `gradtape why examples/jax_orbit.py`.
"""

import jax
import jax.numpy as jnp
from jax import lax

STEPS = 40
DT = 0.1
STATION = jnp.array([0.0, 1.2])


def gravity(position):
    distance = jnp.sqrt(jnp.sum(position**2) + 1e-6)
    return -position / distance**3


def fly(thrust, start, velocity):
    def step(state, burn):
        position, velocity = state
        velocity = velocity + DT * (gravity(position) + burn)
        position = position + DT * velocity
        return (position, velocity), position

    (end, _), path = lax.scan(step, (start, velocity), thrust)
    return end, path


def fuel(thrust):
    return jnp.mean(jnp.sum(thrust**2, axis=-1))


def nearness(path):
    closest = jnp.min(jnp.linalg.norm(path, axis=-1))
    return jax.nn.relu(0.5 - closest)


def cost(params, start, velocity):
    thrust = params["scale"] * jnp.tanh(params["thrust"])
    end, path = fly(thrust, start, velocity)
    return jnp.sum((end - STATION) ** 2) + 0.1 * fuel(thrust) + nearness(path)


@jax.jit
def update(params, start, velocity):
    value, gradient = jax.value_and_grad(cost)(params, start, velocity)
    return jax.tree.map(lambda p, g: p - 0.02 * g, params, gradient), value


def main(rounds=40):
    params = {"thrust": jnp.linspace(-1.0, 1.0, 2 * STEPS).reshape(STEPS, 2), "scale": jnp.array(0.5)}
    start, velocity = jnp.array([1.0, 0.0]), jnp.array([0.0, 1.0])
    first = last = None
    for _ in range(rounds):
        params, last = update(params, start, velocity)
        first = last if first is None else first
    print(f"cost {float(first):.3f} -> {float(last):.3f}")
    return float(first), float(last)


if __name__ == "__main__":
    main()
