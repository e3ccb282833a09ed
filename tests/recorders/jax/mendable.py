"""Programs whose edits, made, let the gradient pass: those that need no look at the lines."""

MENDABLE = {
    "hits that are counted": """
def loss(w, x, y):
    scores = x @ w
    return 1.0 - jnp.mean(jnp.argmax(scores, axis=1) == y)
g = jax.grad(loss)(jnp.ones((3, 2)) * 0.1, jnp.arange(6.0).reshape(2, 3), jnp.array([0, 1]))
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
    "one result where a pair was announced": """
def loss(w):
    return jnp.mean((w * x) ** 2)
g = jax.grad(loss, has_aux=True)(0.5)
""",
    "one result where a pair is taken": """
def loss(w):
    return jnp.mean((w * x) ** 2)
step = jax.value_and_grad(loss, has_aux=True)
(value, rest), g = step(0.5)
""",
    "three results where a pair was announced": """
def loss(w):
    y = w * x
    return jnp.mean(y**2), y, jnp.max(y)
(value, y, most), g = jax.value_and_grad(loss, has_aux=True)(0.5)
""",
    "an argument that is passed by name": """
def loss(w, x):
    return jnp.mean((w * x) ** 2)
g = jax.grad(loss)(w=0.5, x=x)
""",
    "positions that count from one": """
def loss(x, w, b):
    return jnp.mean((w * x + b) ** 2)
g = jax.grad(loss, argnums=(2, 3))(x, 0.5, 0.1)
""",
    "a text for a compiled function": """
@jax.jit
def loss(w, kind):
    if kind == "square":
        return jnp.sum((w * x) ** 2)
    return jnp.sum(jnp.abs(w * x))
g = jax.grad(loss)(0.5, "square")
""",
    "data in the place of the parameters": """
def loss(batch, w):
    return jnp.mean((batch["x"] * w - batch["y"]) ** 2)
g = jax.grad(loss)({"x": jnp.arange(3), "y": jnp.array([0, 1, 1])}, jnp.ones(3))
""",
    "eigenvectors of any matrix": """
def loss(a):
    values, vectors = jnp.linalg.eig(jnp.array([[1.0, a], [0.5, 2.0]]))
    return jnp.sum(jnp.abs(vectors))
g = jax.grad(loss)(0.3)
""",
    "a share of hits": """
def accuracy(w, x, y):
    return jnp.mean(((x @ w) > 0) == y)
g = jax.grad(accuracy)(jnp.arange(3.0), jnp.arange(6.0).reshape(2, 3), jnp.array([0, 1]))
""",
    "a share of hits of the largest": """
def accuracy(w, x, y):
    logits = x @ w
    guess = jnp.argmax(logits, axis=-1)
    return jnp.mean(guess == y)
g = jax.grad(accuracy)(jnp.arange(6.0).reshape(3, 2) ** 2, jnp.ones((2, 3)), jnp.array([0, 1]))
""",
    "new arrays that nobody takes": """
def loss(w):
    grid = jnp.zeros(3)
    for k in range(3):
        grid.at[k].add(w * k)
    return jnp.sum(grid**2)
g = jax.grad(loss)(0.5)
""",
    "a window of traced ends": """
@jax.jit
def loss(w, k):
    return jnp.sum((w * x)[k : k + 2])
g = jax.grad(loss)(0.5, jnp.array(1))
""",
    "a place in a list": """
@jax.jit
def loss(w, k):
    layers = [w * x, w * w * x]
    return jnp.sum(layers[k])
g = jax.grad(loss)(0.5, jnp.array(1))
""",
    "a place in an array of NumPy's": """
table = np.linspace(0.0, 1.0, 5)
@jax.jit
def loss(w, k):
    return table[k] * w
g = jax.grad(loss)(0.5, jnp.array(1))
""",
    "a place among functions": """
kinds = [jnp.sin, jnp.cos]
@jax.jit
def loss(w, k):
    return kinds[k](w)
g = jax.grad(loss)(0.5, jnp.array(1))
""",
    "a text with a format": """
@jax.jit
def loss(w):
    value = jnp.sum(w * x)
    print(f"so far {{it}}: {value:.3f}, {w}")
    return value**2
g = jax.grad(loss)(0.5)
""",
    "a whole number of a traced one": """
@jax.jit
def loss(w, t):
    k = int(t)
    return w * x[k]
g = jax.grad(loss)(0.5, 1.2)
""",
    "elements that a mask picked under a name": """
@jax.jit
def loss(w, y):
    valid = ~jnp.isnan(y)
    error = (w * x - y)[valid]
    squares = jnp.square(error)
    return jnp.mean(squares) + jnp.sum(error)
g = jax.grad(loss)(0.5, jnp.array([1.0, jnp.nan, 2.0]))
""",
    "a callback of one line": """
def loss(w):
    y = jax.pure_callback(lambda v: np.sin(v) + math.pi, jax.ShapeDtypeStruct((3,), jnp.float32), w * x)
    return jnp.sum(y**2)
g = jax.grad(loss)(0.5)
""",
    "a differential equation of SciPy's": """
from scipy.integrate import odeint
def motion(y, t, k):
    place, speed = y
    return [speed, -k * np.sin(place)]
def loss(k):
    path = odeint(motion, [1.0, 0.0], np.linspace(0.0, 1.0, 5), args=(k,))
    return jnp.sum(path[:, 0])
g = jax.grad(loss)(0.4)
""",
    "a softmax by hand": """
def loss(w):
    p = jnp.exp(w) / jnp.sum(jnp.exp(w))
    return p[1]
g = jax.grad(loss)(x + 98.0)
""",
    "a share of what a mask of two picks": """
def inside(r):
    hit = (x**2 < r**2) & (x > 0)
    return jnp.mean(hit)
g = jax.grad(inside)(0.7)
""",
    "the order of the order": """
def agreement(w):
    order = jnp.argsort(w * x - x**2)
    ranks = jnp.argsort(order)
    return jnp.mean((ranks - jnp.arange(3.0)) ** 2)
g = jax.grad(agreement)(0.5)
""",
    "the best two as a mask": """
def loss(scores):
    _, best = lax.top_k(scores, 2)
    mask = jnp.zeros(3).at[best].set(1.0)
    return jnp.sum(mask * jnp.arange(3.0))
g = jax.grad(loss)(jnp.array([0.1, 0.4, 0.3]))
""",
    "a place that was searched for": """
table = jnp.linspace(0.0, 3.0, 11)
heights = table**2
def loss(w):
    place = jnp.searchsorted(table, w * x)
    return jnp.sum(heights[place])
g = jax.grad(loss)(0.5)
""",
    "counts in bins": """
def counted(w):
    counts, edges = jnp.histogram(w * x, bins=4, range=(0.0, 2.0))
    return jnp.sum(counts * edges[1:])
def numbered(w):
    return jnp.sum(jnp.bincount((w * x * 2).astype(int), length=4) * jnp.arange(4.0))
def below(w):
    return jnp.sum(jnp.digitize(w * x, jnp.array([0.0, 0.5, 1.0])) * 1.0)
g = jax.grad(counted)(0.5)
g = jax.grad(numbered)(0.5)
g = jax.grad(below)(0.5)
""",
    "a rule that gives zeros of what arrives": """
@jax.custom_vjp
def coarse(w):
    return jnp.round(w * 8) / 8
def forward(w):
    return coarse(w), None
def backward(kept, came):
    return (jnp.zeros_like(came),)
coarse.defvjp(forward, backward)
g = jax.grad(lambda w: jnp.sum((coarse(w) * x) ** 2))(0.3)
""",
    "whole numbers that are only compared": """
def grown(t):
    n = (t / 0.1).astype(int)
    return lax.fori_loop(0, 10, lambda i, s: jnp.where(i < n, s + 0.1 * jnp.sin(s), s), 1.0)
g = jax.grad(grown)(jnp.array(0.55))
""",
    "a rounded position that is cast": """
table = x**2
def looked_up(u):
    place = jnp.floor(u)
    return table[place.astype(int)]
g = jax.grad(looked_up)(jnp.array(1.3))
""",
    "the element of the largest score, and of a drawn one": """
def best(w):
    return x[jnp.argmax(w * x - x**2)]
def drawn(w):
    k = jax.random.categorical(jax.random.PRNGKey(0), w)
    return x[k]
g = jax.grad(best)(0.5)
g = jax.grad(drawn)(jnp.zeros(3))
""",
    "the larger of the smaller": """
@jax.jit
def loss(w):
    return jnp.sum(max(0.0, min(w, 10.0)) * x)
g = jax.grad(loss)(0.5)
""",
    "an arc behind two masks": """
def hours(w):
    c = w * x
    h = jnp.arccos(c) / jnp.pi
    return jnp.sum(jnp.where(c >= 1.0, 0.0, jnp.where(c <= -1.0, 1.0, h)))
g = jax.grad(hours)(0.5)
""",
    "a root of a matrix": """
from jax.scipy.linalg import sqrtm
def loss(a):
    return jnp.trace(sqrtm(jnp.array([[2.0, a], [0.1, 1.0]])).real)
g = jax.grad(loss)(0.3)
""",
    "an object that JAX does not know": """
class Layer:
    def __init__(self, n):
        self.weight, self.scale = jnp.ones(n), "unit"
    def __call__(self, v):
        return v * self.weight
class Net:
    def __init__(self):
        self.layer = Layer(3)
    def __call__(self, v):
        return jnp.tanh(self.layer(v))
def loss(net, v):
    return jnp.sum(net(v) ** 2)
g = jax.grad(loss)(Net(), x)
""",
    "a part that was computed before": """
class Cell:
    def __init__(self, p):
        self.area = 2 * p["radius"]
    def run(self, p, s):
        return s / self.area * p["leak"]
def error(params, cell, s):
    return jnp.mean(cell.run(params, s) ** 2)
theta = {"radius": 1.5, "leak": 0.1}
cell = Cell(theta)
g = jax.grad(error)(theta, cell, x)
""",
    "a quotient of nothing beside an overflow": """
def loss(v):
    u = v + 40.0
    rate = u / (1.0 - jnp.exp(-u))
    rate = jnp.where(jnp.abs(u) < 1e-6, 1.0, rate)
    misfit = rate * v
    return jnp.sum(jnp.log(jnp.cosh(misfit)))
g = jax.grad(loss)(jnp.array([-40.0, -35.0, -41.0]))
""",
    "a sum in the logarithm, step by step": """
def forward(w):
    def step(a, v):
        return jnp.log(jnp.exp(a + w) + jnp.exp(v)), a
    return lax.scan(step, 0.0, jnp.ones(5))[0]
g = jax.grad(forward)(30.0)
""",
    "a step that is halved": """
def height(p):
    return jnp.sum((p - 1.0) ** 4)
@jax.jit
def descended(p):
    slope, t = 4 * (p - 1.0) ** 3, 1.0
    while height(p - t * slope) > height(p) - 0.5 * t * jnp.sum(slope * slope):
        t = 0.5 * t
    return p - t * slope
g = jax.grad(lambda p: jnp.sum(descended(p) ** 2))(x + 1.0)
""",
    "a list of parameters that is filled, beside those that are read": """
class Net:
    def __init__(self):
        self.w, self.b = jnp.array([0.5, 1.0, 2.0]), jnp.array([0.1, 0.2, 0.3])
        self.params = [self.w, self.b]
    def fill(self, values):
        for k, value in enumerate(values):
            self.params[k] = value
    def run(self, v):
        return jnp.tanh(self.w * v + self.b)
def loss(values, net, v):
    net.fill(values)
    return jnp.sum(net.run(v))
net = Net()
g = jax.grad(loss)(list(net.params), net, x)
""",
    "a number whose gradients are stopped": """
def loss(p):
    rate = 1.0 - lax.stop_gradient(p["rate"]) / 2
    return jnp.sum(rate**2 * x) + p["shift"]
g = jax.grad(loss)({"rate": 1.0, "shift": 3.0})
""",
    "a value that a method of another object keeps": """
class Log:
    def __init__(self):
        self.values = []
    def note(self, value):
        self.values.append(value)
log = Log()
@jax.jit
def loss(w):
    result = jnp.mean((w * x) ** 2)
    log.note(result)
    return result
g = jax.grad(loss)(0.5)
print(sum(log.values))
""",
    "a list that the body of a scan fills": """
def loss(k):
    path = []
    def step(v, _):
        v = v - k * v
        path.append(v)
        return v, None
    lax.scan(step, 1.0, None, length=4)
    return sum(path)
g = jax.grad(loss)(0.1)
""",
    "two functions of math beside each other": """
def turned(a):
    return jnp.array([math.cos(a), math.sin(a)])
g = jax.grad(lambda p: jnp.sum(turned(p["angle"]) * x[:2]))({"angle": 0.3})
""",
    "a test that only chooses between two numbers": """
def loss(w):
    if w > 0.2:
        k = 2.0
    else:
        k = 3.0
    return jnp.sum(k * x)
g = jax.grad(loss)(0.5)
""",
    "an array that is told to be whole": """
def loss(w):
    return jnp.sum(jnp.full((3,), w, dtype=jnp.int32) * x)
g = jax.grad(loss)(1.5)
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
