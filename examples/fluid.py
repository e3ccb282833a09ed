"""A fluid whose stirring at the start is found so that smoke flows into a picture.

An incompressible fluid without friction in a periodic box, by the method of Stam, "Stable fluids", 1999: every step
moves velocity and smoke along the flow (semi-Lagrangian, with bilinear interpolation) and removes the divergence, here
exactly, by Fourier transforms. L-BFGS changes the velocity at the start; the gradient goes back through all steps.
"""

import numpy as np
from _program import run

import gradtape as gt
from gradtape.scipy.optimize import minimize


def without_divergence(vx, vy):
    """Remove the part of a velocity that is a gradient (Helmholtz's decomposition)."""
    n = vx.shape[0]
    k = np.fft.fftfreq(n) * n
    kx, ky = k[:, None], k[None, :]
    square = np.where(kx**2 + ky**2 == 0.0, 1.0, kx**2 + ky**2)
    fx, fy = np.fft.fft2(vx), np.fft.fft2(vy)
    along = (kx * fx + ky * fy) / square
    return np.real(np.fft.ifft2(fx - kx * along)), np.real(np.fft.ifft2(fy - ky * along))


def moved(field, vx, vy):
    """Move a field along a velocity, in cells per step: each cell gets what was upstream."""
    n = field.shape[0]
    rows, columns = np.meshgrid(np.arange(n), np.arange(n), indexing="ij")
    at_row, at_column = rows - vx, columns - vy
    left, top = (np.floor(gt.stop_gradient(a)) for a in (at_row, at_column))  # which cells: no part of the slope
    share_row, share_column = at_row - left, at_column - top
    i, j = (np.asarray(a, int) % n for a in (left, top))
    i1, j1 = (i + 1) % n, (j + 1) % n
    upper = (1.0 - share_column) * field[i, j] + share_column * field[i, j1]
    lower = (1.0 - share_column) * field[i1, j] + share_column * field[i1, j1]
    return (1.0 - share_row) * upper + share_row * lower


def flow(velocity, smoke, steps):
    """Return the smoke after each step."""
    vx, vy = without_divergence(velocity["x"], velocity["y"])
    states = [smoke]
    for _ in range(steps):
        vx, vy = without_divergence(moved(vx, vx, vy), moved(vy, vx, vy))
        smoke = moved(smoke, vx, vy)
        states.append(smoke)
    return states


def picture(n):
    """Return a nabla, the sign of the gradient, in white on black."""
    row, column = np.meshgrid(np.linspace(-1.1, 1.1, n), np.linspace(-1.1, 1.1, n), indexing="ij")

    def inside(size):
        """How far a place is inside of a triangle that stands on its tip."""
        return np.minimum(size * 0.5 - (-row - 0.05), np.minimum(size - (row + 0.05) - 1.75 * np.abs(column), 9.0))

    def soft(x):
        return 1.0 / (1.0 + np.exp(-20.0 * x))

    return soft(inside(0.85)) * (1.0 - soft(inside(0.42)))


def main(small=False, seed=0):
    n, steps, rounds = (16, 6, 12) if small else (48, 24, 120)
    target = picture(n)
    rows = np.arange(n)[:, None] * np.ones(n)
    smoke = 0.5 + 0.5 * np.sin(2.0 * np.pi * (rows + 0.5) / n * 3.0)  # stripes

    def misfit(velocity):
        return np.mean((flow(velocity, smoke, steps)[-1] - target) ** 2)

    start = {name: np.random.default_rng(seed + k).normal(0.0, 0.02, (n, n)) for k, name in enumerate("xy")}
    first = float(misfit(start))
    found = minimize(misfit, start, method="L-BFGS-B", options={"maxiter": rounds, "maxfun": 2 * rounds})
    states = [np.asarray(s) for s in flow(found.params, smoke, steps)]
    likeness = np.corrcoef(states[-1].ravel(), target.ravel())[0, 1]
    print(
        f"{n} x {n} cells, {steps} steps, {2 * n * n} unknowns: "
        f"misfit {first:.4f} -> {found.fun:.4f} in {found.nit} rounds"
    )
    print(f"correlation of the smoke with the picture: {likeness:.3f}")
    return {"states": states, "target": target, "first": first, "last": found.fun, "likeness": likeness}


def draw(plt, result):
    states = result["states"]
    shown = np.linspace(0, len(states) - 1, 5).astype(int)
    figure, axes = plt.subplots(1, 6, figsize=(9.6, 1.95))
    for axis, image, title in zip(
        axes, [*(states[k] for k in shown), result["target"]], [*(f"step {k}" for k in shown), "wanted"], strict=True
    ):
        axis.imshow(image, cmap="magma", vmin=0.0, vmax=1.0)
        axis.set_title(title)
        axis.axis("off")
    return figure


if __name__ == "__main__":
    run(main, draw)
