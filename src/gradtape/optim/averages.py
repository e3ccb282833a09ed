"""Moving averages of the variables, which an optimizer keeps beside them if `use_ema` asks for it."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.variable import take_over
from gradtape.optim import gradients, updates

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

    from gradtape.arrays.variable import Variable


class Averaging:
    """The part of an optimizer that keeps averages and puts them into the variables."""

    if TYPE_CHECKING:
        use_ema: bool
        ema_momentum: float
        ema_overwrite_frequency: int | None
        _trainable_variables: list[Variable]
        _places: dict[int, int]
        _kept: list[dict[str, Variable]]
        _updates_done: Callable[[], int]
        _check_known: Callable[..., None]

    def _average(self, frame: FrameType) -> None:
        done = self._updates_done()
        momentum = self.ema_momentum if done else 0.0
        for variable, kept in zip(self._trainable_variables, self._kept, strict=True):
            average = updates.own(kept["average"])
            average *= momentum
            average += (1 - momentum) * np.asarray(variable._value, average.dtype)
            updates.store(kept["average"], average)
        if self.ema_overwrite_frequency and (done + 1) % self.ema_overwrite_frequency == 0:
            self._overwrite(self._trainable_variables, frame)

    def _overwrite(self, variables: Iterable[Variable], frame: FrameType) -> None:
        chosen = list(variables)
        averages = [self._kept[self._places[id(v)]]["average"]._value for v in chosen]
        take_over(chosen, [np.array(a, v.dtype) for a, v in zip(averages, chosen, strict=True)], frame)

    def finalize_variable_values(self, var_list: Any = None) -> None:
        """Put the moving averages into the variables, if `use_ema` keeps them; to be called after the last step.

        Parameters
        ----------
        var_list : list or nested structure of Variable, optional
            All variables unless given.

        Raises
        ------
        SourceError
            If the optimizer was not built with one of them.
        """
        if not self.use_ema:
            return
        frame = _getframe(1)
        given = self._trainable_variables if var_list is None else var_list
        variables = gradients.variables_of(given, frame, "var_list")
        self._check_known(variables, frame)
        self._overwrite(variables.values(), frame)
