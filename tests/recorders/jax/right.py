"""Programs in which nothing is wrong: whatever they do, nothing may be said of them."""

RIGHT = {
    "whole numbers that the program allows": """
def loss(p):
    return jnp.sum((x * p["w"]) ** p["n"])

jax.grad(loss, allow_int=True)({"n": 3, "w": 1.5})
""",
    "labels that are pulled back to": """
def loss(w, labels):
    return jnp.sum((w * x)[labels] ** 2)

_, pull = jax.vjp(loss, 1.5, jnp.array([0, 2]))
pull(jnp.ones(()))
""",
    "a network in a training loop": """
params = {"w": jnp.ones((3, 2)) * 0.1, "b": jnp.zeros(2)}
inputs, wanted = jnp.ones((4, 3)), jnp.ones((4, 2))

@jax.jit
def step(params):
    def loss(params):
        hidden = jax.nn.relu(inputs @ params["w"] + params["b"] + 0.1)
        return jnp.mean((hidden - wanted) ** 2)

    value, g = jax.value_and_grad(loss)(params)
    return jax.tree.map(lambda p, d: p - 0.1 * d, params, g), value

for _ in range(5):
    params, value = step(params)
""",
    "a safe root": """
def loss(x):
    positive = x > 0.5
    return jnp.sum(jnp.where(positive, jnp.sqrt(jnp.where(positive, x - 0.5, 1.0)), 0.0))

jax.grad(loss)(x)
jax.jit(jax.grad(loss))(x)
""",
    "a draw from categories, trained with the score": """
def expected(theta):
    a = jax.random.categorical(jax.random.key(0), lax.stop_gradient(theta), shape=(16,))
    return jnp.mean(x[a] * jax.nn.log_softmax(theta)[a])

jax.grad(expected)(x)
""",
    "a draw as a function of noise": """
def loss(scale):
    return jnp.mean((scale * jax.random.normal(jax.random.key(0), (3,)) + x) ** 2)

jax.grad(loss)(0.5)
""",
    "straight through": """
def loss(x):
    hard = x + lax.stop_gradient(jnp.round(x) - x)
    return jnp.sum(hard**2)

jax.grad(loss)(x)
""",
    "a branch that is taken": """
def loss(w):
    if w > 0.5:
        return jnp.sum(w * x)
    return jnp.sum(x)

jax.grad(loss)(0.7)
""",
    "a value beside the loss": """
def loss(w):
    error = w * x - 1.0
    return jnp.mean(error**2), {"error": error, "n": 3}

(value, aux), g = jax.value_and_grad(loss, has_aux=True)(0.3)
g, aux = jax.grad(loss, has_aux=True)(0.3)
""",
    "scan, cond, while and vmap": """
def loss(w):
    def step(carry, item):
        carry = lax.cond(item > 1.0, lambda c: c * w, lambda c: c + w, carry)
        return carry, jnp.tanh(carry)

    total, all = lax.scan(step, w, x)
    rounds = lax.fori_loop(0, 3, lambda i, c: c * 1.1, total)
    return rounds + jnp.sum(jax.vmap(lambda a: a * w)(all))

jax.grad(loss)(0.7)
jax.jit(jax.value_and_grad(loss))(0.7)
jax.vmap(jax.grad(loss))(x)
""",
    "every transformation": """
def f(x):
    return jnp.sin(x) * x[0]

out, pull = jax.vjp(f, x)
pull(out)
jax.jvp(f, (x,), (jnp.ones(3),))
jax.jacrev(f)(x)
jax.jacfwd(f)(x)
jax.jacobian(f)(x)
jax.linearize(f, x)[1](jnp.ones(3))
jax.hessian(lambda x: f(x).sum())(x)
jax.jit(jax.hessian(lambda x: f(x).sum()))(x)
jax.grad(lambda x: jnp.sum(jax.grad(lambda x: f(x).sum())(x) ** 2))(x)
""",
    "rules of its own": """
@jax.custom_vjp
def clip_gradient(x):
    return x

clip_gradient.defvjp(lambda x: (x, None), lambda _, g: (jnp.clip(g, -1.0, 1.0),))

@jax.custom_jvp
def f(x, y):
    return jnp.sin(x) * y

@f.defjvp
def f_jvp(primals, tangents):
    (a, b), (da, db) = primals, tangents
    return f(a, b), jnp.cos(a) * b * da + jnp.sin(a) * db

jax.grad(lambda x: jnp.sum(clip_gradient(x) ** 2))(x)
jax.jit(jax.grad(lambda x: jnp.sum(f(x, y=2.0))))(x)
jax.grad(lambda x: jnp.sum(f(x, x)))(x)
""",
    "a scan that trains": """
@jax.jit
def train(w):
    def step(w, item):
        value, g = jax.value_and_grad(lambda w: (w * item - 1.0) ** 2)(w)
        return w - 0.1 * g, value

    return lax.scan(step, w, x)

train(0.3)
""",
    "a method, a partial, keyword arguments": """
from functools import partial

class Model:
    scale = 2.0

    @partial(jax.jit, static_argnums=0)
    def loss(self, w, *, offset):
        return jnp.sum((w * x * self.scale - offset) ** 2)

model = Model()
jax.grad(model.loss)(0.3, offset=1.0)
jax.grad(partial(model.loss, offset=2.0))(0.3)
""",
    "a remembered step": """
@jax.checkpoint
def block(w):
    return jnp.tanh(w * x)

jax.grad(lambda w: jnp.sum(block(w)))(0.3)
jax.jit(jax.grad(lambda w: jnp.sum(block(w))))(0.3)
""",
    "attention, layer norm and a softmax loss": """
def loss(params):
    q, k, v = (params["x"] @ params[n] for n in ("q", "k", "v"))
    weights = jax.nn.softmax(q @ k.T / 2.0, axis=-1)
    h = weights @ v
    h = (h - h.mean(-1, keepdims=True)) / jnp.sqrt(h.var(-1, keepdims=True) + 1e-5)
    return -jnp.mean(jax.nn.log_softmax(jax.nn.gelu(h))[:, 0])

keys = jax.random.split(jax.random.key(0), 4)
params = {n: jax.random.normal(k, (4, 4)) for n, k in zip(("x", "q", "k", "v"), keys)}
jax.grad(loss)(params)
""",
    "random numbers, reparameterised": """
def loss(params, key):
    eps = jax.random.normal(key, (3,))
    keep = jax.random.bernoulli(key, 0.8, (3,))
    return jnp.mean(keep * (params["mean"] + jnp.exp(params["log_scale"]) * eps) ** 2)

jax.grad(loss)({"mean": jnp.array(0.3), "log_scale": jnp.array(0.1)}, jax.random.key(0))
""",
    "linear algebra": """
def loss(a):
    m = a @ a.T + jnp.eye(3)
    return jnp.linalg.slogdet(m)[1] + jnp.linalg.solve(m, x).sum() + jnp.linalg.eigvalsh(m).max()

jax.grad(loss)(jnp.arange(9.0).reshape(3, 3) / 10)
""",
    "integers that only count": """
def loss(w, n, labels):
    logits = w * x / n
    return -jax.nn.log_softmax(logits)[labels] * len(x)

jax.grad(loss)(0.3, 4, 2)
""",
    "an error that is none of ours": """
def loss(w):
    return w * x @ jnp.ones(4)

try:
    jax.grad(loss)(0.3)
except TypeError:
    pass
""",
    "functions without curvature": """
def line(x):
    return jnp.dot(x, jnp.arange(3.0)) + 2.0

jax.hessian(line)(x)
jax.hessian(jax.jit(line))(x)
jax.jit(jax.hessian(line))(x)
jax.jacfwd(jax.jacrev(line))(x)
jax.jacrev(jax.grad(line))(x)
jax.jvp(jax.grad(line), (x,), (jnp.ones(3),))
jax.grad(lambda x: jnp.vdot(jax.grad(line)(x), jnp.ones(3)))(x)
jax.grad(lambda x: jnp.sum(jax.grad(line)(x) ** 2))(x)
jax.vmap(jax.grad(jax.grad(lambda t: t * 3)))(x)
jax.grad(jax.grad(jax.grad(lambda t: t**2)))(2.0)
jax.hessian(lambda a, b: a * b)(1.0, 2.0)
jax.hessian(lambda p: jnp.sum(p["a"] ** 2) + jnp.sum(p["b"] * 3))({"a": x, "b": x})
""",
    "curvature": """
params = {"w": x, "b": x * 0.3, "v": x - 1.0}

def u(params, t):
    return jnp.dot(params["v"], jnp.tanh(params["w"] * t + params["b"])) + params["b"][0]

def loss(params):
    second = jax.grad(jax.grad(u, argnums=1), argnums=1)
    return jnp.mean(jax.vmap(lambda t: second(params, t) + 9.0)(x) ** 2)

jax.grad(loss)(params)
jax.jit(jax.grad(loss))(params)
jax.hessian(u, argnums=(0, 1))(params, 0.3)
H, aux = jax.hessian(lambda t: (t**3, t), has_aux=True)(0.5)
""",
    "a penalty on a gradient": """
def critic(w, x):
    return jnp.sum(jax.nn.relu(w * x))

jax.grad(lambda w: (jnp.linalg.norm(jax.grad(critic, argnums=1)(w, x)) - 1.0) ** 2)(0.7)
""",
    "a gradient step inside": """
def task(w):
    return jnp.sum((w * x - 1.0) ** 2)

jax.grad(lambda w: task(w - 0.1 * jax.grad(task)(w)))(0.3)
jax.grad(lambda w: task(w - 0.1 * lax.stop_gradient(jax.grad(task)(w))))(0.3)
""",
    "a tie": """
jax.grad(lambda w: jnp.maximum(w, 0.0))(0.0)
""",
    "a minimum": """
jax.grad(lambda w: jnp.sum((w - x) ** 2))(x)
""",
    "a pair as it was announced": """
def loss(w):
    y = w * x
    return jnp.mean(y**2), (y, jnp.max(y))

(value, (y, most)), g = jax.value_and_grad(loss, has_aux=True)(0.5)
jax.grad(lambda w, kind="mean": jnp.mean((w * x) ** 2), argnums=-1)(0.5)
""",
    "eigenvalues of any matrix, and its vectors in the open": """
def loss(a):
    matrix = jnp.array([[1.0, a], [0.5, 2.0]])
    values, vectors = lax.linalg.eig(matrix, compute_left_eigenvectors=False, enable_eigvec_derivs=True)
    return jnp.sum(jnp.abs(vectors)) + jnp.sum(jnp.abs(jnp.linalg.eigvals(matrix)) ** 2)

jax.grad(loss)(0.3)
""",
    "new arrays that are taken": """
def loss(w):
    grid = jnp.zeros(3).at[0].set(w)
    kept = grid.at[1].add(2 * w)
    return jnp.sum(kept**2)

jax.grad(loss)(0.5)
""",
    "JAX's own solver of differential equations": """
from jax.experimental.ode import odeint

def loss(k):
    path = odeint(lambda y, t: -k * y, 1.0, jnp.linspace(0.0, 1.0, 5))
    return jnp.sum(path)

jax.grad(loss)(0.4)
""",
    "numbers whose gradients are stopped beside those that learn": """
def loss(p):
    scale = 1.0 + lax.stop_gradient(p["w"])
    return jnp.sum((p["w"] * x - scale) ** 2)

jax.grad(loss)({"w": 0.5})
""",
    "weights whose memory a step was given, and nobody reads": """
step = jax.jit(lambda w: w - 0.1 * jax.grad(lambda w: jnp.sum(w**2))(w), donate_argnums=0)
w = jnp.ones(3)
w = step(w)
jax.grad(lambda w: jnp.sum(w**2))(w)
""",
}
