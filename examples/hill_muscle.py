"""A muscle and its tendon: identified from noisy forces, then driven along a wanted movement by optimal control.

The muscle is of Hill's type in the formulation of De Groote, Kinney, Rao and Fregly, "Evaluation of direct collocation
optimal control problem formulations for solving the muscle redundancy problem", Annals of Biomedical Engineering 44,
2922-2936, 2016, with the coefficients of its supplement. Its activation follows Winters ("An improved muscle-reflex
actuator", Annals of Biomedical Engineering 23, 359-374, 1995), with a switch between rise and decay that is as steep as
OpenSim's. The wanted movement is that of Flash and Hogan ("The coordination of arm movements", Journal of Neuroscience
5, 1688-1703, 1985). The measurements are made up: simulated with other parameters than the search starts from, and
noise.
"""

import numpy as np
from _program import run

from gradtape.scipy.integrate import solve_ivp
from gradtape.scipy.optimize import brentq, least_squares, minimize

TRUE = {"force": 320.0, "fibre": 0.115, "slack": 0.205, "rise": 0.018}
"""Largest isometric force [N], optimal fibre length [m], tendon slack length [m], time constant of activation [s]."""
GUESS = {"force": 250.0, "fibre": 0.125, "slack": 0.2, "rise": 0.03}
REACH = {"force": 1.0, "fibre": 0.25, "slack": 0.1, "rise": 1.5}
"""How far from the guess is searched, in its logarithm: farther away a muscle of this span would hang loose or tear."""

PENNATION = 0.12  # rad, at optimal length
FASTEST = 10.0  # optimal fibre lengths per second
DECAY = 0.06  # s
NOISE = 3.0  # N

BELLS = np.array([[0.815, 1.055, 0.162, 0.063], [0.433, 0.717, -0.030, 0.200], [0.100, 1.000, 0.354, 0.0]])

INERTIA, MASS, CENTRE, FRICTION = 0.06, 1.6, 0.16, 0.15  # kg m2, kg, m, N m s: a forearm with its hand
ARM = 0.035  # m, of the muscle's pull about the elbow
SPAN = 0.318  # m, of muscle and tendon while the forearm hangs down
GRAVITY = 9.81  # m / s2


def active(length):
    """Force by length at full activation, in units of the largest force; `length` in optimal lengths."""
    height, centre, width, skew = BELLS.T
    length = np.expand_dims(length, -1)
    return np.sum(height * np.exp(-0.5 * ((length - centre) / (width + skew * length)) ** 2), axis=-1)


def passive(length):
    return (np.exp(4.0 * (length - 1.0) / 0.6) - 1.0) / (np.exp(4.0) - 1.0)


def tendon(length):
    """Force of the tendon; `length` in slack lengths."""
    return 0.2 * np.exp(35.0 * (length - 0.995)) - 0.25


def speed(factor):
    """Invert the force-velocity relation: the speed, in fastest ones, at which the active force has that factor.

    A solver tries steps that lead nowhere: far outside of what a muscle can do the speed stays what it is.
    """
    factor = np.clip(factor, -0.5, 2.0)
    return (np.sinh((factor - 0.886) / -0.318) + 0.374) / -8.149


def pull(p, length, span):
    """Return the tendon's force and the cosine of the pennation: the fibre's width stays (Zajac, 1989)."""
    along = np.sqrt(np.maximum(length**2 - np.sin(PENNATION) ** 2, 1e-4))
    return tendon((span - along * p["fibre"]) / p["slack"]), along / length


def muscle(p, activation, length, span, excitation):
    """Return the rates of activation [1/s] and fibre length [optimal lengths / s], and the force [N]."""
    up = 0.5 * np.tanh(10.0 * (excitation - activation))
    inertia = 0.5 + 1.5 * activation
    rate = ((up + 0.5) / (p["rise"] * inertia) + inertia / DECAY * (0.5 - up)) * (excitation - activation)
    force, cosine = pull(p, length, span)
    factor = (force / cosine - passive(length)) / (activation * active(length))
    return rate, FASTEST * speed(factor), force * p["force"]


def at_rest(p, activation, span):
    """Return the fibre length at which nothing moves; it depends on the parameters, and keeps its gradient."""

    def balance(length):
        force, cosine = pull(p, length, span)
        return (activation * active(length) + passive(length)) * cosine - force

    return brentq(balance, 0.5, 1.6)


# -- identification: a muscle that is held, stretched and stimulated -------------------------------------------------


def stimulus(t):
    return 0.08 + 0.62 / (1.0 + np.exp(-60.0 * (t - 0.1))) - 0.5 / (1.0 + np.exp(-60.0 * (t - 0.55)))


def stretch(t):
    return SPAN + 0.012 * np.sin(2.0 * np.pi * 2.5 * t) * t


def forces(p, times):
    """Simulate the forces of the tendon at some times."""

    def rates(t, y):
        return muscle(p, y[0], y[1], stretch(t), stimulus(t))[:2]

    start = [0.08, at_rest(p, 0.08, SPAN)]
    y = solve_ivp(rates, (0.0, times[-1]), start, t_eval=times, rtol=1e-4, atol=1e-6).y
    return p["force"] * pull(p, y[1], stretch(times))[0]


def identify(times, evaluations, seed):
    """Find the parameters from noisy forces; each is searched for as a multiple of its guess."""
    measured = forces(TRUE, times) + NOISE * np.random.default_rng(seed).normal(size=times.size)

    def parameters(q):
        return {name: GUESS[name] * np.exp(q[name]) for name in GUESS}

    low = {name: -far for name, far in REACH.items()}
    found = least_squares(
        lambda q: (forces(parameters(q), times) - measured) / NOISE,
        dict.fromkeys(GUESS, 0.0),
        bounds=(low, REACH),
        max_nfev=evaluations,
    )
    spread = np.sqrt(np.diag(np.linalg.inv(found.jac.T @ found.jac)))
    return measured, parameters(found.params), dict(zip(GUESS, spread, strict=True)), found


