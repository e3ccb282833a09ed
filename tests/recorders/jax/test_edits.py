"""The edits of wrong programs, made: the lines are the expected ones, and nothing is said of the program any more."""

import pytest
from tests.explain.programs import unmarked
from tests.explain.test_edits import mended

from gradtape.explain import Status

from .mendable import MENDABLE, MENDABLE_TOO
from .mendable_choices import CHOSEN
from .mendable_numbers import NUMBERS
from .mendable_states import STATES
from .mendable_traced import ANSWERED, CACHED, LOOPS, NUMBERS_OF_PYTHON, OF_SCIPY, PICKED, SIZED, SLOPES
from .test_reasons import heard
from .wrong import HEAD, WRONG

PROGRAMS = {
    "a limit beside a tolerance": (
        """
@jax.jit
def root(a, limit=8):
    x, n, delta = a, 0, jnp.inf
    while abs(delta) > 1e-4 and n < limit:
        delta = (x * x - a) / (2 * x)
        x, n = x - delta, n + 1
    return x

jax.grad(root)(2.0)
""",
        ["    while n < limit:"],
    ),
    "an end of a loop": (
        """
@jax.jit
def root(a):
    x = a
    for _ in range(8):
        delta = (x * x - a) / (2 * x)
        if jnp.abs(delta) < 1e-4:
            break
        x = x - delta
    return x

jax.grad(root)(2.0)
""",
        ["        delta = (x * x - a) / (2 * x)", "        x = x - delta"],
    ),
    "a tolerance alone": (
        """
@jax.jit
def root(a):
    x = a
    while jnp.abs(x * x - a) > 1e-3:
        x = 0.5 * (x + a / x)
    return x

jax.grad(root)(2.0)
""",
        ["    x = jax.lax.fori_loop(0, 100, lambda _, s: jax.lax.cond(going(s), step, lambda s: s, s), x)"],
    ),
    "a loop of JAX's with a limit": (
        """
def root(a, most=20):
    def going(state):
        n, x = state
        return (n < most) & (jnp.abs(x * x - a) > 1e-4)

    def better(state):
        n, x = state
        return n + 1, 0.5 * (x + a / x)

    return lax.while_loop(going, better, (0, a))[1]

jax.grad(root)(2.0)
""",
        [
            "    return lax.fori_loop(0, most, lambda _, s: lax.cond(going(s), better, lambda s: s, s), (0, a))[1]",
        ],
    ),
    "bounds that are only known when it runs": (
        """
@jax.jit
def power(a, n):
    return lax.fori_loop(0, n, lambda i, x: x * a, 1.0)

jax.grad(power)(1.1, jnp.array(5))
""",
        [
            (
                "    return lax.fori_loop(0, 100, lambda i, s: lax.cond(i < n, lambda s: (lambda i, x: x * a)(i, s), "
                "lambda s: s, s), 1.0)"
            )
        ],
    ),
    "parameters of the module": (
        """
params = {"table": x, "w": 1.5}

def embed(k):
    return params["table"][k]

def loss(p, k):
    return embed(k) * p["w"]

jax.grad(loss)(params, 1)
""",
        ["def embed(p, k):", '    return p["table"][k]', '    return embed(p, k) * p["w"]'],
    ),
    "metrics beside the loss": (
        """
def loss(w):
    error = w * x - 1.0
    return jnp.sum(error**2), {"error": error}

gradient = jax.grad(loss)
gradient(0.5)
""",
        ["gradient = jax.grad(lambda *a, **k: loss(*a, **k)[0])"],
    ),
    "metrics that are taken apart": (
        """
def loss(w):
    error = w * x - 1.0
    return jnp.sum(error**2), error

(value, error), g = jax.value_and_grad(loss)(0.5)
""",
        ["(value, error), g = jax.value_and_grad(loss, has_aux=True)(0.5)"],
    ),
    "forwards through a rule for backwards": (
        """
@jax.custom_vjp
def f(v):
    return jnp.sin(v)

f.defvjp(lambda v: (f(v), v), lambda v, g: (g * jnp.cos(v),))

def residual(w):
    return f(w * x)

jax.jacfwd(residual)(0.5)
""",
        ["jax.jacrev(residual)(0.5)"],
    ),
    "a rule that forgets an argument": (
        """
from functools import partial

@partial(jax.custom_vjp, nondiff_argnums=(2,))
def shrunk(v, level, leak):
    return jnp.where(v > level, v - level, leak * (v - level))

def forward(v, level, leak):
    return shrunk(v, level, leak), (v, level)

def backward(leak, kept, g):
    v, level = kept
    return g * jnp.where(v > level, 1.0, leak), jnp.zeros_like(level)

shrunk.defvjp(forward, backward)
jax.grad(lambda level: jnp.sum(shrunk(x, level, 0.1)))(1.0)
""",
        ["", "def shrunk(v, level, leak):"],
    ),
    "a factor that is kept for the next time": (
        """
class Process:
    cache = {}

    def factor(self, s):
        if "chol" not in self.cache:
            K = s * jnp.eye(3) + 0.1
            self.cache["chol"] = jnp.linalg.cholesky(K)
        return self.cache["chol"]

    def loss(self, s):
        return jnp.sum(self.factor(s) ** 2)

process = Process()
for _ in range(2):
    jax.grad(process.loss)(2.0)
""",
        [
            "        K = s * jnp.eye(3) + 0.1",
            "        fresh = jnp.linalg.cholesky(K)",
            "        return fresh",
        ],
    ),
    "whole numbers that a function makes": (
        """
def start(n):
    return jnp.ones(n, dtype=int)

def ascend(w):
    return jax.grad(lambda w: jnp.sum(w * x))(w)

ascend(start(3))
""",
        ["    return jnp.ones(n, dtype=float)"],
    ),
    "a position that is written to": (
        """
def impulse(place, level):
    k = place.astype(int)
    return jnp.zeros(8).at[k].set(level)

jax.grad(lambda place: jnp.sum(impulse(place, 0.7) * jnp.arange(8.0) ** 2))(jnp.array(2.6))
""",
        ["    return jnp.zeros(8).at[k].set(level * (1 - (place - k))).at[k + 1].set(level * (place - k))"],
    ),
    "the row of the largest": (
        """
def route(router):
    best = jnp.argmax(router * x)
    return jax.nn.one_hot(best, 3)

jax.grad(lambda router: jnp.sum(route(router) * x))(x)
""",
        ["    return jax.nn.softmax(router * x)"],
    ),
    "eigenvectors of one value": (
        """
def loss(s):
    values, vectors = jnp.linalg.eigh(s * jnp.eye(3))
    return jnp.sum(vectors[:, 0] ** 4) + values[0]

jax.grad(loss)(2.0)
""",
        [
            (
                "    values, vectors = jnp.linalg.eigh((matrix := s * jnp.eye(3)) + "
                "1e-3 * jnp.arange(matrix.shape[-1]) * jnp.eye(*matrix.shape[-2:]))"
            )
        ],
    ),
    "a curvature of straight lines": (
        """
def u(t):
    return jnp.sum(jax.nn.relu(t * x - 0.2))

jax.hessian(u)(1.0)
""",
        ["    return jnp.sum(jax.nn.softplus(t * x - 0.2))"],
    ),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_is_mended(name, tmp_path):
    wrong, lines = PROGRAMS[name]
    source = HEAD + wrong
    reports, _ = heard(source, tmp_path)
    assert any(r.findings for r in reports)
    right = mended(source, reports)
    assert "\n".join(lines) in right if len(lines) == 1 else set(lines) <= set(right.splitlines()), right
    (tmp_path / "again").mkdir()
    reports, error = heard(right, tmp_path / "again")
    assert error is None
    assert reports
    assert not [f for r in reports for f in r.findings], right


def check_that_the_edits_mend(program, tmp_path):
    source = HEAD + "import functools\n" + program
    reports, _ = heard(source, tmp_path)
    assert any(r.status is not Status.OK for r in reports)
    right = mended(source, reports)
    assert right != source
    (tmp_path / "again").mkdir()
    reports, error = heard(right, tmp_path / "again")
    assert error is None, right
    assert reports
    assert all(r.status is Status.OK and not r.findings for r in reports), right


TOLD = {
    "an attribute in the place of the argument, through a function with a rule of its own",
    "parameters handed to a method, of which a target network holds copies",
    "a decomposition whose rule is there for the reduced form",
    "a mask in another function than what it hides",
    "an exponential that is cut, compared and masked",
    "a length that half precision has no number for",
}
"""Programs whose reasons are tried as well."""

EVERY = (
    MENDABLE
    | NUMBERS
    | STATES
    | PICKED
    | SIZED
    | CACHED
    | OF_SCIPY
    | LOOPS
    | NUMBERS_OF_PYTHON
    | ANSWERED
    | CHOSEN
    | {name: unmarked(WRONG[name]) for name in sorted(TOLD)}
)


@pytest.mark.parametrize("name", EVERY)
def test_edits_that_are_made_let_the_gradient_pass(name, tmp_path):
    check_that_the_edits_mend(EVERY[name], tmp_path)


@pytest.mark.parametrize("name", SLOPES)
def test_what_stands_for_a_function_of_scipy_has_its_slope(name, tmp_path):
    source = HEAD + "import functools\n" + OF_SCIPY[name]
    right = mended(source, heard(source, tmp_path)[0])
    made = {}
    exec(compile(right, str(tmp_path / "right.py"), "exec"), made)  # noqa: S102
    assert float(made["result"]) == pytest.approx(SLOPES[name], rel=1e-3)


UNTOUCHED = {
    "a value behind stop_gradient that nobody reads": """
def loss(p, rows):
    goal = lax.stop_gradient(rows @ p["old"])
    return jnp.mean((rows @ p["new"] - 1.0) ** 2)
jax.grad(loss)({"old": jnp.ones(3), "new": jnp.ones(3)}, jnp.arange(6.0).reshape(2, 3))
""",
    "a number of elements that is read": """
@jax.jit
def share(w):
    height = w * x
    wet = jnp.nonzero(height < 2.0)[0]
    return jnp.sum(height[wet]) / len(wet)
jax.grad(share)(0.7)
""",
    "gradients of a whole state, mapped over by a function of another file": """
import operator
def loss(state, rows):
    return jnp.mean((rows @ state["w"] - 1.0) ** 2)
state = {"w": jnp.ones(3), "rounds": jnp.array(0)}
slopes = jax.grad(loss)(state, jnp.arange(6.0).reshape(2, 3))
state = jax.tree.map(operator.sub, state, slopes)
""",
    "a rounded position beside one that was always whole": """
def depth(shift, field, column):
    row = jnp.round(shift).astype(int)
    return jnp.sum(field[row, column] ** 2)
jax.grad(depth)(1.2, jnp.arange(6.0).reshape(2, 3), jnp.array([0, 2]))
""",
    "a penalty that a compiled method keeps, and the loss reads": """
class Net:
    def __call__(self, w, x):
        h = jnp.tanh(x @ w)
        self.penalty = jnp.sum(h ** 2)
        return jnp.sum(h)
net = Net()
forward = jax.jit(lambda w, x: net(w, x))
def loss(w, x):
    return forward(w, x) + 0.1 * net.penalty
try:
    jax.grad(loss)(jnp.ones((3, 2)), jnp.ones((4, 3)))
except jax.errors.UnexpectedTracerError:
    pass
""",
    "an integral without bounds": """
from scipy.integrate import quad
jax.grad(lambda w: quad(lambda t: jnp.exp(-w * t**2), 0.0, np.inf)[0])(0.7)
""",
}
"""Programs in which something is wrong, and nothing that is known mends them."""


@pytest.mark.parametrize("name", UNTOUCHED)
def test_no_edit_is_offered_that_does_not_mend(name, tmp_path):
    reports, _ = heard(HEAD + UNTOUCHED[name], tmp_path)
    found = [f for r in reports for f in r.findings]
    assert found
    assert all(f.diagnostic.suggestion is None for f in found), found


@pytest.mark.thorough
@pytest.mark.parametrize("name", MENDABLE_TOO)
def test_edits_of_more_programs_let_the_gradient_pass(name, tmp_path):
    check_that_the_edits_mend(MENDABLE_TOO[name], tmp_path)
