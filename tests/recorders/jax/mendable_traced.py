"""Programs that want of a traced value what only numbers give: a count, a size, SciPy's answer, a place in a cache."""

PICKED = {
    "places where a mask holds": """
@jax.jit
def energy(w):
    height = w * x
    wet = jnp.nonzero(height < 2.0)[0]
    return jnp.sum(jnp.sqrt(height[wet])) - jnp.max(height[wet])
jax.grad(energy)(0.7)
""",
    "places in a tuple of one": """
@jax.jit
def energy(w):
    height = w * x
    wet, = jnp.where(height < 2.0)
    return jnp.mean(height[wet] ** 2)
jax.grad(energy)(0.7)
""",
    "rows of places": """
def energy(w):
    height = w * x
    wet = jnp.argwhere(height < 2.0)[:, 0]
    return jnp.std(height[wet])
jax.jit(jax.grad(energy))(0.7)
""",
    "places that are used where they are found": """
@jax.jit
def energy(w, wet):
    return (w * x)[jnp.flatnonzero(wet)].sum()
jax.grad(energy)(0.7, jnp.array([True, False, True]))
""",
    "what is no number": """
@jax.jit
def misfit(w, seen):
    good = jnp.isfinite(seen)
    return jnp.mean((w * x[good] - seen[good]) ** 2)
jax.grad(misfit)(0.7, jnp.array([1.0, jnp.nan, 2.0]))
""",
    "a logarithm of what is above zero": """
@jax.jit
def entropy(w):
    p = w * x - 0.5
    return -jnp.sum(p[p > 0] * jnp.log(p[p > 0]))
jax.grad(entropy)(0.7)
""",
    "a mask and its opposite": """
@jax.jit
def margin(w, label):
    score = w * x
    good = score[label > 0]
    bad = score[~(label > 0)]
    return jnp.min(good) - jnp.max(bad)
jax.grad(margin)(0.7, jnp.array([1, 0, 1]))
""",
    "a stretch that begins at a traced place": """
def tail(w):
    height = w * x
    top = jnp.argmax(height)
    return jnp.mean(height[top:]) + jnp.sum(height[:top])
jax.jit(jax.grad(tail))(0.7)
""",
}

SIZED = {
    "classes that are looped over": """
@jax.jit
def spread(w, group):
    total = 0.0
    for g in jnp.unique(group):
        total = total + jnp.sum(jnp.where(group == g, w * x, 0.0)) ** 2
    return total
jax.grad(spread)(0.7, jnp.array([4, 2, 4]))
""",
    "classes that are counted": """
@jax.jit
def spread(w, group):
    _, places, counts = jnp.unique(group, return_inverse=True, return_counts=True)
    return jnp.sum(w * x / counts[places])
jax.grad(spread)(0.7, jnp.array([4, 2, 4]))
""",
    "a number of copies": """
@jax.jit
def copies(w, n):
    return jnp.sum(jnp.repeat(w * x, n) ** 2)
jax.grad(copies)(0.7, 2)
""",
    "how often a loop turns": """
@jax.jit
def compound(rate, years):
    return lax.fori_loop(0, years, lambda _, sum: sum * (1 + rate), 1.0)
jax.grad(compound)(0.05, 10)
""",
    "a place in a list": """
@jax.jit
def weighted(w, k):
    return [1.0, 2.0, 4.0][int(k)] * w
jax.grad(weighted)(0.7, 2)
""",
    "a place in a list that nobody knows before": """
@jax.jit
def weighted(w):
    k = jnp.argmax(x)
    return [1.0, 2.0, 4.0][int(k)] * w
jax.grad(weighted)(0.7)
""",
    "where an array is cut": """
@jax.jit
def halves(w, n):
    low, high = jnp.split(w * x, [n])
    return jnp.mean(high) - jnp.mean(low)
jax.grad(halves)(0.7, 1)
""",
}

