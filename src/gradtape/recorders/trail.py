"""A backward pass of our own tape with the cotangent of every value on the way, in blocks: what each step did.

The sweep is the ordinary one, asked for the gradient by every value that it passes. So the hot loop knows nothing of
being looked at, and nobody stands between it and the rules.
"""

from __future__ import annotations

from array import array
from collections import Counter
from copy import copy
from functools import cached_property
from itertools import chain, compress, repeat
from operator import attrgetter, is_not
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.explain.sizes import underflows
from gradtape.ops import Cotangents, General, Partial
from gradtape.ops.model import UNMADE
from gradtape.recorders.columns import INPUTS, OUTPUT
from gradtape.recorders.kept import USUAL
from gradtape.recorders.pulls import telling
from gradtape.recorders.summaries import as_array, largest, name_of
from gradtape.tape import strong_zeros
from gradtape.tape.namespaces import NAMESPACES
from gradtape.tape.reverse import sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from gradtape.arrays.record import Written
    from gradtape.ops import Op, Rule

INFINITE = float("inf")

ROOM = 1 << 27
"""Bytes of cotangents that are kept of one pass; a larger pass is taken again, block by block, whenever it is asked."""

FIRST = 1024
"""Operations in the first block."""

OBJECT = 100
"""Bytes that an array takes besides its elements, about."""

DEAD = 1000
"""How many steps that nothing comes to are written down: what they would have given tells whether the point matters."""

BYTES = attrgetter("nbytes")

SCALARS = {np.float64}
"""What nearly all cotangents are that hold a single number."""

SPACE = NAMESPACES[False, False]


class Block(NamedTuple):
    """A part of the pass: the records from `begin` to `end`, and the cotangents that are known once they are passed.

    Those of what the block made are whole.
    """

    begin: int
    end: int
    cotangents: dict[int, Any]


class Steps:
    """All steps of a pass in its order, a number or two of each: where, and how large what came and was given is.

    Attributes
    ----------
    records, positions : array of int
        The index of the record, and the position of the input that got something.
    came, gave : array of float
        As in `Pull`.
    chosen : list of int
        The steps at which numbers were lost, and the first ones that nothing came to.
    tells : bool
        Whether there is a step at which numbers were lost.
    underflows : bool
        Whether what came to one of the chosen was near the end of the numbers of its dtype.
    stoppable : bool
        Whether a zero came to a step that gave something not finite: it matters whether zeros stop.
    """

    def __init__(self) -> None:
        self.records, self.positions = array("q"), array("q")
        self.came, self.gave = array("d"), array("d")
        self.chosen: list[int] = []
        self.tells = self.underflows = self.stoppable = False
        self.room = DEAD

    def __len__(self) -> int:
        return len(self.records)

    def choose(self, number: int, came: Any, gave: Any) -> bool:
        """Take a step among the chosen, if it belongs there."""
        came_size = self.came[number]
        tells = bool(came_size or self.gave[number]) and telling(flat(came), flat(gave))
        if not tells and (came_size or not self.room):
            return False
        self.room -= not tells
        self.tells = self.tells or tells
        self.underflows = self.underflows or underflows(name_of(flat(came).dtype), came_size)
        self.chosen.append(number)
        return True

    def add(self, *columns: Any) -> None:
        """Add steps: arrays of the records, the positions, and the sizes of what came and was given."""
        mine: tuple[array[Any], ...] = (self.records, self.positions, self.came, self.gave)
        for column, more in zip(mine, columns, strict=True):
            column.frombytes(more.tobytes())


class Sizes:
    """The sizes of cotangents by id, as columns; `scalars` tells whether all of them are single numbers."""

    def __init__(self, cotangents: dict[int, Any]) -> None:
        self.scalars = set(map(type, cotangents.values())) <= SCALARS
        self._sizes = cotangents if self.scalars else {id: largest(flat(value)) for id, value in cotangents.items()}

    def of(self, ids: Sequence[int]) -> Any:
        """Return the sizes of some, 0 where nothing is."""
        return np.abs(np.fromiter(map(self._sizes.get, ids, repeat(0.0)), np.float64, len(ids)))

    def size(self, cotangent: Any) -> float:
        """Return the size of another one."""
        if cotangent.__class__ in SCALARS:
            return abs(float(cotangent))
        self.scalars = False
        return largest(flat(cotangent))


