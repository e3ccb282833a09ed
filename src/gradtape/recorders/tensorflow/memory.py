"""What is remembered of a run of TensorFlow: the newest operations and events, ids and places, and the tapes' lives.

No tensor is kept alive and no value is copied: a value is known by TensorFlow's own number for it.
"""

from __future__ import annotations

from collections import deque
from itertools import count
from threading import get_ident
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import WeakKeyDictionary, ref

if TYPE_CHECKING:
    import numpy as np

    from gradtape.explain.graph import Summary
    from gradtape.recorders.tensorflow.frames import Place

MOST_OPERATIONS = 100_000
"""How many operations are remembered: some thousand bytes each, and the newest training steps of most programs."""

MOST_GONE = 10_000
"""How many variables are remembered that are no more: those that training steps make and drop."""

FIRST = 1_000_000
"""Where the clock starts: ids below are for values that nobody remembers making."""


class Ran(NamedTuple):
    """An operation that ran, as readers see it; the hot path writes the plain tuple."""

    seq: int
    type: str
    ins: list[int]
    outs: list[int]
    dtypes: list[int]
    attrs: Any
    places: tuple[Place, ...]
    graph: bool = False
    step: int = 0
    """The step of a backward pass that it is part of; 0 for an operation of the program's own."""
    thread: int = 0
    """The thread in which it ran; 0 where that says nothing: in threads of TensorFlow's own."""

    def attr(self, name: str) -> Any:
        """Return one of the operation's settings, None if it has no such."""
        attrs = self.attrs
        for k in range(0, len(attrs), 2):
            if attrs[k] == name:
                return attrs[k + 1]
        return None


class Happening(NamedTuple):
    """An event: `kind` is a word of `graph.Event`, or `constant`, `custom`, `inside` and the like, for the builder."""

    seq: int
    kind: str
    tensor: int
    places: tuple[Place, ...]
    detail: Any = None


class Known(NamedTuple):
    """What is known of a variable, by the number of its handle."""

    variable: ref[Any]
    name: str
    trainable: bool
    dtype: str
    floating: bool
    made: Happening


class Life:
    """The life of one tape: when it recorded, what it was told to watch, where it gave its gradients.

    `changes` are (when, what, where) with `enter`, `exit`, `pause`, `resume`, `reset`.
    """

    def __init__(self, *, auto_watch: bool, persistent: bool) -> None:
        self.auto_watch = auto_watch
        self.persistent = persistent
        self.changes: list[tuple[int, str, tuple[Place, ...]]] = []
        self.watches: list[Happening] = []
        self.used_at: tuple[Place, ...] = ()
        self.thread = get_ident()
        self.traced = False
        """Whether it records the trace of a function."""

    @property
    def began(self) -> int:
        """When it was entered first; 0 if never."""
        return self.changes[0][0] if self.changes else 0


class Memory:
    """Everything that the hooks write and the builder reads."""

    def __init__(self) -> None:
        self.clock = count(FIRST).__next__
        self.operations: deque[tuple[Any, ...]] = deque(maxlen=MOST_OPERATIONS)
        self.happenings: deque[Happening] = deque(maxlen=MOST_OPERATIONS)
        self.variables: dict[int, Known] = {}
        self._gone: deque[int] = deque()
        self.lives: WeakKeyDictionary[Any, Life] = WeakKeyDictionary()
        self.open: list[Life] = []
        self.hidden = 0
        """While positive, nothing is written: we are at work, or a backward pass that no tape records."""
        self.tracing = False
        """While a function is traced that is to run eagerly: nothing is written but what is made for good."""
        self.something_left = False
        self.arrays: dict[int, tuple[ref[Any], Happening]] = {}
        self.training: set[tuple[int, int]] = set()
        """Where Keras was told to train: code objects, by their addresses, and offsets."""
        self.graphs: dict[str, Any] = {}
        """Traced functions by name: `functions.Traced`."""
        self.raw: list[tuple[Any, ...]] = []
        self.sums: dict[int, list[int]] | None = None
        """While a backward pass runs: which tensors each sum of gradients was made of."""
        self.step = 0
        """The step of the backward pass that runs."""
        self.step_of: dict[int, tuple[Place, ...]] = {}
        """Where the operation of a step ran forward, for steps that a tape recorded."""
        self.stopped = False
        self.summaries: dict[int, Summary] | None = None
        """What results are like, by their numbers; None where nobody wants to draw the run."""
        self.probing = False
        """While the hooks are tried: no question is heard."""

    @property
    def keeps(self) -> bool:
        """Whether it is written down what variables and layers are made."""
        return not self.hidden or self.tracing

    def remember_array(self, array: np.ndarray[Any, Any], happening: Happening) -> None:
        """Know an array again when it comes back: it was made by something that happened."""
        number = id(array)
        self.arrays[number] = (ref(array, lambda _: self.arrays.pop(number, None)), happening)

    def reference(self, variable: Any, number: int) -> ref[Any]:
        """Return a reference to a variable, which is forgotten some time after it is no more."""
        return ref(variable, lambda _: self._is_gone(number))

    def _is_gone(self, number: int) -> None:
        self._gone.append(number)
        while len(self._gone) > MOST_GONE:
            self.variables.pop(self._gone.popleft(), None)

    def ran_forward(self, step: int, places: tuple[Place, ...]) -> None:
        """Remember where the operation of a step ran forward, of as many steps as there may be operations."""
        self.step_of[step] = places
        while len(self.step_of) > MOST_OPERATIONS:
            del self.step_of[next(iter(self.step_of))]

    def forget_since(self, moment: int) -> tuple[list[tuple[Any, ...]], list[Happening]]:
        """Take back what was written since a moment, and return it."""
        ran, happened = [], []
        while self.operations and self.operations[-1][0] > moment:
            ran.append(self.operations.pop())
        while self.happenings and self.happenings[-1].seq > moment:
            happened.append(self.happenings.pop())
        for happening in happened:
            if happening.kind == "create":
                self.variables.pop(happening.tensor, None)
        return ran, happened

    @property
    def horizon(self) -> int:
        """The oldest moment that is remembered, 0 while nothing was forgotten."""
        oldest = self.operations[0][0] if len(self.operations) == MOST_OPERATIONS else 0
        events = self.happenings[0].seq if len(self.happenings) == MOST_OPERATIONS else 0
        return max(oldest, events)

    def happened(
        self, kind: str, tensor: int, places: tuple[Place, ...], detail: Any = None, count: int = 1
    ) -> Happening:
        """Write an event that makes so many values: each has a moment of its own."""
        happening = Happening(self.clock(), kind, tensor, places, detail)
        for _ in range(count - 1):
            self.clock()
        self.happenings.append(happening)
        return happening

    def life_of(self, tape: Any) -> Life | None:
        """Return what is known of a tape; None for one that nobody saw start."""
        life = self.lives.get(tape) if tape is not None else None
        return life if life is not None and life.changes else None
