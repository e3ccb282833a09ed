"""A small Bayesian neural net: a posterior over its weights by variational inference.

Each weight has a normal posterior `mean + deviation * noise`, with new noise in every step, so that the gradient of an
expectation is the expectation of a gradient: the draw itself is not differentiated (Kingma and Welling, "Auto-encoding
variational Bayes", 2014; Blundell et al., "Weight uncertainty in neural networks", 2015). Trained is a bound of the
evidence, with the divergence from the prior in closed form. The data are made up: a wave, with a gap in the middle.
"""

import numpy as np
from _program import run

import gradtape as gt
from gradtape.optim import Adam

HIDDEN = 25
NOISE = 0.1
PRIOR = 1.5


def wave(x):
    return np.sin(2.0 * x) + 0.3 * x


def data(rng):
    """Return 60 noisy points on both sides of a gap."""
    x = np.concatenate([rng.uniform(-2.0, -0.6, 30), rng.uniform(0.6, 2.0, 30)])
    return x, wave(x) + NOISE * rng.normal(size=x.size)


def net(weights, x):
    """Return the outputs of a net with one hidden layer, for several draws of the weights at once.

    `weights` has shape (draws, 3 * HIDDEN + 1), `x` has shape (n,); the result has shape (draws, n).
    """
    slopes, shifts, outs = (weights[:, k * HIDDEN : (k + 1) * HIDDEN] for k in range(3))
    hidden = np.logaddexp(0.0, 4.0 * (slopes[:, :, None] * x + shifts[:, :, None]))
    return np.sum(outs[:, :, None] * hidden, axis=1) / np.sqrt(HIDDEN) + weights[:, -1:]


def main(small=False, seed=3):
    rng = np.random.default_rng(seed)
    x, y = data(rng)
    size, draws = 3 * HIDDEN + 1, 8
    mean = gt.Variable(0.5 * rng.normal(size=size), name="mean")
    spread = gt.Variable(np.full(size, -3.0), name="log_deviation")
    optimizer = Adam(0.02)
    steps = 300 if small else 4000
    bounds = []
    for step in range(steps):
        if step == steps // 2:
            optimizer.learning_rate = 0.005
        noise = rng.normal(size=(draws, size))  # drawn outside of the parameters: the path goes around it
        with gt.GradientTape() as tape:
            weights = mean + np.exp(spread) * noise
            miss = (net(weights, x) - y) / NOISE
            fit = 0.5 * np.mean(np.sum(miss**2, axis=1)) + x.size * np.log(NOISE * np.sqrt(2.0 * np.pi))
            variance = np.exp(2.0 * spread)
            divergence = np.sum(0.5 * (variance + mean**2) / PRIOR**2 - 0.5 - spread + np.log(PRIOR))
            bound = fit + divergence
            loss = fit + divergence * min(1.0, 2.0 * (step + 1) / steps)  # the prior comes in slowly
        gradients = tape.gradient(loss, [mean, spread])
        optimizer.apply_gradients(zip(gradients, [mean, spread], strict=True))
        bounds.append(float(bound))
    grid = np.linspace(-3.0, 3.0, 241)
    drawn = mean.numpy() + np.exp(spread.numpy()) * rng.normal(size=(400, size))
    outputs = net(drawn, grid)
    near = np.abs(np.abs(grid) - 1.3) < 0.6
    within = np.abs(outputs.mean(0) - wave(grid)) < 2.0 * outputs.std(0)
    inside, outside = outputs.std(0)[near].mean(), outputs.std(0)[np.abs(grid) > 2.5].mean()
    error = np.sqrt(np.mean((outputs.mean(0)[near] - wave(grid[near])) ** 2))
    tail = max(1, steps // 20)
    print(f"bound of the evidence: {-np.mean(bounds[:tail]):.0f} -> {-np.mean(bounds[-tail:]):.0f} after {steps} steps")
    print(f"where there are data: error of the mean {error:.3f}, deviation of the net {inside:.3f}")
    print(f"far away from them: deviation of the net {outside:.3f}")
    places = {"among the data": near, "in the gap": np.abs(grid) < 0.6, "beyond them": np.abs(grid) > 2.0}
    shares = ", ".join(f"{within[where].mean():.0%} {name}" for name, where in places.items())
    print(f"the curve lies within two deviations of the mean: {shares}")
    return {
        "x": x, "y": y, "grid": grid, "outputs": outputs, "bounds": bounds, "error": error, "inside": inside,
        "outside": outside,
    }  # fmt: skip


def draw(plt, result):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.6), width_ratios=(2.2, 1))
    grid, outputs = result["grid"], result["outputs"]
    centre, deviation = outputs.mean(0), outputs.std(0)
    for width, shade in ((2.0, 0.18), (1.0, 0.3)):
        left.fill_between(
            grid, centre - width * deviation, centre + width * deviation, color="tab:blue", alpha=shade, lw=0
        )
    left.plot(grid, outputs[:6].T, color="tab:blue", lw=0.5, alpha=0.7)
    left.plot(grid, wave(grid), "k--", lw=1, label="what the data were made from")
    left.plot(grid, centre, color="tab:blue", lw=1.8, label="mean of the nets, 1 and 2 deviations")
    left.plot(result["x"], result["y"], "o", color="tab:red", ms=3, label="data")
    left.set(xlabel="x", ylabel="y", ylim=(-3.0, 3.6), title="A Bayesian net: its mean and its spread")
    left.legend(loc="upper left", fontsize=8)
    window = len(result["bounds"]) // 100
    smooth = -np.convolve(result["bounds"], np.ones(window) / window, "valid")
    right.plot(np.arange(smooth.size) + window, smooth)
    right.set(xlabel="step", ylabel=f"bound of the evidence, mean of {window}", title="Training")
    right.set_ylim(np.percentile(smooth, 10), smooth.max() + 20)
    return figure


if __name__ == "__main__":
    run(main, draw)
