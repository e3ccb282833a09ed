"""The graph of a run that causes are found in: operations, events, the tape's life. No framework, no arrays.

A recorder of any framework fills it. Values are ids; their order is the order of the run. A variable has one id per
version, so that a path never runs backwards in time.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.explain.columns import Columns, Given, Producers

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Hashable

    from gradtape.diagnostics import Passage, Site, Span
    from gradtape.explain.cause import Stage
    from gradtape.explain.pulls import Pull
    from gradtape.explain.reach import Reach
    from gradtape.explain.report import Status
    from gradtape.explain.ways import Ways


class BreakKind(StrEnum):
    """What ends a path at an operation's input."""

    PIECEWISE_CONSTANT = "piecewise-constant"
    NO_DERIVATIVE = "no-derivative"
    INTEGER_CAST = "integer-cast"
    STOP = "stop-gradient"
    MISSING_RULE = "missing-rule"
    LEFT_AS_ARRAY = "left-through-numpy"
    LEFT_AS_NUMBER = "left-through-number"
    REBUILT = "rebuilt-from-values"
    OPAQUE = "opaque-callback"
    ARRAY_WRITE = "array-assignment"
    SAMPLED = "sampled"
    CUSTOM_NONE = "custom-rule-none"
    GRADIENTS_OFF = "gradients-off"
    COPIED = "different-object"
    INNER_GRADIENT = "inner-gradient-not-recorded"
    STATE = "state-boundary"
    LOADED = "values loaded into parameters"
    NOT_TAKEN = "branch-not-taken"
    BEFORE_TAPE = "before the tape"
    AFTER_TAPE = "after the tape"
    OTHER_TAPE = "before the tape was reset or entered anew"
    OTHER_THREAD = "in another thread than the tape"
    WATCHED_LATER = "before the tape watched it"


OUTSIDE = frozenset({BreakKind.BEFORE_TAPE, BreakKind.AFTER_TAPE, BreakKind.OTHER_TAPE, BreakKind.OTHER_THREAD})
"""Breaks that say when or where an operation ran, not what it did; a pause that the program asked for is another."""

UNWRITTEN = frozenset({BreakKind.MISSING_RULE, BreakKind.OPAQUE})
"""Breaks at which some frameworks raise instead of giving None."""


@dataclass(frozen=True, slots=True)
class Break:
    """One reason why nothing flows back through an input.

    Parameters
    ----------
    kind : BreakKind
    reason : str
        Continues the operation's name: "is constant between integers".
    proven : bool
        False where the connection was read from the source text and could be another.
    instead : str
        Where the function that ended the path stays on the tape, `gradtape.scipy.linalg.expm`, if that is known; a
        name that ends in `*` stands for a module.
    at : Site, Passage or None
        The place that is to blame, where it is not the operation itself: the `with torch.no_grad()` around it, the line
        of a custom derivative that answered None.
    """

    kind: BreakKind
    reason: str = ""
    proven: bool = True
    instead: str = ""
    at: Site | Passage | None = None


NO_PARAMS: Mapping[str, Any] = MappingProxyType({})


HOOK = "hook"
"""The function of an operation that stands for a hook: it is called with a gradient, and may give another one."""


class Own(NamedTuple):
    """A derivative that the program gives itself.

    Parameters
    ----------
    answers : callable or None
        Returns where it answers for an input, by the position of that; None where that is not known.
    """

    answers: Callable[[int], Site | Passage | None] | None = None


OWN = Own()
"""A derivative of the program's own that answers nobody knows where."""


@dataclass(slots=True, eq=False)
class Operation:
    """Something that made a value from others; `breaks` has one tuple per input, empty where the gradient flows.

    Nobody changes one. It is not frozen because a run has millions, and a frozen one takes four times as long to make.

    `name` is what messages call it. `function` is NumPy's name of what it computes (`sqrt`, `where`, `matmul`, `exp`;
    `relu`, `softmax`, `norm`, `clip` where NumPy has none), by which causes know it in every framework. `params` are
    its plain settings (`axis`, bounds), never arrays.

    `callers` are the user's frames outside the site's own, nearest first, where the recorder kept them. `plumbing` is
    an operation that nobody wrote, the parting of several results; no message names it. `own` is the derivative that
    the program gave it, None where that is the framework's.
    """

    seq: int
    name: str
    inputs: tuple[int, ...]
    output: int
    site: Site
    breaks: tuple[tuple[Break, ...], ...]
    callers: tuple[Site, ...] = ()
    plumbing: bool = False
    function: str = ""
    own: Own | None = None
    params: Mapping[str, Any] = field(default_factory=lambda: NO_PARAMS)

    def apart_from(self, other: Operation) -> tuple[Span, Span] | None:
        """Return where this one and another were started from in the innermost function that started both."""
        for site in (self.site, *self.callers):
            theirs = next((o for o in (other.site, *other.callers) if o.code is site.code), None)
            if theirs is not None:
                return (site.span, theirs.span) if theirs != site else None
        return None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a value; `kind` is a word of the recorder's (`branch`, `assign`, `left as array`)."""

    seq: int
    kind: str
    value: int
    site: Site | Passage
    detail: Any = None
    callers: tuple[Site, ...] = ()


