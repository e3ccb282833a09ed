"""A gradient tape for Python that always says why."""

from importlib import import_module
from typing import Any

from gradtape import errors
from gradtape._config import config
from gradtape.arrays.doors import door
from gradtape.arrays.external import external, straight_through
from gradtape.arrays.tensor import Tensor
from gradtape.arrays.variable import Variable, constant
from gradtape.errors import MissingGradientWarning
from gradtape.tape.accumulator import ForwardAccumulator
from gradtape.tape.ambient import gradients
from gradtape.tape.custom import custom_gradient, grad_pass_through, recompute_grad
from gradtape.tape.functional import elementwise_grad, grad, jvp, linearize, make_jvp, make_vjp, value_and_grad, vjp
from gradtape.tape.gradient_tape import GradientTape
from gradtape.tape.matrices import hessian, hvp, jacfwd, jacobian, jacrev
from gradtape.tape.query import UnconnectedGradients


def __getattr__(name: str) -> Any:
    """Find the version, and the rooms that not everybody needs, when somebody asks for them."""
    if name == "__version__":
        from importlib.metadata import version

        return version("gradtape")
    if name in {"checkpoints", "debugging", "nn", "numpy", "optim", "scipy", "testing", "tf"}:
        return import_module(f"gradtape.{name}")
    if name.startswith("soft"):
        return getattr(import_module("gradtape.smooth"), name)
    raise AttributeError(f"module 'gradtape' has no attribute {name!r}")


stop_gradient = door("stop_gradient")
identity = door("identity")
checkpoint = recompute_grad

__all__ = [
    "ForwardAccumulator",
    "GradientTape",
    "MissingGradientWarning",
    "Tensor",
    "UnconnectedGradients",
    "Variable",
    "checkpoint",
    "config",
    "constant",
    "custom_gradient",
    "elementwise_grad",
    "errors",
    "external",
    "grad",
    "grad_pass_through",
    "gradients",
    "hessian",
    "hvp",
    "identity",
    "jacfwd",
    "jacobian",
    "jacrev",
    "jvp",
    "linearize",
    "make_jvp",
    "make_vjp",
    "recompute_grad",
    "stop_gradient",
    "straight_through",
    "value_and_grad",
    "vjp",
]
