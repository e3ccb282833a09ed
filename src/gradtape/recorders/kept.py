"""What our own tape has of the values of a run: the arrays that it kept for its rules, and what follows from them."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.explain.graph import Values
from gradtape.ops import Spec
from gradtape.recorders.columns import OUTPUT
from gradtape.recorders.summaries import as_array, largest, summary

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence

    from gradtape.arrays.record import Written
    from gradtape.explain.columns import Columns
    from gradtape.explain.graph import Summary
    from gradtape.ops import Op


SEARCHES = 2
"""How many times the length of the run is passed in searches for single values before all are looked up at once."""


FEW = 8
"""Values on the way to one that is computed again: if it is more of them, all that was kept is looked up at once."""


class Kept(Values):
    """The values of a run by their ids in the graph; each is looked at when somebody asks for it.

    Parameters
    ----------
    records, saved : sequences of the same length
    columns : Columns
        The operations of the graph.
    leaves : mapping
        Values that are at hand whatever the tape kept.

    Attributes
    ----------
    computes : bool
        Whether what was not kept is computed again where it can be.
    """

    computes = False

    def __init__(
        self,
        records: Sequence[Written],
        saved: Sequence[Any],
        columns: Columns,
        leaves: Mapping[int, Any],
    ) -> None:
        self._records, self._saved, self._columns, self._leaves = records, saved, columns, leaves
        self._told: dict[int, Summary] = {}
        self._computed: dict[int, Any] = {}
        self._room = SEARCHES * len(records)
        self._may_run: dict[Op, bool] = {}

    def __getitem__(self, value: int) -> Summary:
        if value not in self._told:
            array = self._known(value)
            if array is None:
                raise KeyError(value)
            self._told[value] = summary(array)
        return self._told[value]

    def __iter__(self) -> Iterator[int]:
        made = (record[2] for record in self._records)
        return (value for value in dict.fromkeys((*self._arrays, *made)) if self._known(value) is not None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def largest(self, value: int, *, again: bool = True) -> float | None:
        """Return the largest size of an element of a value, None if the value is not known."""
        array = self._known(value) if again else self.array(value)
        return None if array is None else largest(array)

    def again(self, value: int) -> Summary | None:
        """Return what a value is like, computed again if it was not kept and can be; None if it cannot."""
        array = self.computed(value)
        return None if array is None else summary(array)

    def record_of(self, value: int) -> int | None:
        """Return the index of the record that made a value; None if none did."""
        k = bisect_left(self._records, value, key=OUTPUT)
        return k if k < len(self._records) and self._records[k][2] == value else None

    def _known(self, value: int) -> Any:
        return self.computed(value) if self.computes else self.array(value)

    def array(self, value: int) -> Any:
        """Return what was kept of a value, None if nothing.

        The first few are searched for alone, from where they were made on; only then is everything looked up.
        """
        if "_arrays" not in self.__dict__ and self._room > 0 and value > 0:
            return as_value(self._searched(value))
        return as_value(self._arrays.get(value))

    def _searched(self, value: int) -> Any:
        """Search for a value where it was made and where it was used."""
        if value in self._leaves:
            return self._leaves[value]
        made, records = self.record_of(value), self._records
        begin = 0 if made is None else made
        found, k = None, begin
        for k in range(begin, len(records)):
            if k == made or value in records[k][1]:
                found = dict(self._noted([k])).get(value)
                if found is not None:
                    break
        self._room -= k - begin
        return found

    def _noted(self, numbers: Iterable[int]) -> Iterator[tuple[int, Any]]:
        """Yield what was kept of the results and inputs of some operations, by their ids."""
        all_saved, records, maker, inputs = self._saved, self._records, self._columns.maker, self._columns.inputs
        for k in numbers:  # perhaps every operation of a run
            saved = all_saved[k]
            if saved is None:
                continue
            if len(saved) == 2 and saved[1].__class__ is list:  # the arguments of a variadic operation
                saved = (saved[0], *saved[1])
            ids: tuple[int, ...] = ()
            for position, value in enumerate(saved):
                if value is None or not (value.__class__ in USUAL or is_value(value)):
                    continue
                if not ids:
                    output = records[k][2]
                    ids = (output, *inputs[maker[output]]) if output in maker else (output,)
                if position < len(ids) and ids[position]:
                    yield ids[position], value

    def _inputs(self, output: int) -> tuple[int, ...]:
        """Return what an operation read, of variables the versions."""
        number = self._columns.maker.get(output)
        return () if number is None else self._columns.inputs[number]

    def computed(self, value: int) -> Any:
        """Return a value that was kept or that follows from others, None if it does not.

        What it follows from is computed before, without recursion: a run may be long.
        """
        found, computed = self.array(value), self._computed
        if found is not None:
            return found
        if value not in computed:
            with np.errstate(all="ignore"):
                self._compute(value)
        return computed[value]

    def _compute(self, value: int) -> None:
        """Compute a value, and before it what it follows from: one pass back to find that, and one forwards."""
        records, all_saved, computed = self._records, self._saved, self._computed
        find: Callable[[int], Any] = self.array
        wanted, recipes = {value}, []
        k = self.record_of(value)
        while wanted and k is not None and k >= 0:
            output = records[k][2]
            if output in wanted:
                wanted.discard(output)
                op, ids = records[k][0], self._inputs(output)
                inputs = parts_of(all_saved[k], len(ids))[1]
                possible, needs = self._runs_again(op), []
                for place, i in enumerate(ids):
                    if inputs[place] is None or inputs[place].__class__ is Spec:
                        inputs[place] = found = find(i) if i else None
                        if found is None:
                            needs.append((place, i))
                            possible = possible and bool(i) and computed.get(i, wanted) is not None
                if possible:
                    recipes.append((output, op, inputs, needs, records[k][3]))
                    wanted.update([i for _, i in needs if i not in computed])
                    if len(recipes) == FEW:
                        find = self._arrays.get
                else:
                    computed[output] = None
            k -= 1
        computed |= dict.fromkeys(wanted)
        for output, op, inputs, needs, params in reversed(recipes):
            lost = False
            for place, i in needs:
                known = inputs[place] = computed[i]
                lost = lost or known is None
            computed[output] = None if lost else run_again(op, inputs, params)

    def _runs_again(self, op: Op) -> bool:
        """Whether an operation may be computed again; a run has few different ones."""
        known = self._may_run.get(op)
        if known is None:
            known = self._may_run[op] = may_run_again(op)
        return known

    def let_go(self) -> None:
        """Forget all arrays, and remember only what was looked at."""
        self._records = self._saved = ()
        self._leaves = {}
        self._computed = {}
        self.__dict__.pop("_arrays", None)

    @cached_property
    def _arrays(self) -> dict[int, Any]:
        """All that was kept, by id."""
        return dict(self._leaves) | dict(self._noted(range(len(self._records))))

    @property
    def at_hand(self) -> Container[int]:  # type: ignore[override]
        """The values that need not be computed again."""
        return self._arrays.keys()


def may_run_again(op: Op) -> bool:
    """Whether an operation computes nothing but one result of its inputs: nobody else's code runs twice."""
    return op.permanent and op.connects and not op.parts