@dataclass(frozen=True, slots=True)
class Summary:
    """What a value is like, without the value: `low` and `high` are of its finite elements, NaN if it has none."""

    shape: tuple[int, ...]
    dtype: str
    size: int
    low: float
    high: float
    zeros: int = 0
    nans: int = 0
    infs: int = 0

    @property
    def finite(self) -> bool:
        """Whether no element is infinite or not a number."""
        return not self.nans and not self.infs

    @property
    def known(self) -> bool:
        """Whether somebody looked at the values, not only at their shape."""
        return self.low == self.low or not self.size or self.nans > 0 or self.infs > 0

    @property
    def all_zero(self) -> bool:
        """Whether there are elements and every one is zero."""
        return 0 < self.size == self.zeros

    @property
    def largest(self) -> float:
        """The largest size of a finite element."""
        return max(abs(self.low), abs(self.high))


class Values(Mapping[int, Summary]):
    """What values are like, by id: for recorders that look at a value only when somebody asks for it.

    `at_hand` are those that need not be computed again.
    """

    at_hand: Container[int]

    @abstractmethod
    def largest(self, value: int, *, again: bool = True) -> float | None:
        """Return the largest size of an element, which is seen sooner than all else; None if the value is not known.

        NaN or infinite if an element is that; 0 if there is none. Nothing is computed for it unless `again`.
        """

    @abstractmethod
    def again(self, value: int) -> Summary | None:
        """Return what a value is like, computed again if it was not kept and can be; None if it cannot."""


@dataclass(frozen=True, slots=True)
class End:
    """A target or source of the question.

    Parameters
    ----------
    name : str
        How the user's program calls it.
    ids : frozenset of int
        The value's ids in the graph; all versions of a variable, none for a plain array or number.
    kind : str
        `tensor`, `variable`, `array`, `number`; `symbolic`, `model`, `layer`, `object` for what is no computed value.
    dtype : str
    differentiable : bool
        Whether the dtype has derivatives.
    watched : bool
        Whether the tape followed it at some time.
    trainable : bool
        For a variable, whether tapes watch it by themselves.
    made : Operation or Event or None
        What made it.
    path : str
        The framework's own name for it, `dense_1/kernel`, if it has one.
    leaf : bool
        Whether gradients are kept on it: a result of an operation is no leaf for PyTorch.
    value : Summary or None
        What its numbers are like, where somebody looked.
    before : frozenset of int
        The ids of the variable that the same code stood for when the same question was asked before; empty if none.
    """

    name: str
    ids: frozenset[int]
    kind: str
    dtype: str
    differentiable: bool
    watched: bool = False
    trainable: bool = True
    made: Operation | Event | None = None
    path: str = ""
    leaf: bool = True
    value: Summary | None = None
    before: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Failure:
    """An error that came in the place of a gradient, as far as the recorder can tell what it is about.

    Parameters
    ----------
    kind : str
        The slug of the cause that speaks for it (`overwritten-value`, `traced-control-flow`, `nonscalar-output`, ...),
        or empty where the recorder does not know.
    text : str
        The framework's own words, one line.
    at : Site, Passage or None
        The expression that caused it.
    also : tuple of (Site or Passage, str)
        Other places that belong to it, with what to say there.
    value : int
        The id of the value it is about, 0 if there is none.
    detail : str
        Whatever the cause's message needs more: a shape, the number of times, a dtype.
    kept : tuple of str
        What the program calls values that objects keep from round to round, where it is about such a one.
    once : bool
        Whether it is about a value that is computed once and kept at `at`, for whoever asks for it again.
    """

    kind: str
    text: str
    at: Site | Passage | None = None
    also: tuple[tuple[Site | Passage, str], ...] = ()
    value: int = 0
    detail: str = ""
    kept: tuple[str, ...] = ()
    once: bool = False


@dataclass(frozen=True, slots=True)
class Tape:
    """The life of the tape that was asked, None members where it has none (a question without a tape)."""

    entered: tuple[tuple[int, Site], ...] = ()
    auto_watch: bool = True
    watches: dict[int, tuple[int, Site]] = field(default_factory=dict)
    callers: tuple[Site, ...] = ()
    """From where the function was called that entered it first, nearest first, where the recorder kept that."""


