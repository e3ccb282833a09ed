"""Steps in units of past gradients: Adagrad, Adadelta, RMSprop, Ftrl."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.optim.optimizer import Optimizer
from gradtape.optim.updates import mix


class Adagrad(Optimizer):
    """Steps in units of the root of the sum of all squared gradients.

    `a += g**2`, `w -= learning_rate * g / sqrt(a + epsilon)`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    initial_accumulator_value : float
        Where the sums start.
    epsilon : float
    **common
        As `Optimizer`.

    References
    ----------
    Duchi, Hazan and Singer, "Adaptive subgradient methods for online learning and stochastic optimization", JMLR 12,
    2011, figure 1 with diagonal matrices.
    """

    learning_rate: Any = 0.001
    initial_accumulator_value: float = 0.1
    epsilon: float = 1e-7

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return the sums."""
        return {"accumulator": self.initial_accumulator_value}

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the rate and epsilon."""
        return rate, real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step in units of the sums."""
        rate, epsilon = constants
        (accumulator,) = slots
        np.multiply(g, g, out=out)
        accumulator += out
        np.add(accumulator, epsilon, out=out)
        np.sqrt(out, out=out)
        np.divide(g, out, out=out)
        out *= rate
        np.subtract(w, out, out=out)


class Adadelta(Optimizer):
    """Steps in units of past gradients, as long as past steps were.

    `a = rho * a + (1 - rho) * g**2`, `d = sqrt(b + epsilon) / sqrt(a + epsilon) * g`,
    `b = rho * b + (1 - rho) * d**2`, `w -= learning_rate * d`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
        1.0 is the paper's.
    rho : float
        How much of the averages stays in each step.
    epsilon : float
    **common
        As `Optimizer`.

    References
    ----------
    Zeiler, "ADADELTA: an adaptive learning rate method", 2012, arXiv:1212.5701, algorithm 1.
    """

    learning_rate: Any = 0.001
    rho: float = 0.95
    epsilon: float = 1e-7

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return the averages of squared gradients and of squared steps."""
        return {"accumulated_grad": 0.0, "accumulated_delta_var": 0.0}

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the rate, both shares and epsilon."""
        return rate, real(self.rho), real(1 - self.rho), real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step in units of the averages."""
        rate, rho, rest, epsilon = constants
        squares, steps = slots
        np.multiply(g, g, out=out)
        mix(squares, rho, out, rest, out)
        np.add(steps, epsilon, out=out)
        np.sqrt(out, out=out)
        out *= g
        out /= np.sqrt(squares + epsilon)
        mix(steps, rho, out * out, rest, np.empty_like(out))
        out *= rate
        np.subtract(w, out, out=out)


class RMSprop(Optimizer):
    """Steps in units of the root of an average of squared gradients.

    `v = rho * v + (1 - rho) * g**2`, `w -= learning_rate * g / sqrt(v + epsilon)`; `centered` takes the square of the
    average gradient off `v`, and `momentum` adds the steps up.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    rho : float
        How much of the average stays in each step.
    momentum : float
    epsilon : float
    centered : bool
    **common
        As `Optimizer`.

    References
    ----------
    Tieleman and Hinton, "Lecture 6.5: rmsprop", COURSERA: neural networks for machine learning, 2012; Graves,
    "Generating sequences with recurrent neural networks", 2013, arXiv:1308.0850, equations (38) to (45) (`centered`).
    """

    learning_rate: Any = 0.001
    rho: float = 0.9
    momentum: float = 0.0
    epsilon: float = 1e-7
    centered: bool = False

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return the average square, and what momentum and centering need."""
        return (
            {"velocity": 0.0}
            | ({"momentum": 0.0} if self.momentum > 0 else {})
            | ({"average_gradient": 0.0} if self.centered else {})
        )

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the rate, both shares, the momentum and epsilon."""
        return rate, real(self.rho), real(1 - self.rho), real(self.momentum), real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step in units of the average."""
        rate, rho, rest, momentum, epsilon = constants
        velocity, *others = slots
        np.multiply(g, g, out=out)
        mix(velocity, rho, out, rest, out)
        if self.centered:
            average = others[-1]
            mix(average, rho, g, rest, out)
            np.multiply(average, average, out=out)
            np.subtract(velocity, out, out=out)
            out += epsilon
        else:
            np.add(velocity, epsilon, out=out)
        np.sqrt(out, out=out)
        np.divide(g, out, out=out)
        out *= rate
        if self.momentum > 0:
            others[0] *= momentum
            others[0] += out
            np.subtract(w, others[0], out=out)
        else:
            np.subtract(w, out, out=out)


class Ftrl(Optimizer):
    """The regularized leader is followed: sparse weights under an L1 penalty.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    learning_rate_power : float
        At most 0; 0 keeps the rate as it is.
    initial_accumulator_value : float
        At least 0.
    l1_regularization_strength, l2_regularization_strength : float
        At least 0.
    l2_shrinkage_regularization_strength : float
        At least 0; a penalty on the gradient's side only.
    beta : float
        The paper's beta.
    **common
        As `Optimizer`.

    References
    ----------
    McMahan et al., "Ad click prediction: a view from the trenches", KDD 2013, algorithm 1.
    """

    learning_rate: Any = 0.001
    learning_rate_power: float = -0.5
    initial_accumulator_value: float = 0.1
    l1_regularization_strength: float = 0.0
    l2_regularization_strength: float = 0.0
    l2_shrinkage_regularization_strength: float = 0.0
    beta: float = 0.0

    PAIRS = False

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.learning_rate_power > 0:
            raise ValueError(f"learning_rate_power: at most 0, not {self.learning_rate_power!r}")
        for word in ("initial_accumulator_value", "l1_regularization_strength", "l2_regularization_strength"):
            self._check_not_negative(word)
        self._check_not_negative("l2_shrinkage_regularization_strength")

    def _check_not_negative(self, word: str) -> None:
        if getattr(self, word) < 0:
            raise ValueError(f"{word}: at least 0, not {getattr(self, word)!r}")

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return the sums of squared gradients, and the linear terms."""
        return {"accumulator": self.initial_accumulator_value, "linear": 0.0}

    def constants(self, real: Any, rate: Any, step: int) -> Any:  # noqa: ARG002
        """Return the rate, the power, and the strengths of the penalties."""
        l2 = real(self.l2_regularization_strength) + real(self.beta) / (real(2) * rate)
        shrinkage = real(2 * self.l2_shrinkage_regularization_strength)
        return rate, real(-self.learning_rate_power), real(self.l1_regularization_strength), real(2) * l2, shrinkage

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Put the weight where the penalized sum of all gradients is least."""
        rate, power, l1, l2, shrinkage = constants
        accumulator, linear = slots
        before = accumulator**power
        accumulator += g * g
        after = accumulator**power
        np.subtract(after, before, out=out)
        out /= rate
        out *= w
        linear += (g + shrinkage * w) - out
        after /= rate
        after += l2
        np.clip(linear, -l1, l1, out=out)
        out -= linear
        out /= after
