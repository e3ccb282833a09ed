"""The arguments that all optimizers have: fields, what they may be, and the learning rate."""

from __future__ import annotations

from dataclasses import KW_ONLY  # noqa: TC003 - dataclasses look it up
from typing import Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.variable import Variable
from gradtape.errors import OperandError
from gradtape.optim.configured import Configured, configuration, snake_case
from gradtape.optim.schedules import LearningRateSchedule


class Rated:
    """What has a learning rate: a variable, a schedule or a function, and the number of its steps."""

    _rate: Any
    _iterations: Variable

    def _current_rate(self) -> float:
        """Return the rate of the next step as a number."""
        rate = self._rate
        if isinstance(rate, Variable):
            return float(rate._value)
        if isinstance(rate, LearningRateSchedule):
            return float(rate.at(self._iterations._value))
        now = rate()
        return float(now._value if isinstance(now, Node) else now)


class LearningRate:
    """The attribute `learning_rate`: a number in a variable, a schedule of the steps, or a function without arguments.

    Reading gives the rate of the next step; a number that is assigned goes into the same variable.
    """

    def __get__(self, optimizer: Rated | None, owner: type[Rated]) -> Any:
        if optimizer is None:
            raise AttributeError("learning_rate is an attribute of an optimizer, not of its class")
        rate = optimizer._rate
        if isinstance(rate, LearningRateSchedule):
            return rate(optimizer._iterations)
        return rate if isinstance(rate, Variable) else rate()

    def __set__(self, optimizer: Rated, value: Any) -> None:
        before = getattr(optimizer, "_rate", None)
        if callable(value) and not isinstance(value, Node):
            optimizer._rate = value
            return
        number = np.asarray(value._value if isinstance(value, Node) else value)
        if number.dtype.kind not in "iuf" or number.shape != ():
            raise OperandError(
                f"learning_rate: {value!r} is no number; pass a number, a schedule of `gradtape.optim.schedules`, "
                "or a function without arguments that returns a number"
            )
        if isinstance(before, LearningRateSchedule):
            raise TypeError(
                f"learning_rate: this optimizer follows {before!r}; assign another schedule, "
                "or make the optimizer with a number if it is to be set"
            )
        if isinstance(before, Variable):
            before.assign(number)
        else:
            optimizer._rate = Variable(np.float64(number), trainable=False, name="learning_rate")


class Common(Rated, Configured, known=False):
    """The arguments that all optimizers have; `Optimizer` tells what they mean."""

    KIND = "optimizer"

    learning_rate: Any = LearningRate()
    _: KW_ONLY
    weight_decay: float | None = None
    clipnorm: float | None = None
    clipvalue: float | None = None
    global_clipnorm: float | None = None
    use_ema: bool = False
    ema_momentum: float = 0.99
    ema_overwrite_frequency: int | None = None
    loss_scale_factor: float | None = None
    gradient_accumulation_steps: int | None = None
    name: str | None = None

    def __post_init__(self) -> None:
        self.name = self.name or snake_case(type(self).__name__)
        steps = self.gradient_accumulation_steps
        if steps is not None and (steps < 2 or steps % 1):
            raise ValueError(f"gradient_accumulation_steps: at least 2 steps are accumulated, not {steps!r}")
        if self.use_ema and not 0 <= self.ema_momentum <= 1:
            raise ValueError(f"ema_momentum: a number between 0 and 1, not {self.ema_momentum!r}")
        every = self.ema_overwrite_frequency
        if self.use_ema and every is not None and (every < 1 or every % 1):
            raise ValueError(f"ema_overwrite_frequency: a number of steps, at least 1, or None, not {every!r}")
        limits = {w: getattr(self, w) for w in ("clipnorm", "clipvalue", "global_clipnorm")}
        given = {word: limit for word, limit in limits.items() if limit is not None}
        if len(given) > 1:
            raise ValueError(f"only one of clipnorm, clipvalue and global_clipnorm can be given, not {given}")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make another optimizer of the same kind; see `from_config`."""
        rate = self._rate
        given = configuration(rate) if isinstance(rate, LearningRateSchedule) else self._current_rate()
        return super().get_config() | {"learning_rate": given}
