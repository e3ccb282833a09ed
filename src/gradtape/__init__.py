"""A gradient tape for Python that always says why."""

from gradtape._config import config
from gradtape.arrays.tensor import Tensor
from gradtape.arrays.variable import Variable, constant
from gradtape.tape.gradient_tape import GradientTape

__all__ = ["GradientTape", "Tensor", "Variable", "config", "constant"]