# -- optimal control: a forearm that is lifted -----------------------------------------------------------------------


def wanted(t, last):
    """The smoothest movement from 0.2 to 1.2 rad, with a pause before and after."""
    s = np.clip((t - 0.15 * last) / (0.6 * last), 0.0, 1.0)
    return 0.2 + 1.0 * (10.0 * s**3 - 15.0 * s**4 + 6.0 * s**5)


def lift(p, excitation, times):
    """Simulate activation, fibre length, angle [rad] and angular velocity of the forearm."""
    knots = np.linspace(0.0, times[-1], excitation.shape[0])

    def rates(t, y):
        span = SPAN - ARM * y[2]
        rate, shortening, force = muscle(p, y[0], y[1], span, np.interp(t, knots, excitation))
        torque = ARM * force - MASS * GRAVITY * CENTRE * np.sin(y[2]) - FRICTION * y[3]
        return [rate, shortening, y[3], torque / INERTIA]

    start = [0.06, at_rest(p, 0.06, SPAN - ARM * 0.2), 0.2, 0.0]
    return solve_ivp(rates, (0.0, times[-1]), start, t_eval=times, rtol=1e-5, atol=1e-7).y


def control(p, last, knots, rounds):
    """Find the excitation that moves the forearm as wanted, without waste."""
    times = np.linspace(0.0, last, 41)

    def cost(excitation):
        angle = lift(p, excitation, times)[2]
        return 100.0 * np.mean((angle - wanted(times, last)) ** 2) + 0.05 * np.mean(excitation**2)

    found = minimize(
        cost, np.full(knots, 0.15), method="L-BFGS-B", bounds=[(0.05, 1.0)] * knots, options={"maxiter": rounds}
    )
    return times, found, lift(p, found.x, times)


def main(small=False, seed=5):
    times = np.linspace(0.0, 0.15 if small else 1.0, 16 if small else 101)
    measured, found, spread, fit = identify(times, 4 if small else 50, seed)
    print(f"identified from {times.size} forces with {NOISE:.0f} N of noise, in {fit.nfev} simulations:")
    for name, unit, scale in [("force", "N", 1.0), ("fibre", "mm", 1e3), ("slack", "mm", 1e3), ("rise", "ms", 1e3)]:
        value, true = found[name] * scale, TRUE[name] * scale
        told = f"made with {true:5.1f}, guessed {GUESS[name] * scale:5.1f}"
        print(f"  {name:<6} {value:7.2f} +- {value * spread[name]:5.2f} {unit:<3} {told}")
    last, knots, rounds = (0.05, 2, 1) if small else (1.0, 14, 40)
    moments, best, states = control(found, last, knots, rounds)
    error = np.degrees(np.sqrt(np.mean((states[2] - wanted(moments, last)) ** 2)))
    print(f"optimal control with {knots} knots, {best.nit} rounds: {error:.2f} degrees from the wanted movement (rms)")
    return {
        "times": times, "measured": measured, "found": found, "spread": spread, "model": forces(found, times),
        "guess": forces(GUESS, times), "moments": moments, "states": states, "excitation": best.x, "last": last,
        "error": error, "cost": best.fun, "misfit": fit.cost,
    }  # fmt: skip


def draw(plt, result):
    figure, ((curves, force), (angle, drive)) = plt.subplots(2, 2, figsize=(9.0, 6.0))
    length = np.linspace(0.4, 1.6, 200)
    curves.plot(length, active(length), label="active, by fibre length")
    curves.plot(length, np.maximum(passive(length), 0.0), label="passive, by fibre length")
    factor = np.linspace(0.02, 1.55, 200)
    curves.set(xlabel="length [optimal lengths]", ylabel="force [largest force]", xlim=(0.4, 1.6), ylim=(0, 1.7))
    curves.legend(fontsize=8, loc="upper left")
    by_speed = curves.twiny()
    by_speed.plot(speed(factor), factor, color="tab:green", label="active, by speed")
    by_speed.set(xlabel="speed [fastest; shortening to the left]", xlim=(-1.0, 1.0))
    by_speed.spines["top"].set_visible(True)
    by_speed.grid(visible=False)
    by_speed.legend(fontsize=8, loc="upper right")
    force.plot(result["times"], result["measured"], ".", color="tab:red", ms=4, label="measured (made up)")
    force.plot(result["times"], result["guess"], "k--", lw=0.9, label="guess")
    force.plot(result["times"], result["model"], color="tab:blue", label="identified")
    force.set(xlabel="time [s]", ylabel="tendon force [N]", title="Identification")
    force.legend(fontsize=8)
    moments, states = result["moments"], result["states"]
    angle.plot(moments, np.degrees(wanted(moments, result["last"])), "k--", lw=1, label="wanted")
    angle.plot(moments, np.degrees(states[2]), color="tab:blue", label="moved")
    angle.set(xlabel="time [s]", ylabel="elbow angle [degrees]", title="Optimal control")
    angle.legend(fontsize=8)
    knots = np.linspace(0.0, result["last"], len(result["excitation"]))
    drive.plot(knots, result["excitation"], "o-", ms=3, color="tab:orange", label="excitation")
    drive.plot(moments, states[0], color="tab:green", label="activation")
    drive.plot(moments, states[1], color="tab:purple", lw=1, label="fibre length [optimal lengths]")
    drive.set(xlabel="time [s]", ylim=(0, 1.4), title="What the muscle does")
    drive.legend(fontsize=8)
    return figure


if __name__ == "__main__":
    run(main, draw)
