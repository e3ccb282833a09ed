"""Looking at values and gradients while a program runs: what is not finite, and how large gradients are."""

from gradtape.debugging.gradient_log import GradientLog, GradientStats
from gradtape.debugging.numerics import check_numerics, checked, disable_check_numerics, enable_check_numerics

__all__ = [
    "GradientLog",
    "GradientStats",
    "check_numerics",
    "checked",
    "disable_check_numerics",
    "enable_check_numerics",
]
