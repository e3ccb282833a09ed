"""What an optimizer keeps, as names, as arrays, and in a copy."""

from __future__ import annotations

from sys import _getframe
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from gradtape.arrays.failures import located
from gradtape.arrays.variable import Variable, take_over
from gradtape.errors import ShapeError

if TYPE_CHECKING:
    import re
    from collections.abc import Callable, Sequence


class Kept:
    """The part of an optimizer that lists, copies and replaces its state."""

    if TYPE_CHECKING:
        built: bool
        _rate: Any
        _iterations: Variable
        _trainable_variables: list[Variable]
        _places: dict[int, int]
        _kept: list[dict[str, Variable]]
        _shared: dict[str, Variable]
        _not_decayed: tuple[frozenset[int], re.Pattern[str] | None]
        build: Callable[..., None]
        get_config: Callable[[], dict[str, Any]]
        from_config: Callable[..., Self]

    @property
    def variables(self) -> list[Variable]:
        """The state: the number of steps, the learning rate if it is a number, and the slots."""
        return list(self.state().values())

    def state(self, names: Sequence[str] | None = None) -> dict[str, Variable]:
        """Return the variables of the state by readable names.

        Parameters
        ----------
        names : sequence of str, optional
            What to call the variables that the optimizer was built with; their numbers unless given.

        Returns
        -------
        dict
            `iteration`, `learning_rate`, and `SLOT.NAME` for each slot of each variable.
        """
        found = {"iteration": self._iterations}
        if isinstance(self._rate, Variable):
            found["learning_rate"] = self._rate
        found |= self._shared
        called = [str(k) for k in range(len(self._kept))] if names is None else names
        for name, kept in zip(called, self._kept, strict=True):
            found |= {f"{slot}.{name}": variable for slot, variable in kept.items()}
        return found

    def like(self) -> Self:
        """Return one of the same kind without state."""
        made = type(self).from_config(self.get_config())
        if not isinstance(self._rate, Variable):
            made._rate = self._rate  # a function has no form in a configuration
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        """Copy it with its state, for the copies of its variables where they are copied with it."""
        made = memo[id(self)] = self.like()
        ids, pattern = self._not_decayed
        made._not_decayed = (frozenset(id(memo.get(k, k)) if k in memo else k for k in ids), pattern)
        if self.built:
            made.build([memo.get(id(v), v) for v in self._trainable_variables])
        made.set_weights(self.get_weights())
        return made

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Take up what was pickled: the variables are other objects now."""
        vars(self).update(state)
        self._places = {id(variable): k for k, variable in enumerate(self._trainable_variables)}

    def get_weights(self) -> list[Any]:
        """Return the values of `variables` as arrays."""
        return [np.array(variable._value) for variable in self.variables]

    def set_weights(self, weights: Sequence[Any]) -> None:
        """Replace the values of `variables`.

        Parameters
        ----------
        weights : sequence of array_like
            As `get_weights` gave them.

        Raises
        ------
        ShapeError
            If there are more or fewer, or a shape is another; then nothing was changed.
        """
        frame = _getframe(1)
        found = self.variables
        if len(weights) != len(found):
            raise located(
                ShapeError,
                f"set_weights: {len(weights)} arrays for {len(found)} variables",
                frame,
                "an optimizer has its slots once it is built: `optimizer.build(variables)`",
            )
        arrays = [np.array(w, v.dtype) for w, v in zip(weights, found, strict=True)]
        for k, (array, variable) in enumerate(zip(arrays, found, strict=True)):
            if array.shape != variable.shape:
                raise located(
                    ShapeError,
                    f"weights[{k}] has shape {array.shape}, `{variable.name}` has shape {variable.shape}",
                    frame,
                    "was the other optimizer built with the same variables in the same order?",
                )
        take_over(found, arrays, frame)