CACHED = {
    "a function that keeps its results": """
@functools.lru_cache(maxsize=None)
def window(n):
    return jnp.hanning(n + 2)[1:-1]
@jax.jit
def power(w):
    return jnp.sum((w * x * window(3)) ** 2)
jax.grad(power)(0.7)
jax.grad(lambda w: jnp.sum(w * window(3)))(0.6)
""",
    "a property that is kept": """
class Window:
    def __init__(self, n):
        self.n = n
    @functools.cached_property
    def values(self):
        return jnp.hanning(self.n + 2)[1:-1]
window = Window(3)
@jax.jit
def power(w):
    return jnp.sum((w * x * window.values) ** 2)
jax.grad(power)(0.7)
jax.grad(lambda w: jnp.sum(w * window.values))(0.6)
""",
    "two results that an object keeps": """
class Fit:
    def __init__(self):
        self.low = self.high = None
        self.ask = jax.jit(jax.grad(self.loss))
    def ends(self, w):
        return jnp.min(w * x), jnp.max(w * x)
    def loss(self, w):
        self.low, self.high = self.ends(w)
        return (self.high - self.low) ** 2
fit = Fit()
fit.ask(0.7)
fit.low + fit.high
""",
    "a reference outside": """
total = jax.new_ref(jnp.zeros(()))
def loss(w):
    for value in x:
        total[...] += w * value
    return total[...] ** 2
jax.grad(loss)(0.7)
""",
    "a rule that clips everything away": """
@jax.custom_vjp
def limited(v, low, high):
    return v
limited.defvjp(lambda v, low, high: (v, (low, high)), lambda kept, g: (jnp.clip(g, *kept), None, None))
jax.grad(lambda w: -jnp.sum(limited(w * x, 0.0, 1.0)))(0.7)
""",
}

OF_SCIPY = {
    "pairs that are found by their costs": """
from scipy.optimize import linear_sum_assignment
def cost(move):
    places = jnp.array([[0.0, 1.0], [2.0, 0.5], [1.0, 3.0]]) + move
    goals = jnp.array([[1.0, 2.5], [0.2, 1.1], [2.5, 0.0]])
    apart = jnp.sum((places[:, None] - goals[None]) ** 2, axis=-1)
    rows, columns = linear_sum_assignment(apart)
    return jnp.sum(apart[rows, columns])
jax.grad(cost)(jnp.array([0.1, 0.2]))
""",
    "an integral": """
from scipy.integrate import quad
def loss(w):
    area, _ = quad(lambda t: np.exp(-w * t**2), 0.0, 2.0)
    return area**2
result = jax.grad(loss)(0.7)
""",
    "an integral up to a traced bound": """
from scipy import integrate
result = jax.grad(lambda w: integrate.quad(np.cos, 0, w)[0])(0.7)
""",
    "an equation that is integrated": """
from scipy.integrate import solve_ivp
def decay(t, y, k):
    return -k * y
def loss(k):
    way = solve_ivp(decay, (0.0, 1.0), [1.0, 2.0], t_eval=np.linspace(0.0, 1.0, 5), args=(k,), rtol=1e-6)
    return jnp.sum(way.y[:, -1])
result = jax.grad(loss)(0.7)
""",
    "a table": """
from scipy.interpolate import interp1d
at = np.linspace(0, 3, 7)
curve = interp1d(at, at**2, fill_value="extrapolate", bounds_error=False)
result = jax.grad(lambda w: jnp.sum(curve(w * x)))(2.2)
""",
    "a table of what is learned": """
from scipy.interpolate import interp1d
def loss(values):
    curve = interp1d(np.linspace(0, 3, 4), values)
    return jnp.sum(curve(x) ** 2)
result = jax.grad(loss)(jnp.array([0.0, 1.0, 0.5, 0.2]))
""",
    "a spline": """
from scipy.interpolate import CubicSpline
at = np.linspace(0, 3, 7)
curve = CubicSpline(at, np.sin(at))
result = jax.grad(lambda w: jnp.sum(curve(w * x)))(0.7)
""",
    "a special function": """
from scipy.special import jv
result = jax.grad(lambda w: jnp.sum(jv(1, w * x)))(0.7)
""",
    "a root": """
from scipy.optimize import brentq
def loss(a):
    root = brentq(lambda z: z**2 - a, 0.0, 5.0)
    return root**3
result = jax.grad(loss)(2.0)
""",
}

SLOPES = {
    "an integral": -1.365064,
    "an integral up to a traced bound": 0.764842,
    "an equation that is integrated": -1.489756,
    "a table": 23.25,
    "a spline": 0.768610,
    "a special function": 0.795312,
    "a root": 2.121320,
}
"""What SciPy's own answers give, by differences of numbers or by hand."""

LOOPS = {
    "rounds until nothing changes, compiled": """
@jax.jit
def slope(a):
    def settled(a):
        state, change = jnp.ones(3), jnp.inf
        while change > 1e-4:
            new = jnp.cos(a * state + x)
            change = jnp.max(jnp.abs(new - state))
            state = new
        return jnp.sum(state)

    return jax.grad(settled)(a)

slope(0.3)
""",
    "rounds that are counted beside": """
def root(a):
    guess, rounds = a, 0
    while jnp.abs(guess * guess - a) > 1e-3:
        guess = 0.5 * (guess + a / guess)
        rounds += 1
    return guess + 0.0 * rounds

jax.jit(jax.grad(root))(3.0)
""",
    "a start that is a whole number": """
def root(a):
    guess = 1
    while jnp.abs(guess * guess - a) > 1e-3:
        guess = 0.5 * (guess + a / guess)
    return guess

jax.jit(jax.grad(root))(3.0)
""",
    "rounds whose values are kept in a list": """
def total(a):
    kept, here = [], a
    while jnp.sum(here) > 0.9:
        here = 0.9 * here
        kept.append(here)
    return sum(kept)

jax.jit(jax.grad(total))(1.0)
""",
}
"""Loops that run until something traced is reached."""

