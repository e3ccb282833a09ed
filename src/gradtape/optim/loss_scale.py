"""`LossScaleOptimizer`: a factor on the loss that follows what half precision can hold."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.variable import Variable
from gradtape.optim import gradients
from gradtape.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import FrameType


class LossScaleOptimizer(Optimizer):
    """Scale the loss up so that small gradients do not underflow, and skip steps in which large ones overflow.

    A step with gradients that are not finite changes nothing but the scale, which is halved; after
    `dynamic_growth_steps` good steps it is doubled.

    Parameters
    ----------
    inner_optimizer : Optimizer
        What updates the variables. Its own `loss_scale_factor` is switched off.
    initial_scale : float
    dynamic_growth_steps : int
    name : str, optional

    References
    ----------
    Micikevicius et al., "Mixed precision training", ICLR 2018, arXiv:1710.03740, section 3.2.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> w = gt.Variable(np.float16([1.0, 2.0]))
    >>> optimizer = gt.optim.LossScaleOptimizer(gt.optim.SGD(0.25), initial_scale=1024.0)
    >>> step = optimizer.minimize(lambda: (w * w).sum(), [w])
    >>> w
    Variable([0.5, 1. ], dtype=float16)
    """

    def __init__(
        self,
        inner_optimizer: Optimizer,
        initial_scale: float = 2.0**15,
        dynamic_growth_steps: int = 2000,
        name: str | None = None,
    ) -> None:
        if not isinstance(inner_optimizer, Optimizer):
            raise TypeError(f"inner_optimizer: an optimizer of gradtape.optim, not {inner_optimizer!r}")
        self.inner_optimizer = inner_optimizer
        self.initial_scale = float(initial_scale)
        self.dynamic_growth_steps = dynamic_growth_steps
        super().__init__(inner_optimizer._rate, name=name or "loss_scale_optimizer")
        inner_optimizer.loss_scale_factor = None
        self.step_counter = Variable(np.int64(0), trainable=False, name="step_counter")
        self.dynamic_scale = Variable(np.float32(initial_scale), trainable=False, name="dynamic_scale")

    @property
    def _rate(self) -> Any:
        return self.inner_optimizer._rate

    @_rate.setter
    def _rate(self, value: Any) -> None:
        self.inner_optimizer._rate = value

    def get_config(self) -> dict[str, Any]:
        """Return the arguments that make another one."""
        from gradtape.optim.configured import serialize

        return {
            "name": self.name,
            "inner_optimizer": serialize(self.inner_optimizer),
            "initial_scale": self.initial_scale,
            "dynamic_growth_steps": self.dynamic_growth_steps,
        }

    @property
    def iterations(self) -> Any:
        """How many updates the inner optimizer made."""
        return self.inner_optimizer.iterations

    def state(self, names: Sequence[str] | None = None) -> dict[str, Variable]:
        """Return the scale, the number of good steps, and the inner optimizer's state."""
        own = {"step_counter": self.step_counter, "dynamic_scale": self.dynamic_scale}
        return own | self.inner_optimizer.state(names)

    def _build(self, variables: Mapping[str, Variable], frame: FrameType) -> None:
        self.inner_optimizer._build(variables, frame)
        self._trainable_variables = self.inner_optimizer._trainable_variables
        self._places = self.inner_optimizer._places
        self.built = True

    def _loss_scale(self) -> float | None:
        return float(self.dynamic_scale._value)

    def _apply(self, grads: Any, trainable_variables: Any, frame: FrameType) -> None:
        known = self._trainable_variables if trainable_variables is None else trainable_variables
        variables = gradients.variables_of(known, frame)
        pairs = gradients.pair_up(grads, variables, frame)
        scale = self.dynamic_scale._value
        with np.errstate(all="ignore"):
            finite = all(gradients.is_finite(np.asarray(p.gradient)) for p in pairs if p.gradient is not None)
        if not finite:
            if not self.built:
                self._build(variables, frame)
            self.step_counter._value = np.int64(0)
            self.dynamic_scale._value = scale * np.float32(0.5)
            return
        wide = [None if g is None else _unscaled(g, scale) for g, _, _ in pairs]
        self.inner_optimizer._apply(wide, list(variables.values()), frame)
        if not self.built:
            self._build_from_inner()
        if self.step_counter._value == self.dynamic_growth_steps - 1:
            self.step_counter._value = np.int64(0)
            self.dynamic_scale._value = scale * np.float32(2)
        else:
            self.step_counter._value = self.step_counter._value + 1

    def _build_from_inner(self) -> None:
        self._trainable_variables = self.inner_optimizer._trainable_variables
        self._places = self.inner_optimizer._places
        self.built = self.inner_optimizer.built

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Sequence[str] | None = None) -> None:
        """Leave variables out of the inner optimizer's weight decay."""
        self.inner_optimizer.exclude_from_weight_decay(var_list, var_names)

    def finalize_variable_values(self, var_list: Any = None) -> None:
        """Put the inner optimizer's averages into the variables."""
        frame = _getframe(1)
        if self.inner_optimizer.use_ema:
            given = self._trainable_variables if var_list is None else var_list
            variables = gradients.variables_of(given, frame, "var_list")
            self.inner_optimizer._check_known(variables, frame)
            self.inner_optimizer._overwrite(variables.values(), frame)


def _unscaled(gradient: Any, scale: Any) -> Any:
    wide = np.asarray(gradient)
    return (wide.astype(np.float32) if wide.dtype.itemsize < 4 else wide) / scale
