"""Learning to learn: weights from which one gradient step on ten points is enough to follow a new sine.

MAML (Finn, Abbeel and Levine, "Model-agnostic meta-learning for fast adaptation of deep networks", ICML 2017,
algorithm 2 and section 5.1). The gradient of the outer step goes through the gradient of the inner one: a tape inside a
tape. What it is worth shows beside a network that was trained on the same sines without an inner step, and that may
choose the length of its steps afterwards.
"""

from itertools import pairwise

import numpy as np
from _program import run

import gradtape as gt

POINTS, TASKS, WIDTH = 10, 25, 40
RATE, RATES = 0.01, (0.01, 0.003, 0.001, 0.0003)


def start(rng):
    """Return the weights of a network with two hidden layers."""
    sizes = [1, WIDTH, WIDTH, 1]
    weights = {}
    for k, (n, m) in enumerate(pairwise(sizes)):
        weights[f"w{k}"] = gt.Variable(rng.standard_normal((n, m)) * np.sqrt(2.0 / n))
        weights[f"b{k}"] = gt.Variable(np.zeros((1, m)))
    return weights


def network(p, x):
    """Follow points through the network; weights may have an axis of tasks in front."""
    hidden = np.maximum(x @ p["w0"] + p["b0"], 0.0)
    hidden = np.maximum(hidden @ p["w1"] + p["b1"], 0.0)
    return hidden @ p["w2"] + p["b2"]


def sines(rng, count):
    """Return points of as many sines, for the inner step and for the outer one."""
    amplitude, phase = rng.uniform(0.1, 5.0, (count, 1, 1)), rng.uniform(0.0, np.pi, (count, 1, 1))
    x = rng.uniform(-5.0, 5.0, (2, count, POINTS, 1))
    return x, amplitude * np.sin(x - phase)


def adapt(weights, x, y, steps=1, rate=RATE):
    """Take steps of gradient descent for every task on its own: the weights get an axis of tasks."""
    for _ in range(steps):
        with gt.GradientTape() as tape:
            tape.watch(weights)
            losses = np.mean((network(weights, x) - y) ** 2, axis=(1, 2))
        slopes = tape.gradient(losses, weights)  # of the sum; no task touches the weights of another
        weights = {name: w - rate * slopes[name] for name, w in weights.items()}
    return weights


def copies(weights, count):
    return {name: np.repeat(w[None], count, axis=0) for name, w in weights.items()}


def train(weights, rng, steps, inner):
    """Train on many sines, through `inner` steps of adaption; 0 is ordinary training."""
    optimizer = gt.optim.Adam(gt.optim.schedules.CosineDecay(3e-3, steps))
    for _ in range(steps):
        (x_in, x_out), (y_in, y_out) = sines(rng, TASKS)
        with gt.GradientTape() as tape:
            own = adapt(copies(weights, TASKS), x_in, y_in, inner)
            loss = np.mean((network(own, x_out) - y_out) ** 2)
        optimizer.apply(tape.gradient(loss, weights), weights)


def errors(weights, rate, count=200, most=10):
    """Return the mean squared error on new sines after 0, 1, ... inner steps."""
    (x_in, x_out), (y_in, y_out) = sines(np.random.default_rng(2), count)
    own = copies({name: gt.constant(w.numpy()) for name, w in weights.items()}, count)
    found = []
    for _ in range(most + 1):
        found.append(float(np.mean((network(own, x_out) - y_out) ** 2)))
        own = adapt(own, x_in, y_in, rate=rate)
    return np.array(found)


def main(small=False, seed=0):
    steps, count = (120, 50) if small else (6000, 200)
    result = {"learned": {}, "errors": {}, "rates": {}}
    for name, inner in (("trained through the step", 1), ("trained without it", 0)):
        weights = start(np.random.default_rng(seed))
        train(weights, np.random.default_rng(seed + 1), steps, inner)
        with np.errstate(all="ignore"):  # steps that are too long overflow
            found = {rate: errors(weights, rate, count) for rate in ((RATE,) if inner else RATES)}
        rate = min(found, key=lambda r: np.nan_to_num(found[r][-1], nan=np.inf))
        result["learned"][name], result["errors"][name], result["rates"][name] = weights, found[rate], rate
        told = ", ".join(f"{result['errors'][name][k]:.3f} after {k}" for k in (0, 1, 5, 10))
        print(f"{name}: mean squared error {told} steps of {rate:g} on {POINTS} points of a new sine")
    return result


def draw(plt, result):
    figure, axes = plt.subplots(1, 3, figsize=(11.0, 3.6))
    rng = np.random.default_rng(5)
    grid = np.linspace(-5.0, 5.0, 200)[:, None]
    x = rng.uniform(-5.0, 5.0, (1, POINTS, 1))
    y = 3.5 * np.sin(x - 1.0)
    for panel, (name, weights) in zip(axes, result["learned"].items(), strict=False):
        own = copies({key: gt.constant(w.numpy()) for key, w in weights.items()}, 1)
        panel.plot(grid, 3.5 * np.sin(grid - 1.0), "k", lw=1, label="the sine")
        panel.plot(x.ravel(), y.ravel(), "k^", ms=5, label="its ten points")
        for steps, style in ((0, ":"), (1, "--"), (10, "-")):
            values = network(adapt(own, x, y, steps, result["rates"][name]), grid[None]).numpy()
            panel.plot(grid, values.ravel(), style, color="tab:red", label=f"after {steps} steps")
        panel.set(title=name, xlabel="x")
    axes[0].legend(fontsize=7)
    for name, found in result["errors"].items():
        axes[2].semilogy(found, "o-", ms=3, label=name)
    axes[2].set(xlabel="inner steps on a new sine", title="mean squared error on 200 new sines")
    axes[2].legend(fontsize=7)
    return figure


if __name__ == "__main__":
    run(main, draw)
