"""Programs whose edits, made, let the gradient pass: those that need no look at the lines."""

MENDABLE = {
    "hits that are counted": """
def loss(w, x, y):
    scores = x @ w
    return 1.0 - jnp.mean(jnp.argmax(scores, axis=1) == y)
g = jax.grad(loss)(jnp.ones((3, 2)) * 0.1, jnp.arange(6.0).reshape(2, 3), jnp.array([0, 1]))
""",
    "parameters that a method reads of its object": """
class Net:
    def __init__(self):
        self.layers = [(jnp.ones((3, 4)) * 0.3, jnp.zeros(4)), (jnp.ones((4, 2)), jnp.zeros(2))]
    def run(self, x):
        for w, b in self.layers[:-1]:
            x = jax.nn.relu(x @ w + b)
        w, b = self.layers[-1]
        return x @ w + b
    def loss(self, layers, x):
        return jnp.mean(self.run(x) ** 2)
net = Net()
value, g = jax.value_and_grad(net.loss)(net.layers, jnp.ones((2, 3)))
""",
    "whole numbers that were drawn": """
def loss(w, x):
    return jnp.sum((x @ w) ** 2)
weights = np.random.RandomState(0).randint(1, 5, size=(3,))
g = jax.grad(loss)(weights, jnp.ones((4, 3)))
""",
    "a count that nobody reads": """
def loss(state, x):
    return jnp.mean((x @ state["w"] - 1.0) ** 2)
state = {"w": jnp.ones((3,)), "step": 0}
g = jax.grad(loss)(state, jnp.arange(6.0).reshape(2, 3))
""",
    "labels that were asked for": """
def loss(x, labels, w):
    logits = x @ w
    return -jnp.mean(jax.nn.log_softmax(logits)[jnp.arange(2), labels])
x = jnp.ones((2, 3)); labels = jnp.array([0, 1])
w = jnp.arange(6.0).reshape(3, 2)
g = jax.grad(loss, argnums=1)(x, labels, w)
""",
    "an early return with several statements": """
@jax.jit
def f(x):
    scale = 2.0
    if x < 0:
        y = jnp.exp(x)
        scale = 3.0
        return y * scale
    z = jnp.sin(x)
    return z * scale
g = jax.grad(f)(1.5)
""",
    "three ways to return": """
@jax.jit
def f(x):
    if x < 0:
        return 0.1 * x
    elif x < 1:
        return x
    return 1.0 + 0.01 * x
g = jax.grad(f)(1.5)
""",
    "a check that raises": """
@jax.jit
def f(x):
    if jnp.any(x < 0):
        raise ValueError("negative")
    return jnp.sum(jnp.sqrt(x))
g = jax.grad(f)(jnp.array([1.0, 2.0]))
""",
    "a size that is traced": """
@jax.jit
def f(x, n):
    basis = jnp.linspace(0, 1, n)
    return jnp.sum(basis * x)
g = jax.grad(f)(1.5, 4)
""",
    "the larger and the smaller of two": """
@jax.jit
def f(x):
    return max(x, 0.0) + min(2 * x, 3.0)
g = jax.grad(f)(1.5)
""",
    "a sum of what a mask picks": """
@jax.jit
def f(x):
    return jnp.sum(x[x > 0] ** 2)
g = jax.grad(f)(jnp.array([1.0, -1.0]))
""",
    "a matrix that is added to": """
def assemble(k, n):
    K = np.zeros((n, n))
    for i in range(n - 1):
        K[i, i] += k[i]
        K[i + 1, i + 1] += k[i]
        K[i, i + 1] -= k[i]
        K[i + 1][i] -= k[i]
    K[0, 0] *= 2.0
    return jnp.asarray(K)
def loss(k, f):
    K = assemble(k, 3) + jnp.eye(3)
    return jnp.sum(jnp.linalg.solve(K, f) ** 2)
g = jax.grad(loss)(jnp.array([1.0, 2.0]), jnp.ones(3))
""",
    "an attribute that is written to": """
class Sim:
    def __init__(self):
        self.u = np.zeros(4)
    def run(self, k):
        self.u[0] = 1.0
        for i in range(3):
            self.u[i + 1] = self.u[i] * k
        return jnp.sum(self.u[-1])
s = Sim()
g = jax.grad(s.run)(0.3)
""",
    "a tree whose gradients are stopped": """
def loss(params, x):
    p = jax.tree_util.tree_map(lax.stop_gradient, params)
    return jnp.mean((x @ p["w"] + p["b"]) ** 2)
g = jax.grad(loss)({"w": jnp.ones(3), "b": jnp.zeros(())}, jnp.ones((2, 3)))
""",
    "an array of NumPy's under the name of the argument": """
def features(v):
    v = np.asarray(v)
    return np.concatenate([np.sin(v), np.cos(v)])
def loss(w):
    return jnp.sum(features(w) ** 2 * jnp.arange(6.0))
g = jax.grad(loss)(jnp.array([0.1, 0.2, 0.3]))
""",
    "a mask of what was computed in steps": """
def energy(r):
    d = r[:, None] - r[None, :]
    d2 = jnp.sum(d ** 2, -1)
    inv6 = (1.0 / d2) ** 3
    e = 4 * (inv6 ** 2 - inv6)
    return 0.5 * jnp.sum(jnp.where(jnp.eye(3) == 1, 0.0, e))
g = jax.grad(energy)(jnp.arange(6.0).reshape(3, 2))
""",
    "a quotient by norms": """
def cos_sim(a, b):
    return jnp.dot(a, b) / (jnp.linalg.norm(a) * jnp.linalg.norm(b))
g = jax.grad(cos_sim)(jnp.zeros(3), jnp.ones(3))
""",
    "the nearest element of an image": """
from jax.scipy.ndimage import map_coordinates
def f(shift, img):
    r, c = jnp.meshgrid(jnp.arange(4.0), jnp.arange(4.0), indexing="ij")
    return jnp.sum(map_coordinates(img, [r + shift, c], 0, mode="nearest") ** 2)
g = jax.grad(f)(0.3, jnp.arange(16.0).reshape(4, 4))
""",
    "a density of SciPy's": """
from scipy.stats import norm
import scipy.special as sp
def nll(p, x):
    z = (x - p["mu"]) / np.exp(p["s"])
    return -np.mean(norm.logpdf(z)) + np.sum(sp.erf(p["mu"]))
g = jax.grad(nll)({"mu": 0.5, "s": 0.1}, np.array([0.5, 1.5]))
""",
    "a prediction that was made outside": """
def model(w, x):
    return x @ w
def loss(w, pred, y):
    return jnp.mean((pred - y) ** 2)
w = jnp.array([1.0, 2.0]); x = jnp.ones((3, 2))
pred = model(w, x)
g = jax.grad(loss)(w, pred, jnp.zeros(3))
""",
    "a loss in a dict": """
def loss(w, x):
    h = x @ w
    return {"loss": jnp.mean(h ** 2), "h": h}
g = jax.grad(loss)(jnp.ones(3), jnp.ones((2, 3)))
""",
    "a key that is split inside of what is traced": """
rng = jax.random.PRNGKey(0)
def fresh():
    global rng
    rng, k = jax.random.split(rng)
    return k
def noisy(x, level=0.1):
    return x + level * jax.random.normal(fresh(), x.shape) + 0.01 * jax.random.uniform(fresh(), x.shape)
def loss(w, x, scale=1.0):
    return scale * jnp.mean((noisy(x) @ w) ** 2)
@jax.jit
def step(w, x):
    v, g = jax.value_and_grad(loss)(w, x)
    return w - 0.1 * g
w = jax.random.normal(fresh(), (3,))
for _ in range(2):
    w = step(w, jax.random.normal(fresh(), (2, 3)))
""",
}

