"""Looking at gradients while a program runs."""

from gradtape.debugging.gradient_log import GradientLog, GradientStats

__all__ = ["GradientLog", "GradientStats"]