ANSWERED = {
    "functions of plain numbers, one behind another": """
def below(z):
    return 0.5 * math.erfc(-z / math.sqrt(2.0))

def surprise(mean):
    chance = below((1.2 - mean) / 0.7)
    return -math.log(chance) + math.lgamma(mean + 2.0)

jax.grad(surprise)(0.3)
""",
    "a spectrum of NumPy's": """
def strength(pitch, times):
    tone = jnp.sin(pitch * times)
    lines = np.fft.rfft(tone * np.hanning(8))
    return np.sum(np.abs(lines) ** 2) + np.trapezoid(np.gradient(tone), times)

jax.grad(strength)(1.3, jnp.arange(8.0))
""",
}
"""Functions of NumPy's and of `math` that JAX has, too."""

NUMBERS_OF_PYTHON = {
    "two plain tables that are read at a traced place": """
ages, rates = np.linspace(0.0, 10.0, 6), np.linspace(1.0, 3.0, 6) ** 2

def rate(age, ages, rates):
    k = jnp.sum(age > jnp.asarray(ages)) - 1
    slope = (rates[k + 1] - rates[k]) / (ages[k + 1] - ages[k])
    return rates[k] + slope * (age - ages[k])

jax.jit(lambda age: jax.grad(rate)(age, ages, rates))(3.1)
""",
    "a picture of whole numbers that is moved": """
from jax.scipy.ndimage import map_coordinates

picture = (jnp.arange(36.0).reshape(6, 6) * 5).astype(int)

def moved(shift):
    rows = jnp.arange(1.0, 4.0) + shift
    return jnp.sum(map_coordinates(picture, [rows, rows], 1, mode="nearest"))

jax.grad(moved)(0.2)
""",
    "a key of the module's that a traced function splits": """
key = jax.random.PRNGKey(3)

def dropped(h, rate=0.5):
    global key
    key, a, b = jax.random.split(key, 3)
    kept = jax.random.bernoulli(a, 1 - rate, h.shape)
    return jnp.where(kept, h / (1 - rate), 0.0) + 0.01 * jax.random.normal(b, h.shape)

def loss(w, rows):
    return jnp.mean(dropped(rows @ w) ** 2)

step = jax.jit(jax.value_and_grad(loss))
w = jnp.ones((3, 4))
for _ in range(2):
    value, slope = step(w, jax.random.normal(key, (5, 3)))
    w = w - 0.1 * slope
""",
    "a loss that is printed": """
@jax.jit
def slope(w):
    def loss(w):
        value = jnp.mean((w * x) ** 2)
        print(f"{value.item():.2f} of {float(w)}")
        return value

    return jax.grad(loss)(w)

slope(0.4)
""",
    "losses that are kept": """
seen = []

def loss(w):
    value = jnp.mean((w * x) ** 2)
    seen.append(float(value))
    return value

jax.grad(loss)(0.4)
assert not isinstance(seen[0], jax.core.Tracer)
""",
    "a number that decides": """
def loss(w):
    value = jnp.mean((w * x) ** 2)
    if float(value) < 1e-6:
        return 2 * value
    return value

jax.jit(jax.grad(loss))(0.4)
""",
    "a list that becomes an array": """
def loss(w):
    waves = []
    for k in range(3):
        waves.append(jnp.sin(k * w))
    return jnp.sum(x * np.asarray(waves))

jax.grad(loss)(0.4)
""",
    "a share that decides on a size": """
def longer(w, share):
    more = int(share * 4)
    return jnp.concatenate([w, jnp.ones(more)])

@jax.jit
def slope(w, share):
    return jax.grad(lambda w: jnp.sum(longer(w, share) ** 2))(w)

slope(jnp.ones(3), 0.5)
""",
    "parameters whose memory was given away": """
def loss(w):
    return jnp.mean((w * x) ** 2)

step = jax.jit(lambda w: w - 0.1 * jax.grad(loss)(w), donate_argnums=0)
w = jnp.ones(3)
new = step(w)
jax.grad(loss)(w)
""",
}
"""Values that become numbers of Python's, and arrays that are there no longer."""
