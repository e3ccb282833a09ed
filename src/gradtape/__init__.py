"""A gradient tape for Python that always says why."""

import gc
from importlib import import_module
from typing import TYPE_CHECKING, Any

_collects = gc.isenabled()
gc.disable()  # all that is made here stays, and a look for garbage walks everything that was imported before
try:
    from gradtape import errors
    from gradtape._config import config
    from gradtape.arrays.tensor import Tensor
    from gradtape.arrays.variable import Variable, constant
    from gradtape.errors import MissingGradientWarning
    from gradtape.tape.ambient import gradients
    from gradtape.tape.gradient_tape import GradientTape
    from gradtape.tape.query import UnconnectedGradients
finally:
    if _collects:
        gc.enable()

if TYPE_CHECKING:
    from gradtape.arrays.doors import identity, stop_gradient
    from gradtape.arrays.external import external, straight_through
    from gradtape.tape.accumulator import ForwardAccumulator
    from gradtape.tape.custom import checkpoint, custom_gradient, grad_pass_through, recompute_grad
    from gradtape.tape.functional import elementwise_grad, grad, jvp, linearize, make_jvp, make_vjp, value_and_grad, vjp
    from gradtape.tape.matrices import hessian, hvp, jacfwd, jacobian, jacrev

ROOMS = frozenset({"checkpoints", "debugging", "nn", "numpy", "optim", "scipy", "testing", "tf"})
HOMES = {
    "arrays.doors": ("identity", "stop_gradient"),
    "arrays.external": ("external", "straight_through"),
    "tape.accumulator": ("ForwardAccumulator",),
    "tape.custom": ("checkpoint", "custom_gradient", "grad_pass_through", "recompute_grad"),
    "tape.functional": (
        "elementwise_grad",
        "grad",
        "jvp",
        "linearize",
        "make_jvp",
        "make_vjp",
        "value_and_grad",
        "vjp",
    ),
    "tape.matrices": ("hessian", "hvp", "jacfwd", "jacobian", "jacrev"),
}
"""What is imported when somebody first asks for it, by the module that has it."""


def __getattr__(name: str) -> Any:
    """Find the version, and what not everybody needs, when somebody asks for it."""
    if name == "__version__":
        from importlib.metadata import version

        return version("gradtape")
    if name in ROOMS:
        return import_module(f"gradtape.{name}")
    if name.startswith("soft"):
        return getattr(import_module("gradtape.smooth"), name)
    for home, names in HOMES.items():
        if name in names:
            found = globals()[name] = getattr(import_module(f"gradtape.{home}"), name)
            return found
    raise AttributeError(f"module 'gradtape' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *ROOMS})


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
