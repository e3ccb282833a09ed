"""Steps along the gradient or its sign: SGD and Lion."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.optim.optimizer import Optimizer
from gradtape.optim.updates import mix


class SGD(Optimizer):
    """Gradient descent, with momentum if it is not 0.

    `v = momentum * v - learning_rate * g`; then `w += v`, or with Nesterov's `w += momentum * v - learning_rate * g`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    momentum : float
        Between 0 and 1.
    nesterov : bool
    **common
        As `Optimizer`.

    References
    ----------
    Sutskever, Martens, Dahl and Hinton, "On the importance of initialization and momentum in deep learning", ICML 2013,
    equations (1) to (4), with the velocity after the step.

    Examples
    --------
    >>> import gradtape as gt
    >>> w = gt.Variable([1.0, 2.0])
    >>> optimizer = gt.optim.SGD(0.1, momentum=0.9)
    >>> for _ in range(2):
    ...     with gt.GradientTape() as tape:
    ...         loss = (w * w).sum()
    ...     step = optimizer.apply_gradients([(tape.gradient(loss, w), w)])
    >>> w
    Variable([0.46, 0.92])
    """

    learning_rate: Any = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.momentum <= 1:
            raise ValueError(f"momentum: a number between 0 and 1, not {self.momentum!r}")

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return a velocity where there is momentum."""
        return {"momentum": 0.0} if self.momentum else {}

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the rate and the momentum."""
        return rate, real(self.momentum)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the velocity."""
        rate, momentum = constants
        np.multiply(g, rate, out=out)
        if not slots:
            np.subtract(w, out, out=out)
            return
        (velocity,) = slots
        velocity *= momentum
        velocity -= out
        if self.nesterov:
            np.subtract(velocity * momentum, out, out=out)
            np.add(w, out, out=out)
        else:
            np.add(w, velocity, out=out)


class Lion(Optimizer):
    """Steps of the size of the learning rate along the sign of a momentum.

    `w -= learning_rate * sign(beta_1 * m + (1 - beta_1) * g)`, then `m = beta_2 * m + (1 - beta_2) * g`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        Smaller than Adam's, by a factor of 3 to 10.
    beta_1, beta_2 : float
        `beta_1` is above 0 and at most 1.
    **common
        As `Optimizer`.

    References
    ----------
    Chen et al., "Symbolic discovery of optimization algorithms", 2023, arXiv:2302.06675, algorithm 2.
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.99

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 < self.beta_1 <= 1:
            raise ValueError(f"beta_1: a number above 0 and at most 1, not {self.beta_1!r}")

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return a momentum."""
        return {"momentum": 0.0}

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the rate and both shares."""
        one, beta_1, beta_2 = real(1), real(self.beta_1), real(self.beta_2)
        return rate, beta_1, one - beta_1, beta_2, one - beta_2

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the sign."""
        rate, beta_1, rest_1, beta_2, rest_2 = constants
        (momentum,) = slots
        np.multiply(g, rest_1, out=out)
        out += momentum * beta_1
        np.sign(out, out=out)
        out *= rate
        np.subtract(w, out, out=out)
        mix(momentum, beta_2, g, rest_2, np.empty_like(out))