@dataclass(frozen=True)
class Run:
    """A run as far as it is remembered: operations and events in order; `horizon` is the oldest moment that is kept."""

    operations: Sequence[Operation]
    events: tuple[Event, ...]
    tape: Tape | None
    horizon: int = 0
    variables: frozenset[int] = frozenset()
    """All versions of all variables."""
    names: Mapping[int, str] = field(default_factory=dict)
    """How the program, or the framework, calls values: `layers[2].kernel`, `dense_1/kernel`."""
    values: Mapping[int, Summary] = field(default_factory=dict)
    """What values are like, of those that were looked at. Where a gradient is not finite: of everything that is kept,
    also beside the way, so that the first operation can be found that made something infinite or NaN.
    """

    @cached_property
    def columns(self) -> Columns:
        """The operations as columns, for passes over all of them."""
        return self.operations if isinstance(self.operations, Columns) else Given(self.operations)

    @cached_property
    def producers(self) -> Producers:
        """The operation that made each value."""
        return Producers(self.columns)

    @cached_property
    def _ways(self) -> dict[frozenset[int], Ways]:
        return {}

    def ways(self, targets: frozenset[int]) -> Ways:
        """Return the ways to some targets; they are looked for once."""
        from gradtape.explain.ways import Ways

        if targets not in self._ways:
            self._ways[targets] = Ways(self, targets)
        return self._ways[targets]

    @cached_property
    def _reaches(self) -> dict[tuple[tuple[frozenset[int], ...], bool], Reach]:
        return {}

    def reach(self, sources: tuple[frozenset[int], ...], *, whole: bool = False) -> Reach:
        """Return what depends on each of these sources, on ways without breaks if `whole`; it is looked for once."""
        from gradtape.explain.reach import Reach

        if (sources, whole) not in self._reaches:
            self._reaches[sources, whole] = Reach(self, sources, whole=whole)
        return self._reaches[sources, whole]

    @cached_property
    def _passes(self) -> dict[Hashable, Any]:
        return {}

    def once(self, key: Hashable, find: Callable[[], Any]) -> Any:
        """Return what a pass over the run finds, whatever the source; the pass is made once."""
        if key not in self._passes:
            self._passes[key] = find()
        return self._passes[key]

    def once_of(self, what: Hashable, of: object, find: Callable[[], Any]) -> Any:
        """Return what is found for an object, known by its identity; it is looked for once, and the object is kept."""
        known = self._passes.get((what, id(of)))
        if known is None:
            known = self._passes[what, id(of)] = of, find()
        return known[1]

    @cached_property
    def left(self) -> tuple[Event, ...]:
        """The events of values that became arrays or numbers."""
        return tuple(event for event in self.events if event.kind.startswith("left"))

    @cached_property
    def _last(self) -> dict[Hashable, tuple[Site | Passage, int]]:
        """What ran or happened last at each place, in the order in which places came up."""
        columns = self.columns
        newest = dict(zip(columns.places, range(len(columns)), strict=True))
        last: dict[Hashable, tuple[Site | Passage, int]] = {
            place: (columns[number].site, columns.seqs[number]) for place, number in newest.items()
        }
        for event in self.events:
            place = id(event.site.code), event.site.lasti
            if place not in last or last[place][1] < event.seq:
                last[place] = event.site, event.seq
        return last

    def places(self, since: int) -> list[Span]:
        """Return where something ran or happened after a moment, each place once."""
        return list(dict.fromkeys(site.span for site, seq in self._last.values() if seq > since))

    def readers(self, values: Collection[int]) -> list[tuple[Operation, int]]:
        """Return the operations that read any of a few values, with the position of the input; one pass."""
        columns = self.columns
        return [
            (columns[number], position)
            for number in columns.readers(values)
            for position, value in enumerate(columns.inputs[number])
            if value and value in values
        ]


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and what came out, for one source; `status` is None where nothing was computed.

    Parameters
    ----------
    gradient : Summary or None
        What came out, where a gradient arrived.
    pulls : sequence of Pull
        The backward pass, in its order, where the gradient is zero, not finite, or suspiciously large or small
        (`recorders.pulls.suspicious`); empty where nobody looked. Steps on the ways from other sources may be among
        them: they are left out here. So may those steps be missing at which nothing happened (something finite and not
        all zero came, and the like was given), as long as some step shows how the gradient became zero or not finite.
    """

    run: Run
    kind: str
    call: Site
    targets: tuple[End, ...]
    source: End
    status: Status | None
    used_at: Site | None = None
    gradient: Summary | None = None
    pulls: Sequence[Pull] = ()
    pulls_are_own: bool = False
    """Whether no steps but those on the ways from `together` to the targets are among them."""
    failure: Failure | None = None
    dialect: str = "gradtape"
    """Whose words the messages use: a name of `dialects.DIALECTS`."""
    together: tuple[End, ...] = ()
    """All sources that were asked for in the same call, this one included."""
    unseen: Mapping[Stage, tuple[str, ...]] = field(default_factory=dict)
    """What the recorder does not see in this version of the framework, by what cannot be told without it."""

    @property
    def target_name(self) -> str:
        """The targets' names, joined."""
        return ", ".join(t.name for t in self.targets)

    @property
    def target_ids(self) -> frozenset[int]:
        """All ids of all targets."""
        return frozenset().union(*(t.ids for t in self.targets)) if self.targets else frozenset()
