"""Programs that choose the nearest, count in bins, or pick an element by rounded positions."""

CHOSEN = {
    "a row of zeros and a one for what was drawn": """
def reward(p, key):
    scores = x @ p
    drawn = jax.random.categorical(key, scores)
    return jnp.sum(jax.nn.one_hot(drawn, 2) * jnp.array([1.0, 3.0]))
jax.grad(reward)(jnp.ones((3, 2)), jax.random.PRNGKey(0))
""",
    "the value of the nearest": """
def height(place, corners, heights):
    apart = jnp.sum((corners - place) ** 2, axis=-1)
    return heights[jnp.argmin(apart)] ** 2

jax.grad(height)(jnp.array([0.2, 0.9]), jnp.eye(2), jnp.array([3.0, 5.0]))
""",
    "sums over the nearest of each": """
def balance(centres, rows, weights):
    apart = jnp.sum((rows[:, None] - centres) ** 2, axis=-1)
    group = jnp.argmin(apart, axis=1)
    mass = jax.ops.segment_sum(weights, group, num_segments=2)
    return jnp.var(mass) + jnp.max(jnp.bincount(group, length=2))

jax.grad(balance)(jnp.array([[0.0, 1.0], [2.0, 0.5]]), jnp.arange(6.0).reshape(3, 2), jnp.array([1.0, 2.0, 0.5]))
""",
    "bins between edges, counted": """
def crowd(shift, edges):
    bins = jnp.digitize(x + shift, edges)
    return jnp.max(jnp.bincount(bins, length=4))

jax.grad(crowd)(0.1, jnp.array([0.0, 1.0, 2.0]))
""",
    "an element at two rounded positions": """
def depth(shift, field, places):
    row = jnp.round(places[:, 0] + shift).astype(int)
    column = jnp.floor(places[:, 1] - shift).astype(jnp.int32)
    return jnp.sum(field[row, column] ** 2)

jax.grad(depth)(0.2, jnp.sin(jnp.arange(30.0)).reshape(5, 6), jnp.array([[1.3, 2.2], [3.4, 4.1]]))
""",
    "two parts of a loss, side by side": """
def loss(p, rows):
    return {"fit": jnp.mean((rows @ p) ** 2), "size": jnp.sum(p**2)}

jax.grad(loss)(jnp.ones(3), jnp.ones((2, 3)))
""",
}
