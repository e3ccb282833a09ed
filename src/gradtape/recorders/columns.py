"""The records of our own tape as the operations of a graph: made one by one, where somebody asks for one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from functools import cached_property
from operator import itemgetter
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import Site
from gradtape.explain.columns import Columns
from gradtape.explain.graph import OWN, Operation

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable, Mapping, Sequence

    from gradtape.arrays.record import Written
    from gradtape.explain.columns import Breaks
    from gradtape.ops import Op

OP, INPUTS, OUTPUT, CODE, LASTI = map(itemgetter, (0, 1, 2, 5, 6))
"""What these are of a record; outputs grow in the order of the run."""

FUNCTIONS = {"vector_norm": "norm", "p_norm": "norm", "abs": "absolute", "expit": "sigmoid"}
"""What rows of our table compute, where they are called otherwise than causes know it."""


NAMES = {
    "bin_places": "histogram",
    "intersect_places": "intersect1d",
    "label_count": "bincount",
    "triangle_places": "tri",
    "unique_places": "unique",
}
"""Rows of our table that are a part of a function of NumPy and that nobody can call: the function that people know."""


def name_of(op: Op) -> str:
    """Return what messages call an operation."""
    return NAMES.get(op.name, op.name)


def function_of(op: Op) -> str:
    """Return what causes know an operation by: nothing if it is the user's own, whatever its name."""
    return "" if op.given else FUNCTIONS.get(op.name, op.name)


def operation_of(
    written: Written, inputs: tuple[int, ...], breaks: Breaks, site: Site, callers: tuple[Site, ...]
) -> Operation:
    """Make the operation of a record; of variables it read the versions `inputs`."""
    op, _, output, params, *_ = written
    function = function_of(op)
    name, own = name_of(op), OWN if op.given else None
    return Operation(output, name, inputs, output, site, breaks, callers, op.plumbing, function, own, params)


class Recorded(Columns):
    """The operations of a run of our own.

    Parameters
    ----------
    records : list
        What was written, in order, and what `stand_in` returns for operations of which nothing was.
    inputs : list of tuple
        What each of them read, of variables the versions.
    others : dict
        The operations of which nothing was written, by number.
    broken : dict
        As in `Columns`.
    callers : mapping
        The user's frames around an operation, by its output.
    """

    def __init__(
        self,
        records: list[Written],
        inputs: list[tuple[int, ...]],
        others: dict[int, Operation],
        broken: dict[int, Breaks],
        callers: Mapping[int, tuple[Site, ...]],
    ) -> None:
        outputs = seqs = list(map(OUTPUT, records))
        if others:
            seqs = outputs.copy()
            for number, operation in others.items():
                seqs[number] = operation.seq
        super().__init__(inputs, outputs, seqs, broken)
        self._records, self._others, self._callers = records, others, callers
        self._made |= others
        self._sites: dict[Hashable, Site] = {}

    def with_others(self, found: Iterable[Operation]) -> Recorded:
        """Return the same with other operations among them, each behind what ran before it or at the same time."""
        more = sorted(found, key=lambda operation: operation.seq)
        records: list[Written] = []
        inputs: list[tuple[int, ...]] = []
        others, begin = {}, 0
        for operation in more:
            end = bisect_right(self.seqs, operation.seq)
            records += self._records[begin:end]
            inputs += self.inputs[begin:end]
            begin = end
            others[len(records)] = operation
            records.append(stand_in(operation))
            inputs.append(operation.inputs)
        records += self._records[begin:]
        inputs += self.inputs[begin:]
        moments = [operation.seq for operation in more]

        def moved(number: int) -> int:
            return number + bisect_left(moments, self.seqs[number])

        broken = {moved(number): breaks for number, breaks in self.broken.items()}
        broken |= {number: operation.breaks for number, operation in others.items()}
        others |= {moved(number): self[number] for number in self._others}
        return Recorded(records, inputs, others, dict(sorted(broken.items())), self._callers)

    def _make(self, number: int) -> Operation:
        record, inputs = self._records[number], self.inputs[number]
        code, lasti = record[5], record[6]
        site = self._sites.setdefault((id(code), lasti), Site(code, lasti))
        breaks = self.broken.get(number) or ((),) * len(inputs)
        return operation_of(record, inputs, breaks, site, self._callers.get(record[2], ()))

    @cached_property
    def functions(self) -> Sequence[str]:
        """`Operation.function` of each."""
        functions = {op: "" if op is None else function_of(op) for op in set(map(OP, self._records))}
        return list(map(functions.__getitem__, map(OP, self._records)))

    @cached_property
    def places(self) -> Sequence[Hashable]:
        """What is equal for operations of one instruction, of each."""
        return list(zip(map(id, map(CODE, self._records)), map(LASTI, self._records), strict=True))

    @cached_property
    def callers(self) -> Sequence[tuple[Site, ...]]:
        """`Operation.callers` of each."""
        known = self._callers
        found: list[tuple[Site, ...]] = [known.get(output, ()) for output in self.outputs]
        for number, operation in self._others.items():
            found[number] = operation.callers
        return found

    @cached_property
    def plumbing(self) -> frozenset[int]:
        """The numbers of those that nobody wrote."""
        wanted = {op for op in set(map(OP, self._records)) if op is not None and op.plumbing}
        return frozenset([k for k, record in enumerate(self._records) if record[0] in wanted] if wanted else ())


def stand_in(operation: Operation) -> Any:
    """Return what stands in a column of records for an operation of which nothing was written."""
    site = operation.site
    return None, operation.inputs, operation.output, operation.params, None, site.code, site.lasti