MENDABLE_TOO = {
    "a parameter of another object": """
class Net:
    def __init__(self):
        self.w = jnp.arange(3.0)
    def run(self, x):
        return jnp.tanh(x @ self.w)
    def report(self, x):
        return self.run(x)
def loss(w, net, x):
    return jnp.mean(net.run(x) ** 2)
net = Net()
net.report(jnp.ones((2, 3)))
value, g = jax.value_and_grad(loss)(net.w, net, jnp.ones((2, 3)))
""",
    "an attribute beside the argument of its name": """
class Model:
    def __init__(self):
        self.w = jnp.ones(3)
    def loss(self, w, x):
        return jnp.mean((x @ self.w) ** 2)
m = Model()
g = jax.grad(m.loss)(m.w, jnp.ones((2, 3)))
""",
    "whole numbers in a dict": """
def loss(p, x):
    return jnp.mean((p["a"] * x + p["b"]) ** 2)
params = {"a": jnp.arange(1, 4), "b": jnp.ones(3)}
g = jax.grad(loss)(params, jnp.ones(3))
""",
    "a key of a random generator among the parameters": """
def loss(p, x):
    noise = jax.random.normal(p["rng"], x.shape)
    return jnp.mean((x * p["w"] + 0.1 * noise) ** 2)
params = {"w": jnp.ones(3), "rng": jax.random.PRNGKey(0)}
g = jax.grad(loss)(params, jnp.ones(3))
""",
    "words that were asked for": """
def loss(tokens, table):
    return jnp.sum(table[tokens] ** 2)
tokens = jnp.array([0, 2])
table = jnp.ones((4, 3))
g = jax.grad(loss)(tokens, table)
""",
    "two sides of several statements": """
@jax.jit
def f(x):
    if x > 0:
        s = jnp.sin(x)
        y = s * 2
    else:
        s = jnp.cos(x)
        y = s * 3
    return y
g = jax.grad(f)(1.5)
""",
    "something added under a condition": """
@jax.jit
def f(w):
    loss = jnp.sum(w ** 2)
    if loss > 1.0:
        loss += jnp.sum(jnp.abs(w))
    return loss
g = jax.grad(f)(jnp.array([1.0, 2.0]))
""",
    "a flag": """
@jax.jit
def f(w, x, training):
    h = x @ w
    if training:
        h = h * 0.5
    return jnp.sum(h ** 2)
g = jax.grad(f)(jnp.ones(3), jnp.ones((2, 3)), True)
""",
    "a choice in a scan": """
def step(c, x):
    if x > 1:
        c = c * x
    else:
        c = c + x
    return c, c
def loss(xs):
    c, ys = lax.scan(step, 1.0, xs)
    return c
g = jax.grad(loss)(jnp.array([1.0, 2.0, 0.5]))
""",
    "a negation": """
@jax.jit
def f(x):
    return x * 2 if not x > 1 else x ** 3
g = jax.grad(f)(1.5)
""",
    "a chain of comparisons": """
@jax.jit
def f(x):
    if 0.0 < x < 1.0 or x > 5:
        x = x * 3
    return x
g = jax.grad(f)(0.5)
""",
    "an assertion": """
@jax.jit
def f(x):
    assert jnp.all(x > 0), "positive only"
    return jnp.sum(jnp.sqrt(x))
g = jax.grad(f)(jnp.array([1.0, 2.0]))
""",
    "a size in a gradient that is compiled": """
def build(x, n):
    out = jnp.zeros(n)
    return jnp.sum(out + x) ** 2
g = jax.jit(jax.grad(build))(1.5, 4)
""",
    "a number of rounds that is traced": """
@jax.jit
def f(x, n):
    for i in range(n):
        x = x * jnp.sin(x)
    return x
g = jax.grad(f)(1.5, 4)
""",
    "sorted numbers": """
@jax.jit
def f(x):
    a, b, c = sorted([x[0], x[1], x[2]])
    return a + 2 * b + 3 * c
g = jax.grad(f)(jnp.array([1.0, 3.0, 2.0]))
""",
    "two conditions": """
@jax.jit
def f(x):
    return jnp.where(x > 0 and x < 2, x ** 2, 0.0)
g = jax.grad(f)(1.5)
""",
    "a matrix that NumPy solves with": """
def f(k, b):
    K = np.eye(2)
    K[0, 1] = k
    K[1, 0] = k * 2
    u = np.linalg.solve(K, b)
    return np.sum(u ** 2)
g = jax.grad(f)(0.3, np.ones(2))
""",
    "an argument that is written to": """
def f(x):
    x[0] = 2.0 * x[1]
    x[2] *= 3.0
    return jnp.sum(x ** 2)
g = jax.grad(f)(jnp.array([0.3, 1.0, 2.0]))
""",
    "an array of NumPy's that was passed": """
def f(a, buf):
    buf[0] = a
    return jnp.sum(jnp.asarray(buf) ** 2)
g = jax.grad(f)(0.3, np.ones(2))
""",
    "a norm behind a mask": """
def unit(v):
    n = jnp.linalg.norm(v, axis=-1, keepdims=True)
    return jnp.where(n > 0, v / n, 0.0)
g = jax.grad(lambda v: jnp.sum(unit(v) * jnp.arange(3.0)))(jnp.array([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]))
""",
    "an angle of nothing": """
def angle(u, v):
    return jnp.arccos(jnp.dot(u, v))
g = jax.grad(angle)(jnp.array([1.0, 0.0]), jnp.array([1.0, 0.0]))
""",
    "units that are all off": """
def f(p, x):
    h = jax.nn.relu(x @ p["w"] - 100.0)
    return jnp.mean((h @ p["v"] - 1) ** 2)
g = jax.grad(f)({"w": jnp.ones((3, 2)), "v": jnp.ones(2)}, jnp.ones((2, 3)))
""",
    "a maximum with zero": """
def f(w, x):
    h = jnp.maximum(x @ w, 0.0)
    return jnp.mean((h - 1) ** 2)
g = jax.grad(f)(-jnp.ones(3), jnp.ones((2, 3)))
""",
    "a matrix function of SciPy's": """
import scipy.linalg
def f(s):
    return jnp.sum(scipy.linalg.expm(s * jnp.array([[0.0, 1.0], [-1.0, 0.0]])))
g = jax.grad(f)(0.5)
""",
    "a loss that is not returned": """
def loss(w, x):
    l = jnp.mean((x @ w) ** 2)
g = jax.grad(loss)(jnp.ones(3), jnp.ones((2, 3)))
""",
    "a list of losses": """
def loss(ws, x):
    return [jnp.mean((x * w) ** 2) for w in ws]
g = jax.grad(loss)([jnp.ones(3), jnp.ones(3)], jnp.ones((2, 3)))
""",
    "a rule that gives too few": """
@jax.custom_vjp
def scale(x, s):
    return x * s
def fwd(x, s):
    return scale(x, s), (x, s)
def bwd(res, g):
    x, s = res
    return g * s
scale.defvjp(fwd, bwd)
g = jax.grad(lambda s: jnp.sum(scale(jnp.arange(3.0), s) ** 2))(2.0)
""",
    "a complex loss": """
def f(x):
    return jnp.fft.fft(x)[1]
g = jax.grad(f)(jnp.array([1.0, 2.0, 0.5]))
""",
}
"""More of the same, for who has the time."""
