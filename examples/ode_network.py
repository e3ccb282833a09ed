"""A network that solves a differential equation: a damped pendulum, from the equation alone.

The angle is `a0 + v0*t + t**2 * network(t)`, which starts rightly whatever the weights are; they are chosen so that the
equation holds at points in time (Lagaris, Likas and Fotiadis, "Artificial neural networks for solving ordinary and
partial differential equations", IEEE Transactions on Neural Networks 9, 1998, section II). Speed and acceleration are
derivatives of the network by time, and the loss is differentiated by the weights through both: three tapes, one in the
other. A fine solution by Runge and Kutta stands beside it.
"""

import numpy as np
from _program import run
from scipy.integrate import solve_ivp

import gradtape as gt
from gradtape.scipy.optimize import minimize

DAMPING, ANGLE, SPEED, END = 0.3, 2.0, 0.0, 8.0


def start(rng, width):
    return {
        "w0": rng.uniform(-1.0, 1.0, (1, width)) * 2.0,
        "b0": rng.uniform(-2.0, 2.0, width),
        "w1": rng.standard_normal((width, width)) / np.sqrt(width),
        "b1": np.zeros(width),
        "w2": rng.standard_normal((width, 1)) / width,
    }


def angle(p, t):
    """Return the angle at points in time, a column of them."""
    hidden = np.tanh((2.0 * t / END - 1.0) @ p["w0"] + p["b0"])
    hidden = np.tanh(hidden @ p["w1"] + p["b1"])
    return ANGLE + SPEED * t + (t / END) ** 2 * (hidden @ p["w2"]) * 10.0


def residual(p, t):
    """Return by how much `angle'' + DAMPING * angle' + sin(angle) = 0` is missed."""
    t = gt.constant(t)
    with gt.GradientTape() as second:
        second.watch(t)
        with gt.GradientTape() as first:
            first.watch(t)
            now = angle(p, t)
        speed = first.gradient(now, t)  # each angle depends on its own time only
    return second.gradient(speed, t) + DAMPING * speed + np.sin(now)


def loss(p, t):
    return np.mean(residual(p, t) ** 2)


def main(small=False, seed=0):
    count, width, steps = (60, 16, 400) if small else (200, 24, 3000)
    t = np.linspace(0.0, END, count)[:, None]
    options = {"maxiter": steps, "maxfun": 2 * steps, "ftol": 1e-15, "gtol": 1e-10}
    found = minimize(loss, start(np.random.default_rng(seed), width), (t,), method="L-BFGS-B", options=options)
    fine = solve_ivp(
        lambda _, s: [s[1], -DAMPING * s[1] - np.sin(s[0])], (0.0, END), [ANGLE, SPEED], rtol=1e-11, atol=1e-12,
        t_eval=t.ravel(),
    ).y[0]  # fmt: skip
    network = np.asarray(angle(found.params, t)).ravel()
    difference = np.abs(network - fine).max()
    print(f"{count} points in time, {found.nit} steps of L-BFGS: mean squared residual {found.fun:.1e}")
    print(f"largest difference from Runge and Kutta: {difference:.1e} of {np.abs(fine).max():.1f} radians")
    missed = np.asarray(residual(found.params, t)).ravel()
    return {
        "t": t.ravel(), "network": network, "fine": fine, "missed": missed, "difference": difference, "fun": found.fun,
    }  # fmt: skip


def draw(plt, result):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.4))
    left.plot(result["t"], result["fine"], color="0.7", lw=4, label="Runge and Kutta")
    left.plot(result["t"], result["network"], color="tab:red", lw=1.2, label="network")
    left.set(xlabel="time", ylabel="angle", title="A damped pendulum")
    left.legend()
    right.semilogy(result["t"], np.abs(result["network"] - result["fine"]) + 1e-12, label="difference in angle")
    right.semilogy(result["t"], np.abs(result["missed"]) + 1e-12, lw=0.8, label="residual")
    right.set(xlabel="time", title="What is missed")
    right.legend()
    return figure


if __name__ == "__main__":
    run(main, draw)
