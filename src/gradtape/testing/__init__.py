"""Checks for tests: of derivatives, and of programs whose gradients must flow. Needs no test runner."""

from gradtape.testing.flow import assert_explains, assert_gradients_flow, explanations
from gradtape.testing.grads import check_grads
from gradtape.testing.modes import check_forward
from gradtape.testing.rules import check_rule

__all__ = ["assert_explains", "assert_gradients_flow", "check_forward", "check_grads", "check_rule", "explanations"]
