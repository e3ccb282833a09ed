"""What is known of the values of a run: looked up where somebody looked at them, or seen from what they were made of.

Nothing is worked out before a cause asks for it: a run has as many values as operations.
"""

from __future__ import annotations

from functools import cached_property
from math import isfinite, isnan
from typing import TYPE_CHECKING

from gradtape.explain.graph import Values

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Sequence

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Question, Summary
    from gradtape.explain.pulls import Pull


class Known:
    """What values are like, where somebody looked: the recorder, or the backward pass that used them.

    Parameters
    ----------
    question : Question
        Any of those that were asked together: what is known is the same for all.
    """

    def __init__(self, question: Question) -> None:
        self._run, self._pulls = question.run, question.pulls
        self._sooner = question.run.values if isinstance(question.run.values, Values) else None
        ends = (*question.targets, question.source, *question.together)
        self._ends = {id: end.value for end in ends for id in end.ids if len(end.ids) == 1 and end.value is not None}

    def get(self, value: int) -> Summary | None:
        """Return what a value is like, None if nobody looked at its numbers."""
        found = self._run.values.get(value) or self._ends.get(value) or self._used.get(value)
        return found if value and found is not None and found.known else None

    def finite(self, value: int, *, again: bool = True) -> bool | None:
        """Whether all elements of a value are finite, None if nobody looked at them and it is not to be computed again.

        Where the recorder keeps nothing to compute from, there is no difference.
        """
        size = self._size(value, again=again)
        if size is not None:
            return isfinite(size)
        known = self.get(value) if again or self._sooner is None else None
        return None if known is None else known.finite

    def again(self, value: int) -> Summary | None:
        """Return what a value is like, computed again where the recorder can do that and nobody looked at it."""
        found = self.get(value)
        return found if found is not None or self._sooner is None or not value else self._sooner.again(value)

    @property
    def at_hand(self) -> Container[int] | None:
        """The values that need not be computed again; None where nobody can tell."""
        return None if self._sooner is None else self._sooner.at_hand

    def has_nan(self, value: int) -> bool:
        """Whether an element of a value is known to be not a number."""
        size = self._size(value)
        if size is not None:
            return isnan(size)
        known = self.get(value)
        return known is not None and known.nans > 0

    def _size(self, value: int, *, again: bool = True) -> float | None:
        return self._sooner.largest(value, again=again) if self._sooner is not None and value else None

    @cached_property
    def _used(self) -> _Used:
        return _Used(self._pulls)


class _Used:
    """What the steps of the backward pass tell of the values that they used."""

    def __init__(self, pulls: Sequence[Pull]) -> None:
        self._pulls = pulls

    def get(self, value: int) -> Summary | None:
        """Return what a value is like."""
        made = self._makers.get(value)
        if made is not None and made.output is not None:
            return made.output
        pull, position = self._readers.get(value, (None, 0))
        return None if pull is None or position >= len(pull.inputs) else pull.inputs[position]

    @cached_property
    def _makers(self) -> dict[int, Pull]:
        return {pull.operation.output: pull for pull in self._pulls}

    @cached_property
    def _readers(self) -> dict[int, tuple[Pull, int]]:
        return {value: (pull, k) for pull in self._pulls for k, value in enumerate(pull.operation.inputs)}


SPREADING = frozenset(
    {"add", "subtract", "negative", "multiply", "identity", "copy", "reshape", "transpose", "ravel"}
    | {"sin", "cos", "tan", "sqrt", "square", "log", "absolute"}
)
"""Operations whose result is not finite wherever an input is not; so what went into one that is finite was."""


class NotFinite:
    """Which values on the way to the target have elements that are not finite.

    What a value is like that nobody looked at follows from what it was made of, or from what was made of it. If the
    target is not finite, so are most of those behind it, and most of them are seen to be so from their inputs, without
    computing them again; if it is finite, what went into it is seen to be.
    """

    def __init__(self, context: Context) -> None:
        self._values, self._before = context.values, context.before_target
        self._columns = context.run.columns
        self._state: dict[int, bool] = {}
        self._targets = {i: self._values.finite(i) for i in context.question.target_ids}
        self._lost = False in self._targets.values()
        self._relevant = context.ways.relevant

    @cached_property
    def _surely(self) -> set[int]:
        """The values that are finite because something made of them is."""
        columns = self._columns
        inputs, outputs, functions = columns.inputs, columns.outputs, columns.functions
        surely = {target for target, finite in self._targets.items() if finite}
        if surely:
            for number in reversed(self._relevant):
                if outputs[number] in surely and functions[number] in SPREADING:
                    surely.update(inputs[number])
        return surely

    @cached_property
    def _spreads(self) -> frozenset[int]:
        """The operations that pass on what is not finite, by number, if the target is not finite itself."""
        if not self._lost:
            return frozenset()
        return frozenset([k for k, function in enumerate(self._columns.functions) if function in SPREADING])

    def among(self, values: Iterable[int]) -> list[int]:
        """Return those of some values that have elements which are not finite."""
        state = self._state
        return [i for i in values if (state[i] if i in state else self.get(i))]

    def get(self, value: int) -> bool:
        """Whether a value has elements that are not finite; one after the other, up to where ways meet."""
        state, surely, spreads, values = self._state, self._surely, self._spreads, self._values
        maker, inputs, before = self._columns.maker, self._columns.inputs, self._before
        at_hand = values.at_hand if spreads else None
        path, here = [], value
        while at_hand is not None and here not in state and here not in surely and here not in at_hand:
            number = maker.get(here) if here in before else None
            if number not in spreads or inputs[number].count(0) + 1 != len(inputs[number]):
                break
            path.append(here)
            here = sum(inputs[number])  # the only one that is no constant
        bad = self._find(here)
        for here in reversed(path):
            bad = state[here] = bad or values.finite(here) is False
        return bad

    def _find(self, value: int) -> bool:
        """Find out about a value, and before it about all that decide on it."""
        state, surely, spreads, values = self._state, self._surely, self._spreads, self._values
        if value in state:
            return state[value]
        if value in surely:
            return False
        maker, inputs, before = self._columns.maker, self._columns.inputs, self._before
        at_hand = values.at_hand if spreads else None
        waiting, opened = [value], set[int]()
        while waiting:
            here = waiting.pop()
            if here in state:
                continue
            if here in surely:
                state[here] = False
                continue
            number = maker.get(here) if here in before else None
            seen = number in spreads
            finite = None
            if here not in opened and not (seen and at_hand is not None and here not in at_hand):
                finite = values.finite(here, again=not seen)
            if finite is not None or number is None:
                state[here] = finite is False
                continue
            further = []
            for i in inputs[number]:
                known = state.get(i)
                if known:
                    state[here] = True
                    break
                if i and known is None and i not in opened:
                    further.append(i)
            else:
                if further:
                    opened.add(here)
                    waiting.append(here)
                    waiting += further
                else:
                    state[here] = seen and values.finite(here) is False
        return state[value]
