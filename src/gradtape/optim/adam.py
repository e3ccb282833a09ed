"""Adam and what was made of it: AdamW, Adamax, Nadam, Lamb, ScheduleFreeAdamW."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.variable import Variable
from gradtape.optim.optimizer import Optimizer
from gradtape.optim.updates import computed_in, real_type, towards

if TYPE_CHECKING:
    from collections.abc import Sequence


def adam_constants(real: Any, rate: Any, step: int, beta_1: float, beta_2: float) -> tuple[Any, Any, Any]:
    """Return Adam's step size with both corrections of the start, and the shares of a new gradient."""
    one = real(1)
    corrected = np.sqrt(one - real(beta_2) ** real(step)) / (one - real(beta_1) ** real(step))
    return rate * corrected, real(1 - beta_1), real(1 - beta_2)


def adam_moments(g: Any, out: Any, momentum: Any, velocity: Any, rest_1: Any, rest_2: Any) -> None:
    """Move the averages of the gradient and of its square towards those of now."""
    towards(momentum, g, rest_1, out)
    np.multiply(g, g, out=out)
    towards(velocity, out, rest_2, out)


def adam_step(w: Any, out: Any, momentum: Any, velocity: Any, alpha: Any, epsilon: Any) -> None:
    """Write `w - alpha * momentum / (sqrt(velocity) + epsilon)` into `out`."""
    np.sqrt(velocity, out=out)
    out += epsilon
    np.divide(momentum, out, out=out)
    out *= alpha
    np.subtract(w, out, out=out)


class Adam(Optimizer):
    """Steps along an average of the gradient, divided by the root of an average of its square.

    `m += (1 - beta_1) * (g - m)`, `v += (1 - beta_2) * (g**2 - v)`,
    `w -= learning_rate * sqrt(1 - beta_2**t) / (1 - beta_1**t) * m / (sqrt(v) + epsilon)`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2 : float
        How much of the averages stays in each step.
    epsilon : float
        The paper's "epsilon hat".
    amsgrad : bool
        Divide by the largest average so far.
    **common
        As `Optimizer`.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980, the end of section 2;
    Reddi, Kale and Kumar, "On the convergence of Adam and beyond", ICLR 2018, algorithm 2 (`amsgrad`).

    Examples
    --------
    >>> import gradtape as gt
    >>> w = gt.Variable([1.0, -2.0])
    >>> optimizer = gt.optim.Adam(learning_rate=0.5)
    >>> for _ in range(50):
    ...     step = optimizer.minimize(lambda: (w * w).sum(), w)
    >>> float(abs(w).max()) < 0.1
    True
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7
    amsgrad: bool = False

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return both averages, and the largest of one of them."""
        return {"momentum": 0.0, "velocity": 0.0} | ({"velocity_hat": 0.0} if self.amsgrad else {})

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return the step size, both shares and epsilon."""
        return *adam_constants(real, rate, step, self.beta_1, self.beta_2), real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the averages."""
        alpha, rest_1, rest_2, epsilon = constants
        momentum, velocity, *largest = slots
        adam_moments(g, out, momentum, velocity, rest_1, rest_2)
        if largest:
            velocity = np.maximum(largest[0], velocity, out=largest[0])
        adam_step(w, out, momentum, velocity, alpha, epsilon)


class AdamW(Adam):
    """Adam with weight decay that the averages do not see: first `w -= weight_decay * learning_rate * w`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    weight_decay : float
    beta_1, beta_2, epsilon, amsgrad
        As `Adam`.
    **common
        As `Optimizer`.

    References
    ----------
    Loshchilov and Hutter, "Decoupled weight decay regularization", ICLR 2019, arXiv:1711.05101, algorithm 2.
    """

    weight_decay: float | None = 0.004

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.weight_decay is None:
            raise ValueError("weight_decay: AdamW decays weights; pass a number, or use Adam")


class Adamax(Optimizer):
    """Adam with the largest gradient in the place of the root of the average square.

    `m += (1 - beta_1) * (g - m)`, `u = max(beta_2 * u, |g|)`,
    `w -= learning_rate * m / ((1 - beta_1**t) * (u + epsilon))`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2, epsilon : float
    **common
        As `Optimizer`.

    References
    ----------
    Kingma and Ba, "Adam: a method for stochastic optimization", ICLR 2015, arXiv:1412.6980, algorithm 2.
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return an average and a largest value."""
        return {"momentum": 0.0, "norm": 0.0}

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return the step size, the share of a new gradient, what stays of the largest, and epsilon."""
        alpha = rate / (real(1) - real(self.beta_1) ** real(step))
        return alpha, real(1 - self.beta_1), real(self.beta_2), real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the average, in units of the largest."""
        alpha, rest_1, beta_2, epsilon = constants
        momentum, norm = slots
        towards(momentum, g, rest_1, out)
        norm *= beta_2
        np.abs(g, out=out)
        np.maximum(norm, out, out=norm)
        np.add(norm, epsilon, out=out)
        np.divide(momentum, out, out=out)
        out *= alpha
        np.subtract(w, out, out=out)


