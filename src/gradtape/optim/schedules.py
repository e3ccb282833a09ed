"""Learning rates that depend on the step, with the names and numbers of Keras.

A schedule is a function of the number of the step; an optimizer takes it in the place of its learning rate.

Examples
--------
>>> import gradtape as gt
>>> schedule = gt.optim.schedules.ExponentialDecay(0.1, decay_steps=100, decay_rate=0.5)
>>> schedule([0, 100, 200])
Tensor([0.1  , 0.05 , 0.025])
>>> optimizer = gt.optim.SGD(schedule)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.variable import constant
from gradtape.optim import configured
from gradtape.optim.configured import Configured

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "CosineDecay",
    "CosineDecayRestarts",
    "ExponentialDecay",
    "InverseTimeDecay",
    "LearningRateSchedule",
    "PiecewiseConstantDecay",
    "PolynomialDecay",
    "deserialize",
    "serialize",
]


class LearningRateSchedule(Configured):
    """The base of the schedules: a subclass brings its fields and `at`."""

    KIND = "schedule"

    def __call__(self, step: Any) -> Any:
        """Return the rate of a step.

        Parameters
        ----------
        step : array_like of int
            From 0; several steps give several rates.

        Returns
        -------
        Tensor
            Of the shape of `step`, float64.
        """
        plain = step._value if isinstance(step, Node) else step
        return constant(self.at(np.asarray(plain, np.float64)))

    def at(self, step: Any) -> Any:
        """Return the rates of steps, given as a plain array or number."""
        raise NotImplementedError(f"{type(self).__name__} has no `at`")


def _check_steps(name: str, steps: float) -> None:
    if steps <= 0:
        raise ValueError(f"{name}: a number of steps above 0, not {steps!r}")


class ExponentialDecay(LearningRateSchedule):
    """`initial_learning_rate * decay_rate ** (step / decay_steps)`.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    decay_rate : float
    staircase : bool
        Take the whole part of `step / decay_steps`.
    name : str
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False
    name: str = "ExponentialDecay"

    def __post_init__(self) -> None:
        _check_steps("decay_steps", self.decay_steps)

    def at(self, step: Any) -> Any:
        """Return the rates of steps."""
        return self.initial_learning_rate * np.power(self.decay_rate, _progress(step, self.decay_steps, self.staircase))


def _progress(step: Any, steps: float, staircase: bool) -> Any:
    done = np.divide(step, steps)
    return np.floor(done) if staircase else done


class InverseTimeDecay(LearningRateSchedule):
    """`initial_learning_rate / (1 + decay_rate * step / decay_steps)`.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    decay_rate : float
    staircase : bool
        Take the whole part of `step / decay_steps`.
    name : str
    """

    initial_learning_rate: float
    decay_steps: int
    decay_rate: float
    staircase: bool = False
    name: str = "InverseTimeDecay"

    def __post_init__(self) -> None:
        _check_steps("decay_steps", self.decay_steps)

    def at(self, step: Any) -> Any:
        """Return the rates of steps."""
        return self.initial_learning_rate / (1 + self.decay_rate * _progress(step, self.decay_steps, self.staircase))


class PiecewiseConstantDecay(LearningRateSchedule):
    """`values[k]` for steps above `boundaries[k - 1]`, up to and with `boundaries[k]`.

    Parameters
    ----------
    boundaries : sequence of int
        Increasing.
    values : sequence of float
        One more than `boundaries`.
    name : str

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.optim.schedules.PiecewiseConstantDecay([100, 200], [0.1, 0.01, 0.001])([0, 100, 101, 999])
    Tensor([0.1  , 0.1  , 0.01 , 0.001])
    """

    boundaries: Sequence[float]
    values: Sequence[float]
    name: str = "PiecewiseConstant"

    def __post_init__(self) -> None:
        if len(self.boundaries) != len(self.values) - 1:
            raise ValueError(
                f"values: one more than boundaries, so {len(self.boundaries) + 1}; there are {len(self.values)}"
            )

    def at(self, step: Any) -> Any:
        """Return the rates of steps."""
        return np.asarray(self.values, np.float64)[np.searchsorted(self.boundaries, step, side="left")]


