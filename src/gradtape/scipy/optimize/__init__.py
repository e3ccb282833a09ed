"""Roots and optima that keep their gradient: SciPy finds them, the implicit function theorem differentiates them."""

from gradtape.scipy.optimize.solutions import (
    Solution,
    brentq,
    least_squares,
    minimize,
    minimize_scalar,
    newton,
    root,
    root_scalar,
)
from gradtape.scipy.publish import publish

__all__ = ["Solution", "brentq", "least_squares", "minimize", "minimize_scalar", "newton", "root", "root_scalar"]
__getattr__ = publish(globals(), "optimize")
