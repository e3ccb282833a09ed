"""Programs that differentiate by a whole state: parameters, counts, and what an optimizer keeps."""

STATES = {
    "parameters that a function has from around it, by another name": """
def network(layers, rows):
    return jnp.tanh(rows @ layers[0]["w"] + layers[0]["b"]) @ layers[1]["w"] + layers[1]["b"]

def make_step(start):
    def loss(p, rows):
        return jnp.mean((network(start, rows) - 1.0) ** 2)

    @jax.jit
    def step(p, rows):
        value, slopes = jax.value_and_grad(loss)(p, rows)
        return jax.tree.map(lambda a, d: a - 0.1 * d, p, slopes), value

    return step

sizes = [(2, 4), (4, 1)]
keys = jax.random.split(jax.random.PRNGKey(0))
layers = [{"w": jax.random.normal(k, size), "b": jnp.zeros(size[1])} for k, size in zip(keys, sizes)]
make_step(layers)(layers, jnp.arange(6.0).reshape(3, 2))
""",
    "parameters that a method takes its own for": """
class Agent:
    def __init__(self, weights):
        self.weights = weights

    def act(self, rows, *, weights=None):
        used = weights or self.weights
        first, second = used["first"], used["second"]
        return jnp.tanh(rows @ first) @ second

def loss(weights, agent, rows):
    return jnp.mean((agent.act(rows) - 1.0) ** 2)

agent = Agent({"first": jnp.ones((3, 2)) * 0.1, "second": jnp.ones(2)})
jax.grad(loss)(agent.weights, agent, jnp.ones((4, 3)))
""",
    "a count that a loop adds to": """
import dataclasses

@jax.tree_util.register_dataclass
@dataclasses.dataclass
class State:
    weights: dict
    rounds: int

def loss(state, rows):
    return jnp.mean((rows @ state.weights["w"] - 1.0) ** 2)

@jax.jit
def step(state, rows):
    value, slopes = jax.value_and_grad(loss)(state, rows)
    weights = jax.tree.map(lambda w, d: w - 0.1 * d, state.weights, slopes.weights)
    return State(weights, state.rounds + 1), value

state = State({"w": jnp.ones(3)}, 0)
for _ in range(2):
    state, value = step(state, jnp.arange(6.0).reshape(2, 3))
""",
    "a tuple with a name for each part": """
from typing import Any, NamedTuple

class State(NamedTuple):
    weights: Any
    kept: Any

def loss(state, rows):
    return jnp.mean((rows @ state.weights - 1.0) ** 2)

state = State(jnp.ones(3), {"count": 0, "mean": jnp.zeros(3)})
slopes = jax.grad(loss)(state, jnp.arange(6.0).reshape(2, 3))
state = state._replace(weights=state.weights - 0.1 * slopes.weights)
""",
    "a pair that is made for the question": """
def loss(both, rows):
    weights, kept = both
    return jnp.mean((rows @ weights - 1.0) ** 2)

weights, kept = jnp.ones(3), {"count": 0}
slopes = jax.grad(loss)((weights, kept), jnp.arange(6.0).reshape(2, 3))
weights = weights - 0.1 * slopes[0]
""",
    "a dict that is mapped over as a whole": """
def loss(state, rows):
    return jnp.mean((rows @ state["w"] - state["b"]) ** 2)

state = {"w": jnp.ones(3), "b": 0.5, "rounds": jnp.array(0)}
for _ in range(2):
    slopes = jax.grad(loss)(state, jnp.arange(6.0).reshape(2, 3))
    state = jax.tree.map(lambda leaf, d: leaf - 0.1 * d, state, slopes)
""",
    "a dict that an optimizer updates as a whole": """
import optax

def loss(state, rows):
    return jnp.mean((rows @ state["w"] - state["b"]) ** 2)

state = {"w": jnp.ones(3), "b": jnp.array(0.5), "rounds": jnp.array(0)}
tx = optax.sgd(0.1)
kept = tx.init(state)
for _ in range(2):
    slopes = jax.grad(loss)(state, jnp.arange(6.0).reshape(2, 3))
    moves, kept = tx.update(slopes, kept)
    state = optax.apply_updates(state, moves)
""",
}
