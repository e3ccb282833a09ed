"""Operations that run a traced function of their own: the branches of a condition, the body of a loop, a call.

What such an operation does was recorded when its function was traced. Here that is connected with what goes in and
comes out. A condition is the way through any of its branches, a loop the way through its body: laid out once more for
each value that it carries, so that what one round gives to the next is seen. How often it ran, and which branch, is not
known.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from gradtape.explain.graph import Break, Operation
from gradtape.recorders.tensorflow import private

if TYPE_CHECKING:
    from gradtape.diagnostics import Site
    from gradtape.recorders.tensorflow.draft import Draft
    from gradtape.recorders.tensorflow.functions import Traced
    from gradtape.recorders.tensorflow.memory import Ran

MOST_ROUNDS = 4
"""How often the body of a loop is laid out: a value that needs more rounds to get to another is not followed there."""

MOST_LAID_OUT = 20_000
"""How many operations are laid out once more in one graph."""


class Kind(NamedTuple):
    """How an operation runs functions: the settings that name them, how many inputs are its own, whether it loops."""

    settings: tuple[str, ...]
    own: int = 0
    loops: bool = False


KINDS = {
    "If": Kind(("then_branch", "else_branch"), 1),
    "StatelessIf": Kind(("then_branch", "else_branch"), 1),
    "Case": Kind(("branches",), 1),
    "StatelessCase": Kind(("branches",), 1),
    "While": Kind(("body",), loops=True),
    "StatelessWhile": Kind(("body",), loops=True),
    "PartitionedCall": Kind(("f",)),
    "StatefulPartitionedCall": Kind(("f",)),
}


class Bodies:
    """Connects operations with the functions that they run, in a draft."""

    def __init__(self, draft: Draft) -> None:
        self.draft = draft
        self._inside: dict[int, list[Operation]] = {}
        """What was recorded inside each traced function, by when its tracing ended."""
        self._called: set[int] = set()
        """Those that have been called."""
        self._laid_out = 0

    def add(self, ran: Ran, site: Site, callers: tuple[Site, ...]) -> bool:
        """Put the results of an operation into the draft, if it is known what its functions do; whether it is."""
        kind = KINDS.get(ran.type)
        names = [ran.type] if kind is None else [n for s in kind.settings for n in private.functions_in(ran.attr(s))]
        graphs = self.draft.memory.graphs
        traced = [graphs[name] for name in names if name in graphs]
        given = ran.ins[kind.own :] if kind is not None else ran.ins
        if not traced or len(traced) < len(names) or not all(self._is_whole(t, given) for t in traced):
            return False
        arguments = [self.draft.id_of(number) for number in given]
        ways = [self._run(function, arguments, site, ran) for function in traced]
        if kind is not None and kind.loops:
            ways += self._rounds(traced[0], ways[0], ran.seq)
        outside = (
            self.draft.window.outside(ran.seq, ran.thread)
            if self.draft.window.life is not None and not ran.graph
            else None
        )
        broken = () if outside is None else (Break(outside),)
        for k, number in enumerate(ran.outs):
            output = self.draft.ids[number] = ran.seq + k
            self.draft.dtypes[number] = ran.dtypes[k]
            inputs = tuple(dict.fromkeys(way[k] for way in ways if k < len(way) and way[k]))
            if inputs:  # what only the backward function needs has none
                made = Operation(output, "call", inputs, output, site, (broken,) * len(inputs), callers, plumbing=True)
                self.draft.made.append(made)
        return True

    def _is_whole(self, traced: Traced, given: list[int]) -> bool:
        """Whether everything is there to connect: as many arguments as placeholders, and what was recorded inside."""
        ids = self.draft.ids
        return len(traced.ins) == len(given) and bool(traced.outs) and any(n in ids for n in traced.outs)

    def _run(self, traced: Traced, arguments: list[int], site: Site, ran: Ran) -> list[int]:
        """Let a function run on values; return its results.

        The first time what was recorded of it is taken as it is. After that it is laid out anew if it ran under the
        tape, and otherwise, or if that gets too much, what the newest run was given counts.
        """
        ids = self.draft.ids
        placeholders = [ids.get(number, 0) for number in traced.ins]
        arguments = [self.draft.behind(value, p) for value, p in zip(arguments, placeholders, strict=True)]
        again = traced.until in self._called or any(a > p > 0 for a, p in zip(arguments, placeholders, strict=True))
        self._called.add(traced.until)
        if again and (ran.graph or self.draft.window.open_at(ran.seq, ran.thread)) and self._laid_out < MOST_LAID_OUT:
            return self._laid_out_on(traced, dict(zip(placeholders, arguments, strict=True)), ran.seq)
        for outer, placeholder in zip(arguments, placeholders, strict=True):
            if outer and placeholder:
                self.draft.stand_for(placeholder, outer, site)
        return [ids.get(number, 0) for number in traced.outs]

    def _rounds(self, body: Traced, first: list[int], seq: int) -> list[list[int]]:
        """Lay the body of a loop out once more for each value that it carries; return the results of each round."""
        carried = [self.draft.ids.get(number, 0) for number in body.ins]
        results = [self.draft.ids.get(number, 0) for number in body.outs]
        changed = sum(a != b for a, b in zip(carried, results, strict=False))
        rounds = [first]
        while len(rounds) < min(changed, MOST_ROUNDS) and self._laid_out < MOST_LAID_OUT:
            rounds.append(self._laid_out_on(body, dict(zip(carried, rounds[-1], strict=False)), seq))
        return rounds[1:]

    def _laid_out_on(self, traced: Traced, now: dict[int, int], seq: int) -> list[int]:
        """Copy what was recorded of a function for other values than its placeholders; return the results."""
        for op in self._recorded(traced):
            inputs = tuple(now.get(value, value) for value in op.inputs)
            if inputs != op.inputs:
                output = now[op.output] = self.draft.fresh()
                self.draft.made.append(replace(op, seq=seq, inputs=inputs, output=output))
                self._laid_out += 1
        results = (self.draft.ids.get(number, 0) for number in traced.outs)
        return [now.get(value, value) for value in results]

    def _recorded(self, traced: Traced) -> list[Operation]:
        """Return the operations that ran while a function was traced, those that its own calls were laid out as too."""
        known = self._inside.get(traced.until)
        if known is None:
            began = min((value for number in traced.ins if (value := self.draft.ids.get(number, 0)) > 0), default=0)
            known = [op for op in self.draft.made if began < op.seq < traced.until and op.name != "argument"]
            self._inside[traced.until] = known
        return known
