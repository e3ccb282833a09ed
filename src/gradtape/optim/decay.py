"""Weight decay: which variables it is for, and how strong it is for each."""

from __future__ import annotations

import re
from sys import _getframe
from typing import TYPE_CHECKING, Any

from gradtape.optim import gradients

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.arrays.variable import Variable


class Decaying:
    """The part of an optimizer that says how much a weight decays before a step."""

    if TYPE_CHECKING:
        built: bool
        weight_decay: float | None
        _not_decayed: tuple[frozenset[int], re.Pattern[str] | None]

    def exclude_from_weight_decay(self, var_list: Any = None, var_names: Sequence[str] | None = None) -> None:
        """Leave variables out of weight decay; to be called before the optimizer is built.

        Parameters
        ----------
        var_list : list or nested structure of Variable, optional
        var_names : list of str, optional
            Regular expressions; a variable is left out if one is found in its name.

        Raises
        ------
        ValueError
            If the optimizer is built.
        """
        if self.built:
            raise ValueError("exclude_from_weight_decay: call it before the optimizer is built or first applied")
        left_out = {} if var_list is None else gradients.variables_of(var_list, _getframe(1), "var_list")
        pattern = re.compile("|".join(var_names)) if var_names else None
        self._not_decayed = (frozenset(map(id, left_out.values())), pattern)

    def decay_for(self, place: int) -> float | None:  # noqa: ARG002
        """Return the weight decay of a variable that is not excluded."""
        return self.weight_decay

    def _decay_of(self, variable: Variable, place: int) -> float | None:
        ids, pattern = self._not_decayed
        if id(variable) in ids or (pattern is not None and pattern.search(variable.name or "")):
            return None
        return self.decay_for(place)
