"""Checks for derivatives: of your own functions, and of every row of the table. Needs no test runner."""

from gradtape.testing.grads import check_grads
from gradtape.testing.modes import check_forward
from gradtape.testing.rules import check_rule

__all__ = ["check_forward", "check_grads", "check_rule"]
