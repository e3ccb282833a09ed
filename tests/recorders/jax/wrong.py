"""Programs that people write, each wrong in one way: `#~ GTnnn` stands on every line to blame, and on no other."""

HEAD = """
import math

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

x = jnp.array([0.5, 1.5, 2.5])
"""

WRONG = {
    # -- another object ---------------------------------------------------------------------------------------------
    "an attribute in the place of the argument, through a function with a rule of its own": """
class Net:
    def __init__(self):
        self.layers = [(jnp.ones((3, 4)) * 0.3, jnp.zeros(4)), (jnp.ones((4, 2)), jnp.zeros(2))]

    def run(self, x):
        for w, b in self.layers[:-1]:  #~ GT104
            x = jax.nn.relu(x @ w + b)
        w, b = self.layers[-1]  #~ GT104
        return x @ w + b

    def loss(self, layers, x):
        return jnp.mean(self.run(x) ** 2)

net = Net()
jax.grad(net.loss)(net.layers, x)
""",
    "a norm of nothing, of whose effects a column is picked": """
def height(points):
    force = jnp.zeros_like(points)
    for i in range(2):
        gap = points[i + 1] - points[i]
        force = force.at[i].add(gap / (jnp.linalg.norm(gap) + 1e-6))  #~ GT401
    return jnp.sum((points + force)[:, 1])

jax.grad(height)(jnp.array([[0.0, 1.0], [0.5, 1.0], [0.5, 1.0]]))
""",
    "a whole number among the parameters": """
def loss(p):
    return jnp.sum((x * p["w"]) ** p["n"])

jax.grad(loss)({"n": 3, "w": 1.5})  #~ GT107
""",
    "a minimum that a library tells of in its own words": """
from scipy.optimize import minimize

def spread(z, w):
    return jnp.sum((z - w * x) ** 2)

def loss(w):
    best = minimize(spread, np.zeros(3), args=(w,))  #~ GT201
    return jnp.sum(best.x ** 2)

jax.grad(loss)(0.7)
""",
    "an equation whose solver gets a list": """
from scipy.integrate import solve_ivp

def loss(k):
    way = solve_ivp(lambda t, y: -k * y, (0.0, 1.0), [1.0])  #~ GT201
    return way.y[0, -1]

jax.grad(loss)(0.7)
""",
    "a function that keeps traced results": """
import functools

@functools.lru_cache
def window(n):
    values = jnp.hanning(n + 2)
    return values[1:-1]  #~ GT509

power = jax.jit(lambda w: jnp.sum((w * x * window(3)) ** 2))
jax.grad(power)(0.7)
jax.grad(lambda w: jnp.sum(w * window(3)))(0.6)
""",
    "parameters handed to a method, of which a target network holds copies": """
class Critic:
    def __init__(self):
        self.weights = {"w": jnp.array([0.5, -1.0, 2.0])}
        self.slow = jax.tree.map(jnp.copy, self.weights)

    def score(self, weights, rows):
        return jnp.tanh(rows @ weights["w"])

    def loss(self, given, rows):
        goal = self.score(self.slow, rows + 1.0)
        return jnp.mean((self.score(self.weights, rows) - goal) ** 2)  #~ GT104

critic = Critic()
jax.grad(critic.loss)(critic.weights, jnp.arange(6.0).reshape(2, 3))
""",
    "a decomposition whose rule is there for the reduced form": """
def corner(w):
    _, sizes, rows = jnp.linalg.svd(w * jnp.arange(6.0).reshape(3, 2) + 1.0)  #~ GT305
    return jnp.sum(rows[0] ** 3) + sizes[0]

jax.grad(corner)(1.5)
""",
    "a function without a rule for two of its arguments": """
from jax.scipy.special import betainc

jax.grad(lambda a: betainc(a, 2.0, 0.3))(1.5)  #~ GT305
""",
    "a mask in another function than what it hides": """
def pull(strength, away):
    near = (1.0 / away) ** 3  #~ GT402
    return strength * (near**2 - near)

def energy(strength, away):
    return jnp.sum(jnp.where(away > 0, pull(strength, away), 0.0))

jax.grad(energy)(0.7, jnp.array([0.0, 1.5, 2.0]))
""",
    "an exponential that is cut, compared and masked": """
def surrogate(w, old):
    ratio = jnp.exp(w * x - old)  #~ GT402
    least = jnp.minimum(ratio * 0.5, jnp.clip(ratio, 0.8, 1.2) * 0.5)
    return jnp.sum(jnp.where(old > -1e6, least, 0.0))

jax.grad(surrogate)(0.7, jnp.array([0.5, -1e9, 1.5]))
""",
    "a masked angle, and the root that it is made of": """
def reach(c, r):
    d = jnp.sqrt(jnp.sum(c**2))  #~ GT401
    part = jnp.arccos((d**2 + 1 - r**2) / (2 * d))  #~ GT402
    return jnp.where(d < 0.5, d, part * r)

jax.grad(reach)(jnp.zeros(2), 0.4)
""",
    "a length that half precision has no number for": """
def direction(v):
    return v / jnp.linalg.norm(v, axis=-1, keepdims=True)  #~ GT403

def alike(w, rows, others):
    one, two = (direction(v.astype(jnp.float16) @ w.astype(jnp.float16)) for v in (rows, others))
    return jnp.mean((one @ two.T).astype(jnp.float32))

jax.grad(alike)(jnp.ones((3, 2)), jnp.full((4, 3), 300.0), jnp.full((4, 3), 200.0))
""",
    # -- nothing flows ----------------------------------------------------------------------------------------------
    "rounding": """
def loss(x):
    steps = jnp.round(x * 3)  #~ GT302
    return jnp.sum(steps**2)

jax.grad(loss)(x)
""",
    "floor division": """
def loss(x):
    return jnp.sum((x // 0.5) * 2.0)  #~ GT302

jax.grad(loss)(x)
""",
    "a sign": """
def loss(x):
    return jnp.mean(jnp.sign(x - 1.0) * 3.0)  #~ GT302

jax.value_and_grad(loss)(x)
""",
    "a comparison": """
def accuracy(w):
    guess = x * w > 1.0  #~ GT301
    return jnp.mean(guess)

jax.grad(accuracy)(0.7)
""",
    "a comparison that chooses": """
def hinge(w):
    return jnp.sum(jnp.where(x * w > 1.0, 1.0, 0.0))  #~ GT301

jax.grad(hinge)(0.7)
""",
    "an order": """
def loss(scores):
    order = jnp.argsort(scores)  #~ GT301
    return jnp.sum(x[order] * jnp.arange(3.0))

jax.grad(loss)(jnp.array([0.3, 0.1, 0.2]))
""",
    "a draw from categories": """
def expected(theta):
    a = jax.random.categorical(jax.random.key(0), theta, shape=(16,))  #~ GT306
    reward = jnp.array([1.0, -1.0, 2.0])
    return jnp.mean(reward[a])

jax.grad(expected)(x)
""",
    "a coin": """
def loss(p):
    heads = jax.random.bernoulli(jax.random.key(0), p)  #~ GT306
    return jnp.sum(jnp.where(heads, x, 0.0))

jax.grad(loss)(jnp.array([0.2, 0.5, 0.7]))
""",
    "a choice by weights from a softmax": """
def loss(logits):
    i = jax.random.choice(jax.random.key(0), 3, shape=(8,), p=jax.nn.softmax(logits))  #~ GT306
    return jnp.mean(x[i])

jax.grad(loss)(x)
""",
    "counts": """
def loss(rate):
    return jnp.sum(jax.random.poisson(jax.random.key(0), rate) * x)  #~ GT306

jax.grad(loss)(x)
""",
    "rounding a softmax": """
def loss(logits):
    weights = jax.nn.softmax(logits)
    return jnp.sum(jnp.round(weights) * x)  #~ GT302

jax.grad(loss)(x)
""",
    "the place of the largest of a log-sum-exp": """
def loss(logits):
    sizes = jax.nn.logsumexp(logits, axis=1)
    return x[jnp.argmax(sizes)]  #~ GT301

jax.grad(loss)(jnp.ones((3, 2)) * x[:, None])
""",
    "one-hot": """
def loss(logits):
    hard = jax.nn.one_hot(jnp.argmax(logits), 3)  #~ GT301
    return jnp.sum(hard * x)

jax.grad(loss)(x)
""",
    "a cast": """
def loss(t):
    index = t.astype(int)  #~ GT303
    return x[index] + x[index + 1]

jax.grad(loss)(1.2)
""",
    "a stop": """
def loss(params):
    hidden = lax.stop_gradient(params["w"] * x)  #~ GT304
    return jnp.sum(hidden**2) + params["b"]

jax.grad(loss)({"w": jnp.array(0.2), "b": jnp.array(0.1)})
""",
    "a draw": """
key = jax.random.PRNGKey(0)

def reward(logits):
    action = jax.random.categorical(key, logits)  #~ GT306
    return x[action]

jax.grad(reward)(jnp.array([0.1, 0.2, 0.3]))
""",
    "a draw of zero or one": """
key = jax.random.key(1)

def loss(p):
    mask = jax.random.bernoulli(key, p, (3,))  #~ GT306
    return jnp.sum(mask * x)

jax.grad(loss)(0.4)
""",
    "an argument that nobody uses": """
def loss(params):
    return jnp.sum((params["w"] * x) ** 2)

jax.grad(loss)({"w": jnp.array(0.2), "b": jnp.array(0.1)})  #~ GT105
""",
    "another object": """
w = jnp.array([0.1, 0.2, 0.3])

def loss(weights):
    return jnp.sum((w * x) ** 2)  #~ GT104

jax.grad(loss)(w)
""",
    "a rule of zeros": """
@jax.custom_vjp
def clipped(x):
    return jnp.clip(x, 0.0, 1.0)

clipped.defvjp(lambda x: (clipped(x), x), lambda x, g: (jnp.zeros_like(x),))

def loss(x):
    return jnp.sum(clipped(x) ** 2)  #~ GT307

jax.grad(loss)(x)
""",
    "a rule of None": """
@jax.custom_vjp
def scaled(x, s):
    return x * s

scaled.defvjp(lambda x, s: (x * s, s), lambda s, g: (g * s, None))

def loss(s):
    return jnp.sum(scaled(x, s))  #~ GT307

jax.grad(loss)(2.0)
""",
    "a rule of zeros under jit": """
@jax.custom_jvp
def hard(x):
    return jnp.where(x > 1.0, 1.0, 0.0)

hard.defjvp(lambda primals, tangents: (hard(*primals), jnp.zeros_like(primals[0])))

@jax.jit
def step(x):
    return jax.grad(lambda x: jnp.sum(hard(x) * x[0]))(x[:1] * x)

def loss(x):
    return jnp.sum(hard(x))  #~ GT307

jax.jit(jax.grad(loss))(x)
""",
    "a number": """
def loss(x):
    scale = x[0].item()  #~ GT202
    return scale * 1.7

jax.grad(loss)(x)
""",
    "a number of rounds": """
def loss(w):
    total = jnp.zeros(())
    n = int(w)  #~ GT202
    return total + jnp.sum(x) * n

jax.grad(loss)(3.3)
""",
    "a decision": """
def loss(w):
    if w > 0.5:  #~ GT508
        return jnp.sum(x)
    return jnp.sum(x**2)

jax.grad(loss)(0.7)
""",
    "rounding in a scan": """
def loss(w):
    def step(carry, item):
        carry = carry + jnp.round(w * item)  #~ GT302
        return carry, carry

    total, _ = lax.scan(step, 0.0, x)
    return total

jax.grad(loss)(0.7)
""",
    "rounding in a carried value": """
def loss(w):
    def step(carry, item):
        carry = jnp.floor(carry * 0.9) + item  #~ GT302
        return carry, None

    total, _ = lax.scan(step, w, x)
    return total

jax.grad(loss)(0.7)
""",
    "a cast in a branch": """
def loss(w):
    return lax.cond(x[0] > 0, lambda w: w.astype(int) * 1.0, lambda w: w * 2.0, w)  #~ GT303

jax.grad(loss)(jnp.array(0.7))
""",
    "rounding under jit": """
@jax.jit
def quantised(x):
    return jnp.round(x * 4) / 4  #~ GT302

@jax.jit
def step(w):
    value, g = jax.value_and_grad(lambda w: jnp.sum(quantised(w * x)))(w)
    return w - 0.1 * g

step(0.3)
""",
    "rounding under jit, traced twice": """
@jax.jit
def step(p):
    def loss(p):
        return jnp.mean((p["w"] * x - jnp.floor(p["c"] * 3)) ** 2)  #~ GT302

    value, g = jax.value_and_grad(loss)(p)
    return jax.tree.map(lambda a, b: a - 0.1 * b, p, g), value

p = {"w": 1.0, "c": 0.5}
for _ in range(3):
    p, value = step(p)
    value.block_until_ready()
""",
    "rounding in an inner gradient": """
def inner(w):
    return jnp.sum(jnp.round(w * x))  #~ GT302

def outer(w):
    return jax.grad(inner)(w) + w**2

jax.grad(outer)(0.4)
""",
    "rounding under vmap": """
def loss(w, item):
    return jnp.floor(w * item)  #~ GT302

jax.vmap(jax.grad(loss), in_axes=(None, 0))(0.3, x)
""",
    "rounding in a training loop": """
@jax.jit
def train(w):
    def step(w, item):
        g = jax.grad(lambda w: jnp.ceil(w * item) ** 2)(w)  #~ GT302
        return w - 0.1 * g, g

    return lax.scan(step, w, x)

train(0.3)
""",
    "rounding pulled back": """
value, pull = jax.vjp(lambda x: jnp.round(x) * 2, x)  #~ GT302
pull(jnp.ones(3))
""",
    "rounding pushed forward": """
jax.jvp(lambda x: jnp.round(x) * 2, (x,), (jnp.ones(3),))  #~ GT302
""",
    "rounding in a jacobian": """
def steps(x):
    return jnp.round(x) * jnp.arange(3.0)  #~ GT302

jax.jacobian(steps)(x)
""",
    "rounding forwards": """
def steps(x):
    return jnp.floor(x)  #~ GT302

jax.jacfwd(steps)(x)
jax.linearize(steps, x)[1](x)
""",
    "rounding twice over": """
def loss(x):
    return jnp.sum(jnp.round(x) ** 2)  #~ GT302

jax.hessian(loss)(x)
""",
    # -- gradients of gradients -------------------------------------------------------------------------------------
    "a curvature of straight lines": """
def u(t):
    h = jax.nn.relu(t * x - 0.2)  #~ GT302
    return jnp.sum(h)

jax.hessian(u)(1.0)
jax.jit(jax.hessian(u))(1.0)
jax.grad(jax.grad(u))(1.0)
jax.jvp(jax.grad(u), (1.0,), (1.0,))
""",
    "a curvature of an absolute value": """
@jax.jit
def u(t):
    return jnp.sum(jnp.abs(t * x - 0.7))  #~ GT302

jax.hessian(u)(1.0)
jax.jacfwd(jax.jacrev(u))(1.0)
""",
    "a curvature in a scan": """
def u(w):
    def step(c, t):
        return c + jax.nn.relu(w * t), None  #~ GT302

    return lax.scan(step, 0.0, x)[0]

jax.hessian(u)(1.0)
""",
    "a differential equation and a network of straight lines": """
params = {"w": jnp.array([0.3, -0.2, 0.5]), "b": jnp.array([0.1, 0.4, -0.1]), "v": jnp.array([0.5, 1.0, -0.7])}

def u(params, t):
    return jnp.dot(params["v"], jax.nn.relu(params["w"] * t + params["b"]))  #~ GT302

def residual(params, t):
    return jax.grad(jax.grad(u, argnums=1), argnums=1)(params, t) + 9.0

def loss(params):
    return jnp.mean(jax.vmap(lambda t: residual(params, t))(x) ** 2)

jax.grad(loss)(params)
""",
    "rounding, and its gradient's gradient": """
def loss(x):
    return jnp.round(x) ** 2  #~ GT302

jax.grad(jax.grad(loss))(1.3)
jax.jacfwd(jax.jacrev(loss))(1.3)
""",
    "a stop before the curvature": """
def loss(x):
    scale = lax.stop_gradient(x**2)  #~ GT304
    return jnp.sum(scale * x)

jax.hessian(loss)(x)
""",
    "a stop between two gradients": """
def penalty(x):
    g = lax.stop_gradient(jax.grad(lambda x: jnp.sum(x**3))(x))  #~ GT304
    return jnp.sum(g**2)

jax.grad(penalty)(x)
""",
    "a stop pushed forward": """
def f(x):
    y = lax.stop_gradient(x * 2)  #~ GT304
    return y**2

jax.jvp(f, (x,), (jnp.ones(3),))
jax.jacfwd(f)(x)
""",
    "rules whose own derivative is stopped": """
@jax.custom_vjp
def cube(x):
    return x**3

cube.defvjp(lambda x: (cube(x), x), lambda x, g: (lax.stop_gradient(3 * x**2) * g,))  #~ GT304

@jax.custom_jvp
def square(x):
    return x**2

square.defjvps(lambda t, ans, x: t * lax.stop_gradient(2 * x))  #~ GT304

jax.grad(jax.grad(lambda x: cube(x)))(1.5)
jax.hessian(lambda x: square(x))(1.5)
""",
    "a number before the curvature": """
def f(x):
    s = x[0].item()  #~ GT202
    return s * s * jnp.sum(jnp.ones(3))

jax.hessian(f)(x)
""",
    "a power with a gradient and no curvature": """
def loss(x):
    return jnp.sum((x - 0.5) ** 1.5)  #~ GT401

jax.hessian(loss)(x)
jax.jvp(jax.grad(loss), (x,), (jnp.ones(3),))
""",
    "a norm's curvature": """
def loss(x):
    return jnp.sqrt(jnp.sum(x**2))  #~ GT401

jax.hessian(loss)(jnp.zeros(2))
""",
    "a part that nobody uses": """
def f(p):
    return jnp.sum(p["a"] ** 2)

jax.hessian(f)({"a": x, "b": x})  #~ GT105
""",
    # -- functions with a rule of their own, under vmap -------------------------------------------------------------
    "a rule of zeros under vmap": """
@jax.custom_vjp
def hard(v):
    return jnp.where(v > 1.0, 1.0, 0.0)

hard.defvjp(lambda v: (hard(v), None), lambda _, g: (jnp.zeros_like(g),))

def loss(w):
    return jnp.sum(jax.vmap(jax.vmap(lambda t: hard(w * t)))(x[:, None] * x))  #~ GT307

jax.grad(loss)(0.5)
""",
    "a rule of zeros along the second axis": """
@jax.custom_jvp
def hard(v, s):
    return jnp.where(v > s, v, 0.0)

hard.defjvp(lambda p, t: (hard(*p), jnp.zeros_like(p[0])))

def loss(w):
    return jnp.sum(jax.vmap(lambda t: hard(w * t, 0.3), in_axes=1, out_axes=1)(x[:, None] * x[:2]))  #~ GT307

jax.grad(loss)(0.5)
""",
    "dead units under vmap": """
def loss(w):
    return jnp.sum(jax.vmap(lambda t: jax.nn.relu(w * t - 100.0))(x))  #~ GT404

jax.grad(loss)(0.5)
""",
    "a step function": """
def loss(t):
    return jnp.sum(jnp.heaviside(t - 1.0, 0.5))  #~ GT302

jax.grad(loss)(x)
""",
    # -- no number --------------------------------------------------------------------------------------------------
    "a root": """
def loss(x):
    return jnp.sum(jnp.sqrt(x - 0.5))  #~ GT401

jax.grad(loss)(x)
""",
    "a norm in a scan": """
def loss(p):
    def step(p, _):
        length = jnp.linalg.norm(p)  #~ GT401
        return p + 0.1 * length, length

    _, lengths = lax.scan(step, p, None, length=3)
    return lengths.sum()

jax.grad(loss)(jnp.zeros(2))
""",
    "a norm under jit": """
@jax.jit
def step(p):
    def loss(p):
        return jnp.sqrt(jnp.sum(p**2))  #~ GT401

    value, g = jax.value_and_grad(loss)(p)
    return p - 0.1 * g

step(jnp.zeros(2))
""",
    "a norm under jit and vmap": """
def loss(p):
    return jnp.linalg.norm(p)  #~ GT401

jax.jit(jax.vmap(jax.grad(loss)))(jnp.array([[1.0, 2.0], [0.0, 0.0]]))
""",
    "a masked logarithm": """
def entropy(p):
    return -jnp.sum(jnp.where(p > 0, p * jnp.log(p), 0.0))  #~ GT402

jax.grad(entropy)(jnp.array([0.0, 0.5, 0.5]))
""",
    "a masked division": """
def ratio(a):
    inverse = 1.0 / a  #~ GT402
    return jnp.sum(jnp.where(a == 0, 0.0, inverse))

jax.value_and_grad(ratio)(jnp.array([0.0, 2.0]))
""",
    "an overflow": """
def softmax(z):
    e = jnp.exp(z)  #~ GT403
    return e / e.sum()

jax.grad(lambda z: softmax(z)[0])(jnp.array([100.0, 1.0]))
""",
    "a power": """
def loss(x):
    return jnp.sum((x - 0.5) ** 0.5)  #~ GT401

jax.grad(loss)(x)
""",
    "a spread of equal numbers": """
def loss(x):
    return jnp.std(x)  #~ GT401

jax.grad(loss)(jnp.ones(3))
""",
    "an angle": """
def angle(a, b):
    cosine = a @ b / jnp.sqrt((a @ a) * (b @ b))
    return jnp.arccos(cosine)  #~ GT401

jax.grad(angle)(jnp.array([1.0, 0.0]), jnp.array([1.0, 0.0]))
""",
    # -- errors -----------------------------------------------------------------------------------------------------
    "float": """
def loss(x):
    scale = float(jnp.max(x))  #~ GT202
    return jnp.sum(x / scale)

jax.grad(loss)(x)
""",
    "a function of math": """
def loss(x):
    return math.exp(x[0]) * x[1]  #~ GT202

jax.grad(loss)(x)
""",
    "a function of numpy": """
def loss(x):
    return jnp.sum(np.sin(x))  #~ GT201

jax.grad(loss)(x)
""",
    "an array of values": """
def rotation(angle):
    return jnp.asarray(np.array([[jnp.cos(angle), -jnp.sin(angle)], [jnp.sin(angle), jnp.cos(angle)]]))  #~ GT203

jax.grad(lambda a: rotation(a).sum())(0.3)
""",
    "an item of numpy's": """
def loss(w):
    table = np.zeros(3)
    for i in range(3):
        table[i] = w * i  #~ GT205
    return table.sum()

jax.grad(loss)(0.3)
""",
    "an item of jax's": """
def loss(w):
    table = jnp.zeros(3)
    table[1] = w  #~ GT205
    return table.sum()

jax.grad(loss)(0.3)
""",
    "while": """
@jax.jit
def solve(a):
    guess = a
    while jnp.abs(guess * guess - a) > 1e-3:  #~ GT508
        guess = 0.5 * (guess + a / guess)
    return guess

jax.grad(solve)(2.0)
""",
    "the larger": """
@jax.jit
def relu(x):
    return max(x, 0.0)  #~ GT508

jax.grad(relu)(2.0)
""",
    "a range": """
@jax.jit
def power(a, n):
    out = 1.0
    for _ in range(n):  #~ GT508
        out = out * a
    return out

jax.grad(power)(2.0, 3)
""",
    "a choice by jit": """
@jax.jit
def step(w):
    loss, g = jax.value_and_grad(lambda w: jnp.sum((w * x) ** 2))(w)
    if loss < 1e-3:  #~ GT508
        return w
    return w - 0.1 * g

step(0.5)
""",
    "whole numbers": """
jax.grad(lambda x: x * 2.0)(3)  #~ GT107
""",
    "an integer array": """
def loss(w):
    return jnp.sum(w * x)

w = jnp.arange(3)
jax.grad(loss)(w)  #~ GT107
""",
    "no single number": """
def loss(w):
    return (w * x) ** 2  #~ GT601

jax.grad(loss)(0.5)
""",
    "a value beside the loss": """
def loss(w):
    error = w * x
    return jnp.sum(error), error  #~ GT601

jax.grad(loss)(0.5)
""",
    "a loop": """
def solve(a):
    return lax.while_loop(lambda g: jnp.abs(g * g - a) > 1e-4, lambda g: 0.5 * (g + a / g), a)  #~ GT305

jax.grad(solve)(2.0)
""",
    "a loop inside a compiled function": """
@jax.jit
def solve(a, n):
    return lax.fori_loop(0, n, lambda i, g: 0.5 * (g + a / g), a)  #~ GT305

def loss(a):
    return solve(a, 5) ** 2

jax.grad(loss)(2.0)
""",
    "a callback": """
def outside(v):
    return np.sin(v)

def loss(x):
    y = jax.pure_callback(outside, jax.ShapeDtypeStruct(x.shape, x.dtype), x)  #~ GT305
    return jnp.sum(y * x)

jax.jit(jax.grad(loss))(x)
""",
    "a kept value": """
class Model:
    def loss(self, w):
        error = w * x - 1.0
        self.last = jnp.mean(error)  #~ GT509
        return jnp.mean(error**2)

model = Model()
jax.grad(model.loss)(0.5)
print(jnp.sqrt(model.last))
""",
    "a kept value of a compiled function": """
seen = {}

@jax.jit
def forward(w):
    hidden = jnp.tanh(w * x)
    seen["hidden"] = hidden  #~ GT509
    return hidden.sum()

jax.grad(forward)(0.5)
print(seen["hidden"] + 1)
""",
    "a kept value as a number": """
trace = []

def loss(w):
    value = jnp.sum((w * x) ** 2)
    trace.append(value)  #~ GT509
    return value

for _ in range(2):
    jax.grad(loss)(0.5)
print(float(trace[-1]))
""",
    "a kept value that is used again": """
carried = None

def loss(w):
    global carried
    hidden = w * x
    if carried is not None:
        hidden = hidden + carried
    carried = hidden  #~ GT509
    return hidden.sum()

jax.grad(loss)(0.5)
jax.grad(loss)(0.5)
""",
    # -- the question itself ----------------------------------------------------------------------------------------
    "one result where a pair was announced": """
def loss(w):
    return jnp.mean((w * x) ** 2)  #~ GT601

jax.grad(loss, has_aux=True)(0.5)
""",
    "three results where a pair was announced": """
def loss(w):
    y = w * x
    return jnp.mean(y**2), y, jnp.max(y)  #~ GT601

(value, y, most), g = jax.value_and_grad(loss, has_aux=True)(0.5)
""",
    "an argument that is not passed by position": """
def loss(w, x):
    return jnp.mean((w * x) ** 2)

jax.grad(loss)(w=0.5, x=x)  #~ GT108
""",
    "a position behind the last": """
def loss(x, w):
    return jnp.mean((w * x) ** 2)

jax.grad(loss, argnums=2)(x, 0.5)  #~ GT108
""",
    "a text among the parameters": """
def loss(p, x):
    return jnp.mean((x * p["w"]) ** 2)

jax.grad(loss)({"w": 0.5, "name": "linear"}, x)  #~ GT108
""",
    "a text for a compiled function": """
@jax.jit
def loss(w, kind):
    if kind == "square":
        return jnp.sum((w * x) ** 2)
    return jnp.sum(jnp.abs(w * x))

jax.grad(loss)(0.5, "square")  #~ GT108
""",
    "a count": """
def hits(w):
    return jnp.sum(w * x > 1.0)  #~ GT301

jax.grad(hits)(0.5)
""",
    "a count in a compiled step": """
def hits(w):
    return jnp.sum(w * x > 1.0)  #~ GT107

jax.jit(lambda w: jax.grad(hits)(w))(0.5)
""",
    "eigenvectors of any matrix": """
def loss(a):
    values, vectors = jnp.linalg.eig(jnp.array([[1.0, a], [0.5, 2.0]]))  #~ GT305
    return jnp.sum(jnp.abs(vectors))

jax.grad(loss)(0.3)
""",
    "eigenvectors of any matrix, in a compiled function": """
@jax.jit
def loss(a):
    matrix = a * jnp.array([[1.0, 0.2], [0.5, 2.0]])
    values, vectors = jnp.linalg.eig(matrix)  #~ GT305
    return jnp.sum(jnp.abs(vectors))

jax.value_and_grad(loss)(0.3)
""",
    # -- arrays that do not change, sizes that are not known --------------------------------------------------------
    "a new array that nobody takes": """
def loss(w):
    grid = jnp.zeros(3)
    grid.at[0].set(w)  #~ GT205
    return jnp.sum(grid**2)

jax.grad(loss)(0.5)
""",
    "a new array that nobody takes, in a loop of a helper": """
def fill(grid, w):
    for k in range(3):
        grid.at[k].add(w * k)  #~ GT205
    return grid

jax.grad(lambda w: jnp.sum(fill(jnp.zeros(3), w) ** 2))(0.5)
""",
    "a window of traced ends": """
@jax.jit
def loss(w, k):
    return jnp.sum((w * x)[k : k + 2])  #~ GT202

jax.grad(loss)(0.5, 1)
""",
    "a place in a list": """
@jax.jit
def loss(w, k):
    layers = [w * x, w * w * x]
    return jnp.sum(layers[k])  #~ GT202

jax.grad(loss)(0.5, 1)
""",
    "a text with a format": """
@jax.jit
def loss(w):
    value = jnp.sum(w * x)
    print(f"{value:.3f}")  #~ GT202
    return value**2

jax.grad(loss)(0.5)
""",
    "as many as there are": """
@jax.jit
def loss(w):
    place = jnp.nonzero(x * w > 1.0)[0]  #~ GT202
    return jnp.sum(x[place] * w)

jax.grad(loss)(0.5)
""",
    "a generator of NumPy's with a traced seed": """
@jax.jit
def loss(w, seed):
    noise = np.random.RandomState(seed).randn(3)  #~ GT201
    return jnp.sum(w * noise)

jax.grad(loss)(0.5, 3)
""",
    # -- before, beside, outside ------------------------------------------------------------------------------------
    "a part that was computed before": """
class Cell:
    def __init__(self, p):
        self.area = 2 * p["radius"]

    def run(self, p, s):
        return s / self.area * p["leak"]

def error(params, cell, s):
    return jnp.mean(cell.run(params, s) ** 2)

theta = {"radius": 1.5, "leak": 0.1, "spare": 3.0}
cell = Cell(theta)  #~ GT501
jax.grad(error)(theta, cell, x)  #~ GT105
""",
    "a quotient of nothing beside an overflow": """
def loss(v):
    u = v + 40.0
    rate = u / (1.0 - jnp.exp(-u))  #~ GT402
    rate = jnp.where(jnp.abs(u) < 1e-6, 1.0, rate)
    misfit = rate * v
    return jnp.sum(jnp.log(jnp.cosh(misfit)))  #~ GT403

jax.grad(loss)(jnp.array([-40.0, -35.0, -41.0]))
""",
    "a register outside": """
level = jax.new_ref(jnp.zeros(3))

def loss(w):
    level[...] = level[...] + w * x  #~ GT504
    return jnp.sum(level[...] ** 2)

jax.grad(loss)(0.5)
""",
    "an object that JAX does not know": """
class Layer:
    def __init__(self):
        self.weight = jnp.ones(3)

    def __call__(self, v):
        return v * self.weight

jax.grad(lambda layer: jnp.sum(layer(x)))(Layer())  #~ GT108
""",
    "a state of the optimizer, of which a part would not be read": """
def start(p):
    return {name: jnp.zeros_like(value) for name, value in p.items()}

def loss(p, momentum):
    return jnp.sum((p["w"] * x) ** 2) + momentum["w"]

p = {"w": jnp.array(0.5), "spare": jnp.array(1.0)}
momentum = start(p)
jax.grad(loss)(p, momentum)  #~ GT105
""",
    "a number whose gradients are stopped, and that Python computes with": """
def loss(p):
    rate = 1.0 - lax.stop_gradient(p["rate"]) / 2  #~ GT304
    return jnp.sum(rate**2 * x) + p["shift"]

jax.grad(loss)({"rate": 1.0, "shift": 3.0})
""",
    "a number whose gradients are stopped, in an array": """
def loss(p):
    return jnp.sum(lax.stop_gradient(p["rate"]) * x + p["shift"])  #~ GT304

jax.grad(loss)({"rate": 1.0, "shift": 3.0})
""",
    "a value that a method of another object keeps": """
class Log:
    def __init__(self):
        self.values = []

    def note(self, value):
        self.values.append(value)  #~ GT509

log = Log()

@jax.jit
def loss(w):
    result = jnp.mean((w * x) ** 2)
    log.note(result)
    return result

jax.grad(loss)(0.5)
print(sum(log.values))
""",
    "a root in what a choice leaves out": """
def turned(w):
    square = jnp.dot(w, w)
    share = jnp.where(square < 1e-8, 1.0, jnp.sin(jnp.sqrt(square)) / jnp.sqrt(square))  #~ GT402
    return jnp.sum(share * x) + jnp.sum(w)

jax.grad(turned)(jnp.zeros(3))
""",
    "a root that is read beside what a choice leaves out": """
def turned(w):
    square = jnp.dot(w, w)
    angle = jnp.sqrt(square)  #~ GT401
    share = jnp.where(square < 1e-8, 1.0, jnp.sin(angle) / angle)  #~ GT402
    return jnp.sum(share * x) + angle

jax.grad(turned)(jnp.zeros(3))
""",
    "weights whose memory a step was given": """
import functools

@functools.partial(jax.jit, donate_argnums=(0,))
def step(w):
    return w - 0.1 * jax.grad(lambda w: jnp.sum(w**2))(w)

w = jnp.ones(3)
better = step(w)  #~ GT507
jax.grad(lambda v: jnp.sum((v - w) ** 2))(better)
""",
}