def run_again(op: Op, inputs: list[Any], params: dict[str, Any]) -> Any:
    """Compute an operation again, None if that fails: a value that cannot be had again is not told."""
    try:
        return as_value(op.kernel(*inputs, **params))
    except Exception:  # noqa: BLE001
        return None


def values_of(residuals: Any, count: int) -> tuple[Any, list[Any]]:
    """Return the result of an operation and its inputs, as far as they were kept: None for the others."""
    output, inputs = parts_of(residuals, count)
    return as_value(output), [as_value(v) for v in inputs]


def argument_of_root(result: Any) -> Any:
    """Return what a root was taken of, if the result alone tells: zeros of zeros, signs and all. None if it does not.

    Its rule needs the result and keeps nothing else, and where it is zero is where people ask.
    """
    return None if result is None or result.any() else result


def parts_of(residuals: Any, count: int) -> tuple[Any, list[Any]]:
    """Return what was kept of the result of an operation and of its inputs, None where nothing was."""
    if residuals is None:
        return None, [None] * count
    output, *inputs = residuals
    if len(inputs) == 1 and isinstance(inputs[0], list):  # the arguments of a variadic operation
        inputs = list(inputs[0])
    return output, inputs


USUAL = frozenset({np.ndarray, np.float64})
"""What nearly all values are, known without a search through classes."""


def as_value(value: Any) -> Any:
    """Return an array or number, None for what is neither: a description, several results."""
    if value is None or value.__class__ in USUAL:
        return value
    return as_array(value) if is_value(value) else None


def is_value(value: Any) -> bool:
    """Whether something is an array or a number."""
    return value.__class__ is float or (
        isinstance(value, np.ndarray | np.generic | float | int | complex) and not isinstance(value, Spec)
    )