class PolynomialDecay(LearningRateSchedule):
    """From `initial_learning_rate` to `end_learning_rate` in `decay_steps`, along `(1 - step / decay_steps) ** power`.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
    end_learning_rate : float
    power : float
    cycle : bool
        Start anew, from the end's other side, with a period that gets longer; otherwise stay at the end.
    name : str
    """

    initial_learning_rate: float
    decay_steps: int
    end_learning_rate: float = 0.0001
    power: float = 1.0
    cycle: bool = False
    name: str = "PolynomialDecay"

    def __post_init__(self) -> None:
        _check_steps("decay_steps", self.decay_steps)

    def at(self, step: Any) -> Any:
        """Return the rates of steps."""
        if self.cycle:
            period = self.decay_steps * np.maximum(1, np.ceil(np.divide(step, self.decay_steps)))
        else:
            period, step = self.decay_steps, np.minimum(step, self.decay_steps)
        left = np.power(1 - np.divide(step, period), self.power)
        return (self.initial_learning_rate - self.end_learning_rate) * left + self.end_learning_rate


class CosineDecay(LearningRateSchedule):
    """Half a cosine from `initial_learning_rate` to `alpha` times it, after a linear warmup if it has a target.

    Parameters
    ----------
    initial_learning_rate : float
    decay_steps : int
        Of the cosine, after those of the warmup.
    alpha : float
        The rate at the end, as a share of the rate from which it decays.
    name : str
    warmup_target : float, optional
        The rate to which the warmup leads and from which the cosine decays.
    warmup_steps : int

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic gradient descent with warm restarts", 2017, arXiv:1608.03983, equation (5)
    with one period.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.optim.schedules.CosineDecay(0.0, 100, warmup_target=0.1, warmup_steps=10)([0, 5, 10, 60, 110])
    Tensor([0.  , 0.05, 0.1 , 0.05, 0.  ])
    """

    initial_learning_rate: float
    decay_steps: int
    alpha: float = 0.0
    name: str = "CosineDecay"
    warmup_target: float | None = None
    warmup_steps: int = 0

    def __post_init__(self) -> None:
        _check_steps("decay_steps", self.decay_steps)

    def at(self, step: Any) -> Any:
        """Return the rates of steps."""
        if self.warmup_target is None:
            return self._decayed(step, self.initial_learning_rate)
        warm = self.warmup_target - self.initial_learning_rate
        rising = warm * np.divide(step, max(self.warmup_steps, 1)) + self.initial_learning_rate
        return np.where(
            np.less(step, self.warmup_steps), rising, self._decayed(step - self.warmup_steps, self.warmup_target)
        )[()]

    def _decayed(self, step: Any, start: float) -> Any:
        done = np.minimum(step, self.decay_steps) / self.decay_steps
        return start * ((1 - self.alpha) * 0.5 * (1 + np.cos(np.pi * done)) + self.alpha)


class CosineDecayRestarts(LearningRateSchedule):
    """Half a cosine again and again: each period `t_mul` times as long and from `m_mul` times as high as the last.

    Parameters
    ----------
    initial_learning_rate : float
    first_decay_steps : int
    t_mul, m_mul : float
    alpha : float
        The lowest rate, as a share of the initial one.
    name : str

    References
    ----------
    Loshchilov and Hutter, "SGDR: Stochastic gradient descent with warm restarts", 2017, arXiv:1608.03983, equation (5).
    """

    initial_learning_rate: float
    first_decay_steps: int
    t_mul: float = 2.0
    m_mul: float = 1.0
    alpha: float = 0.0
    name: str = "SGDRDecay"

    def __post_init__(self) -> None:
        _check_steps("first_decay_steps", self.first_decay_steps)

    def at(self, step: Any) -> Any:
        """Return the rates of steps."""
        done = np.divide(step, self.first_decay_steps)
        if self.t_mul == 1:
            period = np.floor(done)
            share = done - period
        else:
            # the periods before the k-th last (1 - t_mul**k) / (1 - t_mul) first ones
            period = np.floor(np.log(1 - done * (1 - self.t_mul)) / np.log(self.t_mul))
            length = np.power(self.t_mul, period)
            share = (done - (1 - length) / (1 - self.t_mul)) / length
        high = np.power(self.m_mul, period)
        return self.initial_learning_rate * ((1 - self.alpha) * 0.5 * high * (1 + np.cos(np.pi * share)) + self.alpha)


def serialize(learning_rate_schedule: LearningRateSchedule) -> dict[str, Any]:
    """Return the class and the configuration of a schedule, in the form of Keras."""
    return configured.serialize(learning_rate_schedule)


def deserialize(config: Mapping[str, Any], custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Make a schedule from what `serialize` gave.

    Raises
    ------
    ValueError
        If no such class is known.
    """
    return configured.deserialize(config, custom_objects, kind="schedule")
