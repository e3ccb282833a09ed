"""Rosenbrock's valley by every method of SciPy, with exact gradients and Hessians from the tape."""

import numpy as np
from _program import run

from gradtape.scipy.optimize import minimize

METHODS = [
    "Nelder-Mead", "Powell", "CG", "BFGS", "L-BFGS-B", "TNC", "SLSQP", "COBYQA",
    "Newton-CG", "trust-ncg", "trust-krylov", "trust-exact", "dogleg", "trust-constr",
]  # fmt: skip
START = np.array([-1.2, 1.0])


def valley(x):
    """Rosenbrock's function, in any number of dimensions; its minimum is 0 at (1, 1, ...)."""
    return np.sum(100.0 * (x[1:] - x[:-1] ** 2) ** 2 + (1.0 - x[:-1]) ** 2)


def main(small=False):
    paths, rows = {}, {}
    for method in METHODS:
        path = [START]
        found = minimize(valley, START, method=method, callback=lambda x, *_, path=path: path.append(np.array(x)))
        paths[method] = np.array(path)
        rows[method] = found
    print("from (-1.2, 1):   values gradients Hessians   distance from (1, 1)")
    for method, found in rows.items():
        distance = np.linalg.norm(found.x - 1.0)
        counts = (found.nfev, found.get("njev") or 0, found.get("nhev") or 0)
        print("{:<15} {:>8} {:>9} {:>8}   {:.0e}".format(method, *counts, distance))
    count = 10 if small else 100
    many = minimize(valley, np.zeros(count), method="trust-exact", options={"gtol": 1e-8})
    print(f"{count} unknowns from 0 by trust-exact: {many.nhev} Hessians, distance {np.linalg.norm(many.x - 1.0):.0e}")
    return {"paths": paths, "found": rows, "many": many}


def draw(plt, result):
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.0, 3.8))
    x, y = np.meshgrid(np.linspace(-1.6, 1.4, 300), np.linspace(-0.6, 1.8, 300))
    levels = np.logspace(-3, 3.5, 14)
    height = np.maximum(100.0 * (y - x**2) ** 2 + (1.0 - x) ** 2, levels[0])
    left.contourf(x, y, height, levels, norm="log", cmap="Blues_r", alpha=0.5)
    for method, colour in [("CG", "tab:orange"), ("trust-exact", "tab:red")]:
        path = result["paths"][method]
        left.plot(*path.T, "o-", color=colour, ms=3, lw=1, label=f"{method}: {len(path) - 1} steps")
    left.plot(1.0, 1.0, "*", color="gold", mec="k", ms=13)
    left.set(xlabel="$x_1$", ylabel="$x_2$", title="Rosenbrock's valley, from (-1.2, 1)")
    left.grid(visible=False)
    left.legend(loc="lower left")
    for method in ("Nelder-Mead", "CG", "BFGS", "L-BFGS-B", "Newton-CG", "trust-exact", "trust-constr"):
        values = [max(valley(x), 1e-16) for x in result["paths"][method]]
        right.semilogy(values, lw=1.3, label=method)
    right.set(xlabel="step", ylabel="value", title="How the methods descend")
    right.set_xlim(0, 130)
    right.legend(loc="upper right", fontsize=8)
    return figure


if __name__ == "__main__":
    run(main, draw)
