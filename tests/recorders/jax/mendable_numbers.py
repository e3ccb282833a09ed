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
    "a root whose mask is made of it": """
def nearest(a, b):
    det = b * b - a
    root = jnp.sqrt(det)
    hit = b - root
    return jnp.sum(jnp.where((det > 0) & (hit > 0), hit, 5.0))

jax.grad(nearest)(jnp.array([0.5, 2.0]), 1.2)
""",
    "answers at the very bound": """
def misfit(w, answers):
    return jnp.mean((jnp.arctanh(answers) - w * x) ** 2)

jax.grad(misfit)(0.7, jnp.array([0.2, 1.0, -1.0]))
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
    "a norm that is compared and stands in a power": """
def near(a, b):
    apart = jnp.linalg.norm(a - b)
    return jnp.where(apart > 0, 1.0 / apart**6 - 1.0 / apart**3, 0.0)

def strength(places):
    return jnp.sum(jax.vmap(lambda a: jax.vmap(lambda b: near(a, b))(places))(places))

jax.grad(strength)(jnp.array([[0.0, 0.0], [1.0, 0.5]]))
""",
    "logarithms of a sigmoid that is written out": """
def misfit(w, hit):
    score = 60.0 * w * x
    chance = 1.0 / (1.0 + jnp.exp(-score))
    missed = jnp.log(1.0 - chance)
    return -jnp.mean(jnp.where(hit, jnp.log(chance), missed))

jax.grad(misfit)(-1.0, jnp.array([True, False, True]))
""",
}