class Nadam(Optimizer):
    """Adam with Nesterov's momentum, whose weight grows with the steps: `u = beta_1 * (1 - 0.96**t / 2)`.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2, epsilon : float
    **common
        As `Optimizer`.

    References
    ----------
    Dozat, "Incorporating Nesterov momentum into Adam", ICLR workshop 2016, algorithm 8 and section 2.3.
    """

    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return both averages."""
        return {"momentum": 0.0, "velocity": 0.0}

    def shared(self, variables: Sequence[Variable]) -> dict[str, Variable]:
        """Return the product of all weights of the momentum so far, in the dtype of the first variable."""
        wide = real_type(variables[0]._value.dtype) if variables else np.float64
        return {"u_product": Variable(wide(1), trainable=False, name="u_product")}

    def begin_update(self, rate: float) -> None:  # noqa: ARG002
        """Take the weight of this step into the product."""
        product = self._shared["u_product"]
        real = product._value.dtype.type
        product._value = product._value * real(self._weight(self._updates_done() + 1))

    def _weight(self, step: int) -> float:
        return self.beta_1 * (1 - 0.5 * math.pow(0.96, step))

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return what the average, the gradient and the average square are multiplied with, both shares, epsilon."""
        one = real(1)
        now, after = real(self._weight(step)), real(self._weight(step + 1))
        product = real(self._shared["u_product"]._value)
        return (
            rate * after / (one - product * after),
            rate * (one - now) / (one - product),
            one / (one - real(self.beta_2) ** real(step)),
            real(1 - self.beta_1),
            real(1 - self.beta_2),
            real(self.epsilon),
        )

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the average as it will be, and the gradient."""
        along, fresh, correction, rest_1, rest_2, epsilon = constants
        momentum, velocity = slots
        towards(momentum, g, rest_1, out)
        np.multiply(g, g, out=out)
        towards(velocity, out, rest_2, out)
        np.multiply(g, fresh, out=out)
        out += momentum * along
        size = np.sqrt(velocity * correction)
        size += epsilon
        out /= size
        np.subtract(w, out, out=out)


class Lamb(Optimizer):
    """Adam with a step that is, for each variable, as long as the learning rate times the variable's own norm.

    Parameters
    ----------
    learning_rate : float, LearningRateSchedule or callable
    beta_1, beta_2, epsilon : float
    **common
        As `Optimizer`.

    References
    ----------
    You et al., "Large batch optimization for deep learning: training BERT in 76 minutes", ICLR 2020, arXiv:1904.00962,
    algorithm 2 with the identity for phi.
    """

    BLOCKWISE = False
    learning_rate: Any = 0.001
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-7

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return both averages."""
        return {"momentum": 0.0, "velocity": 0.0}

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return the rate, both corrections of the start, both shares and epsilon."""
        one = real(1)
        corrections = one - real(self.beta_1) ** real(step), one - real(self.beta_2) ** real(step)
        return rate, *corrections, real(1 - self.beta_1), real(1 - self.beta_2), real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step along the averages, in units of the variable's norm."""
        rate, correction_1, correction_2, rest_1, rest_2, epsilon = constants
        momentum, velocity = slots
        adam_moments(g, out, momentum, velocity, rest_1, rest_2)
        np.divide(velocity, correction_2, out=out)
        np.sqrt(out, out=out)
        out += epsilon
        np.divide(momentum, out, out=out)
        out /= correction_1
        size, length = np.linalg.norm(w.ravel()), np.linalg.norm(out.ravel())
        out *= rate * (size / length if size > 0 and length > 0 else 1)
        np.subtract(w, out, out=out)


class ScheduleFreeAdamW(Optimizer):
    """Adam without a schedule: an average of the iterates takes the place of a rate that decays.

    The variables are the points at which gradients are taken, between the iterates and their average.

    Parameters
    ----------
    learning_rate : float or callable
    beta_1 : float
        How near to the average the gradients are taken.
    beta_2, epsilon : float
        As for `Adam`.
    warmup_steps : int
        Steps in which the rate grows linearly.
    **common
        As `Optimizer`.

    References
    ----------
    Defazio et al., "The road less scheduled", 2024, arXiv:2405.15682, algorithm 1, with the mean of all iterates.
    """

    learning_rate: Any = 0.0025
    beta_1: float = 0.9
    beta_2: float = 0.999
    epsilon: float = 1e-8
    warmup_steps: int = 0

    def slots(self, value: Any, name: str) -> dict[str, Any]:  # noqa: ARG002
        """Return the iterate, which starts at the variable, and the average square of the gradient."""
        return {"momentum": np.array(value, computed_in(value.dtype)), "velocity": 0.0}

    def constants(self, real: Any, rate: Any, step: int) -> Any:
        """Return the rate, the correction of the start, the weight of a new iterate, and the hyperparameters."""
        if self.warmup_steps > 0:
            rate *= real(min(step / self.warmup_steps, 1))
        beta_2 = real(self.beta_2)
        correction = real(1) - beta_2 ** real(step)
        return rate, correction, real(1 / step), real(self.beta_1), real(1) - beta_2, real(self.epsilon)

    def rule(self, constants: Any, w: Any, g: Any, out: Any, *slots: Any) -> None:
        """Step from the iterate, and put the variable between it and the average."""
        rate, correction, weight, beta_1, rest_2, epsilon = constants
        iterate, velocity = slots
        rest_1 = type(beta_1)(1) - beta_1
        average = (w - rest_1 * iterate) / beta_1
        np.multiply(g, g, out=out)
        towards(velocity, out, rest_2, out)
        np.divide(velocity, correction, out=out)
        np.sqrt(out, out=out)
        out += epsilon
        np.divide(g, out, out=out)
        out *= rate
        iterate -= out
        average *= type(weight)(1) - weight
        average += weight * iterate
        np.multiply(iterate, rest_1, out=out)
        average *= beta_1
        out += average
