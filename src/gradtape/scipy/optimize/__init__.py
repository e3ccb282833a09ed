"""Minima, fits and roots with exact derivatives, and with gradients of their own.

SciPy searches; what it asks for, gradients, Hessians, their products and Jacobians, comes from the tape. Parameters may
have any structure. What is found under an open tape moves with everything that it depends on; see `implicit`.
"""

from gradtape.scipy.optimize.fits import curve_fit, least_squares
from gradtape.scipy.optimize.minima import minimize, minimize_scalar
from gradtape.scipy.optimize.roots import (
    bisect,
    brenth,
    brentq,
    fixed_point,
    fsolve,
    newton,
    ridder,
    root,
    root_scalar,
    toms748,
)
from gradtape.scipy.optimize.searches import basinhopping, differential_evolution, dual_annealing, shgo
from gradtape.scipy.publish import publish

__all__ = [
    "basinhopping",
    "bisect",
    "brenth",
    "brentq",
    "curve_fit",
    "differential_evolution",
    "dual_annealing",
    "fixed_point",
    "fsolve",
    "least_squares",
    "minimize",
    "minimize_scalar",
    "newton",
    "ridder",
    "root",
    "root_scalar",
    "shgo",
    "toms748",
]
__getattr__ = publish(globals(), "optimize")
