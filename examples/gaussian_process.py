"""Gaussian-process regression of the carbon dioxide at Mauna Loa: hyperparameters by L-BFGS with exact gradients.

The kernel is that of Rasmussen and Williams, "Gaussian processes for machine learning", 2006, section 5.4.3: a trend, a
season that changes slowly, irregularities of medium length, and noise. The data are those that statsmodels ships
(Keeling and Whorf, weekly until 2001). What the model says of the last years is compared with what was measured.
"""

import numpy as np
from _program import run

from gradtape.scipy.optimize import minimize

START = {
    "trend": [4.2, 4.2], "season": [0.9, 4.5, 0.3], "irregular": [-0.4, 0.2, -0.2], "noise": [-1.7, -1.7, -2.0],
}  # fmt: skip
"""Logarithms of amplitudes [ppm] and lengths [years]; the season's third is a length per period, the irregularities'
third an exponent, the noise's a white amplitude, and amplitude and length of noise that is correlated."""


def data(last=1995.0):
    """Return years and monthly means in ppm, up to `last` and after it."""
    from statsmodels.datasets import co2

    weekly = co2.load_pandas().data["co2"]
    monthly = weekly.resample("MS").mean().dropna()
    year = np.array(monthly.index.year + (monthly.index.month - 0.5) / 12.0, float)
    value = monthly.to_numpy(float)
    return (year[year <= last], value[year <= last]), (year[year > last], value[year > last])


def kernel(p, a, b):
    """Return the covariance of the signal between two sets of years."""
    gap = a[:, None] - b[None, :]
    square = gap**2
    (t, season, irregular, noise) = (np.exp(p[name]) for name in ("trend", "season", "irregular", "noise"))
    smooth = t[0] ** 2 * np.exp(-square / (2.0 * t[1] ** 2))
    waves = np.exp(-square / (2.0 * season[1] ** 2) - 2.0 * (np.sin(np.pi * gap) / season[2]) ** 2)
    rational = (1.0 + square / (2.0 * irregular[2] * irregular[1] ** 2)) ** (-irregular[2])
    correlated = noise[1] ** 2 * np.exp(-square / (2.0 * noise[2] ** 2))
    return smooth + season[0] ** 2 * waves + irregular[0] ** 2 * rational + correlated


def misfit(p, year, value):
    """The negative logarithm of the marginal likelihood (Rasmussen and Williams, algorithm 2.1)."""
    noisy = kernel(p, year, year) + np.exp(2.0 * p["noise"][0]) * np.eye(len(year))
    factor = np.linalg.cholesky(noisy)
    white = np.linalg.solve(factor, value)
    return 0.5 * np.sum(white**2) + np.sum(np.log(np.diagonal(factor))) + 0.5 * len(year) * np.log(2.0 * np.pi)


def predict(p, year, value, wanted):
    """Return mean and standard deviation of what would be measured at the wanted years."""
    noise = np.exp(2.0 * p["noise"][0])
    factor = np.linalg.cholesky(kernel(p, year, year) + noise * np.eye(len(year)))
    across = np.linalg.solve(factor, kernel(p, year, wanted))
    mean = across.T @ np.linalg.solve(factor, value)
    return mean, np.sqrt(np.diagonal(kernel(p, wanted, wanted)) + noise - np.sum(across**2, axis=0))


def main(small=False, last=1995.0):
    (year, value), (later, measured) = data(last)
    if small:
        keep = year > 1987.0
        year, value, later, measured = year[keep], value[keep], later[:24], measured[:24]
    centre = value.mean()
    start = {name: np.array(values) for name, values in START.items()}
    first = misfit(start, year, value - centre)
    found = minimize(
        misfit, start, (year, value - centre), method="L-BFGS-B", options={"maxiter": 15 if small else 100}
    )
    wanted = np.linspace(year[-1] - 12.0, later[-1] + (0.0 if small else 6.0), 500)
    mean, spread = predict(found.params, year, value - centre, wanted)
    there, deviation = predict(found.params, year, value - centre, later)
    miss = there + centre - measured
    print(
        f"{len(year)} months until {year[-1]:.0f}, 11 hyperparameters: -log likelihood {first:.1f} -> {found.fun:.1f}"
    )
    lengths = {"trend": 1, "season": 1, "irregular": 1}
    for name, k in lengths.items():
        amplitude, length = np.exp(found.params[name][0]), np.exp(found.params[name][k])
        print(f"{name:<9} amplitude {amplitude:6.2f} ppm, length {length:6.1f} years")
    for months in sorted({24, min(48, len(later)), len(later)}):
        error = np.sqrt(np.mean(miss[:months] ** 2))
        inside = np.mean(np.abs(miss[:months]) < 1.96 * deviation[:months])
        print(f"the {months} months after: root mean square error {error:.2f} ppm, {inside:.0%} within the 95 % band")
    return {
        "year": year, "value": value, "later": later, "measured": measured, "wanted": wanted, "mean": mean + centre,
        "spread": spread, "miss": miss, "deviation": deviation, "first": first, "last": found.fun,
        "params": found.params,
    }  # fmt: skip


def draw(plt, result):
    figure, axes = plt.subplots(figsize=(7.2, 4.0))
    wanted, mean, spread = result["wanted"], result["mean"], result["spread"]
    axes.fill_between(wanted, mean - 1.96 * spread, mean + 1.96 * spread, color="tab:blue", alpha=0.25, lw=0)
    axes.plot(wanted, mean, color="tab:blue", lw=1, label="mean and 95 % band")
    shown = result["year"] >= wanted[0]
    axes.plot(result["year"][shown], result["value"][shown], "k.", ms=3, label="measured, and used")
    axes.plot(result["later"], result["measured"], ".", color="tab:red", ms=4, label="measured, and not used")
    axes.axvline(result["year"][-1], color="k", lw=0.7, ls=":")
    axes.set(xlabel="year", ylabel="CO$_2$ at Mauna Loa [ppm]", title="The curve of Keeling, continued")
    axes.legend(loc="upper left")
    return figure


if __name__ == "__main__":
    run(main, draw)