class Trail:
    """One backward pass, as far as it leads to some sources.

    Parameters
    ----------
    records, saved, seeds
        As for `tape.reverse.sweep`.
    ids, needed : set of int
        The sources, and what is on a way from one.
    strong : bool
        Whether zeros stop.
    """

    def __init__(
        self,
        records: Sequence[Written],
        saved: Sequence[Any],
        seeds: dict[int, Any],
        ids: set[int],
        needed: set[int],
        *,
        strong: bool,
    ) -> None:
        self.records, self.saved, self.seeds = records, saved, seeds
        self.ids, self.needed, self.strong = ids, needed, strong
        self._kept: list[Block] | None = None
        self._held: dict[tuple[int, int], tuple[Any, Any]] = {}
        self._scaling: dict[Op, bool] = {}

    @cached_property
    def gradients(self) -> dict[int, Any]:
        """What arrives at each source that is reached, by id."""
        found: dict[int, Any] = {}
        for block in self.blocks():  # the last block that adds to a source has all of it
            found |= {i: block.cotangents[i] for i in self.ids & block.cotangents.keys()}
        return self.seeds | found

    def blocks(self) -> Iterable[Block]:
        """Return the pass from its beginning, the last records first."""
        return self._pass() if self._kept is None else self._kept

    def _pass(self) -> Iterator[Block]:
        """Take the pass, and keep it if there is room."""
        kept: list[Block] = []
        room = ROOM
        waiting = dict(self.seeds)
        end, length = len(self.records), FIRST
        while end:
            begin = max(end - length, 0)
            records = self.records[begin:end]
            made = set(map(OUTPUT, records))
            touched = made.union(chain.from_iterable(map(INPUTS, records)))
            here = {i: waiting.pop(i) for i in touched & waiting.keys()}
            got = sweep(records, self.saved[begin:end], here, touched, self.needed, strong=self.strong)
            waiting.update((i, got[i]) for i in got.keys() - made)
            block = Block(begin, end, got)
            size = _bytes(got.values())
            room -= size
            if room >= 0:
                kept.append(block)
            else:
                kept.clear()
            yield block
            length = max(min(4 * length, length * ROOM // (4 * max(size, 1))), 1)
            end = begin
        if room >= 0:
            self._kept = kept

    @cached_property
    def steps(self) -> Steps:
        """What happened at each step."""
        steps = Steps()
        with np.errstate(all="ignore"):
            for block in self.blocks():
                self._look_through(block, steps)
        return steps

    def _look_through(self, block: Block, steps: Steps) -> None:
        """Add the steps of a block: this is done for every operation of a run, so for all of them at once."""
        got = block.cotangents
        indices, outputs, inputs = self._passed(block)
        sources = list(chain.from_iterable(inputs))
        owners, positions = places_of(inputs)
        wanted = got if self.seeds.keys() <= self.needed else got.keys() & self.needed
        given = np.fromiter(map(wanted.__contains__, sources), np.bool_, len(sources))
        sizes = Sizes(got)
        came, gave = sizes.of(outputs)[owners], sizes.of(sources)
        shared = np.flatnonzero(np.fromiter(map(self._several.__contains__, sources), np.bool_, len(sources)))
        arrived = map(got.__getitem__, map(outputs.__getitem__, owners[shared].tolist()))
        same = passed_unchanged(came[shared], gave[shared]) & sizes.scalars
        there = zip(indices[owners[shared]].tolist(), positions[shared].tolist(), arrived, same.tolist(), strict=True)
        parts = [one if as_it_is and self._scales(k) else self._given(k, p, one) for k, p, one, as_it_is in there]
        given[shared] = np.fromiter(map(is_not, parts, repeat(None)), np.bool_, len(parts))
        gave[shared] = [0.0 if one is None else sizes.size(one) for one in parts]
        own = dict(zip(shared.tolist(), parts, strict=True))
        found = np.flatnonzero(given)
        begin, at, came, gave = len(steps), owners[found], came[found], gave[found]
        steps.add(indices[at], positions[found], came, gave)
        if not steps.stoppable:
            odd = np.flatnonzero(~np.isfinite(gave))
            met = map(got.__getitem__, map(outputs.__getitem__, at[odd].tolist()))
            steps.stoppable = not (came[odd].all() if sizes.scalars else all(flat(one).all() for one in met))
        for k in np.flatnonzero(worth_a_look(came, gave, steps.room, scalars=sizes.scalars)).tolist():
            n = int(found[k])
            pair = got[outputs[at[k]]], own.get(n, got.get(sources[n]))
            if steps.choose(begin + k, *pair):
                self._held[int(indices[at[k]]), int(positions[n])] = pair

    def _passed(self, block: Block) -> tuple[Any, list[int], list[tuple[int, ...]]]:
        """Return the indices of a block's records that something came to, the last first; what they made and read."""
        begin, end, got = block
        records, saved = self.records[begin:end][::-1], self.saved[begin:end][::-1]
        outputs, inputs = list(map(OUTPUT, records)), list(map(INPUTS, records))
        chosen = np.fromiter(map(got.__contains__, outputs), np.bool_, len(outputs))
        chosen &= np.fromiter(map(is_not, saved, repeat(None)), np.bool_, len(outputs))
        indices = np.arange(end - 1, begin - 1, -1)
        if chosen.all():
            return indices, outputs, inputs
        passed = chosen.tolist()
        return indices[chosen], list(compress(outputs, passed)), list(compress(inputs, passed))

    @cached_property
    def _several(self) -> set[int]:
        """The values that may get something from several steps, so that their cotangents are those of no single one."""
        times = Counter(chain.from_iterable(map(INPUTS, self.records)))
        return ({id for id, count in times.items() if count > 1} | self.seeds.keys()) & self.needed

    def _scales(self, k: int) -> bool:
        """Whether all that an operation gives is what came to it, times a factor; asked once for each row."""
        op = self.records[k][0]
        known = self._scaling.get(op)
        if known is None:
            known = self._scaling[op] = not op.variadic and all(rule.__class__ is Partial for rule in op.rules)
        return known

    def _given(self, k: int, position: int, came: Any) -> Any:
        """Compute what a step gave to an input, as the sweep does; None if nothing."""
        op, _, _, params, shapes, _, _ = self.records[k]
        residuals = self.saved[k]
        if op.variadic:
            rule = op.rules[0]
            params = {**params, "k": position}
        else:
            rule = op.rules[position]
        if rule is None:
            return None
        if self.strong:
            given = strong_zeros.pull(rule, SPACE, came, residuals, params)
        elif rule.__class__ is Partial:
            given = came * rule.fn(SPACE, *residuals, **params)
        else:
            given = rule.fn(SPACE, came, *residuals, **params)
        return given if given is None or shapes is None else SPACE.unbroadcast(given, shapes[position])

    def at(self, k: int, position: int) -> tuple[Any, Any]:
        """Return what came to a step and what it gave, as arrays."""
        held = self._held.get((k, position))
        if held is None:
            _, inputs, output, *_ = self.records[k]
            source = inputs[position]
            if self._kept is not None:
                got = next(block.cotangents for block in self._kept if block.begin <= k)
            else:  # once more, up to there
                got = sweep(
                    self.records[k:], self.saved[k:], self.seeds, {output, source}, self.needed, strong=self.strong
                )
            came = got[output]
            held = came, self._given(k, position, came) if source in self._several else got[source]
        return flat(held[0]), flat(held[1])


def places_of(inputs: Sequence[tuple[int, ...]]) -> tuple[Any, Any]:
    """Return whose each input is, and at which position, of the inputs of operations one after the other."""
    counts = np.fromiter(map(len, inputs), np.int64, len(inputs))
    ends = np.cumsum(counts)
    positions = np.arange(ends[-1] if len(ends) else 0) - np.repeat(ends - counts, counts)
    return np.repeat(np.arange(len(counts)), counts), positions


def passed_unchanged(came: Any, total: Any) -> Any:
    """Return for which steps every factor gives on what came, told by the size of that and of all that a value got.

    NaN stays NaN. Zero stays zero unless the factor is not finite, and then the sum is not finite either.
    """
    return np.isnan(came) | ((came == 0.0) & np.isfinite(total))


def worth_a_look(came: Any, gave: Any, room: int, *, scalars: bool) -> Any:
    """Return which steps may belong among the chosen, told by their sizes; of single numbers they tell nearly all.

    Of the steps that nothing came to, and that gave nothing, there is room for the first ones only.
    """
    odd = ~((gave > 0.0) & (gave < INFINITE))
    if scalars:
        odd &= (gave == 0.0) | (came < INFINITE)
    dead = (came == 0.0) & (gave == 0.0)
    return np.where(came == 0.0, (gave != 0.0) | (dead & (np.cumsum(dead) <= room)), odd)


def stopping(op: Op) -> Op:
    """Return an operation like another, whose rules let zeros stop also in a pass in which others' do not."""
    stops = copy(op)
    stops.rules = tuple(None if rule is None else General(_stopped(rule)) for rule in op.rules)
    stops.pulls = UNMADE
    return stops


def _stopped(rule: Rule) -> Callable[..., Any]:
    def fn(xp: Any, g: Any, *residuals: Any, **params: Any) -> Any:
        return strong_zeros.pull(rule, xp, g, residuals, params)

    return fn


def flat(cotangent: Any) -> Any:
    """Return a cotangent as one array; of several results all together."""
    if cotangent.__class__ in USUAL:
        return cotangent
    if isinstance(cotangent, Cotangents):
        return np.concatenate([np.ravel(part) for part in cotangent.of.values()])
    return as_array(cotangent)


def _bytes(cotangents: Collection[Any]) -> int:
    try:
        size = int(sum(map(BYTES, cotangents)))
    except AttributeError:  # several results
        size = int(sum(BYTES(flat(cotangent)) for cotangent in cotangents))
    return size + OBJECT * len(cotangents)
