"""Programs whose numbers are lost at one step, and choices that have no slope."""

NUMBERS = {
    "the logarithm of a probability that is picked": """
def nll(scores, label):
    chances = jax.nn.softmax(scores, axis=-1)
    return -jnp.mean(jnp.log(chances[jnp.arange(2), label]))
jax.grad(nll)(jnp.array([[300.0, 0.0], [0.0, -200.0]]), jnp.array([1, 0]))
""",
    "the logarithm of the rest to one": """
def nll(w):
    chance = jax.nn.sigmoid(w * x)
    return -jnp.sum(jnp.log(1 - chance))
jax.grad(nll)(90.0)
""",
    "an angle that is masked elsewhere": """
def angle(d, r):
    return jnp.arccos((d**2 + 1 - r**2) / (2 * d * r)) * r

def lens(d, r):
    return jnp.sum(jnp.where(d > 0.9, angle(d, r), d))

jax.grad(lens, argnums=(0, 1))(jnp.array([0.0, 1.2, 0.1]), 0.8)
""",
    "a choice between two functions": """
def cost(w):
    return lax.cond(w > 1.0, jnp.exp, lambda w: 0.0, w)
jax.grad(cost)(0.5)
""",
}
