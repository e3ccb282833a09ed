"""Logistic regression by L-BFGS: scikit-learn's coefficients, and standard errors from the exact Hessian.

Minimises `sum log(1 + exp(-s (X w + b))) + |w|^2 / 2` (Hastie, Tibshirani and Friedman, "The elements of statistical
learning", 2009, section 4.4) on the breast cancer data of Wolberg, Street and Mangasarian that scikit-learn ships.
"""

import numpy as np
from _program import run
from sklearn.datasets import load_breast_cancer
from sklearn.linear_model import LogisticRegression

import gradtape as gt
from gradtape.scipy.optimize import minimize

TRAIN = 400


def data(seed):
    """Return names, standardised features and signs, in a random order: 1 is benign."""
    loaded = load_breast_cancer()
    order = np.random.default_rng(seed).permutation(len(loaded.target))
    x = (loaded.data - loaded.data.mean(0)) / loaded.data.std(0)
    return loaded.feature_names, x[order], 2.0 * loaded.target[order] - 1.0


def loss(p, x, sign):
    """The negative log-likelihood, and a penalty on the weights."""
    margin = sign * (x @ p["w"] + p["b"])
    return np.sum(np.logaddexp(0.0, -margin)) + 0.5 * np.sum(p["w"] ** 2)


def main(small=False, seed=0):
    names, x, sign = data(seed)
    x = x[:, :10] if small else x
    train, test = (x[:TRAIN], sign[:TRAIN]), (x[TRAIN:], sign[TRAIN:])
    start = {"w": np.zeros(x.shape[1]), "b": 0.0}
    found = minimize(loss, start, train, method="L-BFGS-B", options={"gtol": 1e-7, "ftol": 1e-15, "maxiter": 500})
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=10_000).fit(*train)
    difference = np.abs(found.params["w"] - theirs.coef_[0]).max()

    def accuracy(points, signs):
        return np.mean(np.sign(points @ found.params["w"] + found.params["b"]) == signs)

    curvature = gt.hessian(lambda w: loss({"w": w[:-1], "b": w[-1]}, *train))(found.x)
    errors = np.sqrt(np.diag(np.linalg.inv(curvature)))
    print(f"{TRAIN} patients, {x.shape[1]} features: loss {found.fun:.6f} after {found.nit} steps of L-BFGS")
    print(f"largest difference from scikit-learn's coefficients: {difference:.0e}")
    print(f"accuracy: {accuracy(*train):.3f} on these patients, {accuracy(*test):.3f} on the {len(test[1])} others")
    return {
        "names": names[: x.shape[1]], "w": found.params["w"], "theirs": theirs.coef_[0], "errors": errors[:-1],
        "difference": difference, "accuracy": accuracy(*test),
    }  # fmt: skip


def draw(plt, result):
    figure, axes = plt.subplots(figsize=(7.2, 5.2))
    order = np.argsort(result["w"])
    at = np.arange(len(order))
    axes.errorbar(result["w"][order], at, xerr=result["errors"][order], fmt="o", ms=4, lw=1, label="gradtape, L-BFGS")
    axes.plot(result["theirs"][order], at, "x", color="tab:red", ms=6, label="scikit-learn")
    axes.axvline(0.0, color="k", lw=0.6)
    axes.set_yticks(at, result["names"][order], fontsize=7)
    axes.set(
        xlabel="weight of the standardised feature (bars: standard error from the Hessian)", title="Benign or not?"
    )
    axes.legend(loc="lower right")
    return figure


if __name__ == "__main__":
    run(main, draw)
