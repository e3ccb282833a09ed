"""What is remembered of a run: which tensor is which value, what was done to it, and the newest values themselves.

Tensors are held weakly, so that nothing lives longer because somebody watches. Only the newest results are kept as
values, up to a number of bytes, for the numbers behind a zero or a NaN.
"""

from __future__ import annotations

import ast
from collections import deque
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

import torch

from gradtape.diagnostics import Site, syntax
from gradtape.recorders.torch import private

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.recorders.torch.frames import Frames
    from gradtape.recorders.torch.functions import Function
    from gradtape.recorders.torch.hooks import Hook

MOST_RECORDS = 20_000
"""How many operations are remembered; older ones are forgotten."""

MOST_BYTES = 128 * 2**20
"""How much the values take that are kept."""

MOST_VALUES = 4_000
"""How many values are kept: small ones take more room than their bytes."""

PRUNE_EVERY = 20_000

MOST_NODES = 500
"""How many nodes of the autograd graph are walked for what a tensor hangs on that came from somewhere unseen."""

MOST_HOOKS = 5_000
"""How many hooks are remembered."""

MOST_NUMBERS = 1_000
"""How many numbers of one expression are kept."""


class Record(NamedTuple):
    """One call of a function of PyTorch; written as a plain tuple, which costs half.

    Parameters
    ----------
    seq : int
        When: the counter that values are numbered with.
    what : Function
    inputs : tuple of int
        The ids of the tensors among the arguments; 0 for a plain number or array that is a value.
    outputs : tuple of (id, connected, dtype)
        `connected`: whether PyTorch's own graph leads from it to anything.
    needs : int
        A bit per input: whether it required a gradient then.
    frames : Frames
    off : Off or None
        What had turned gradients off, None while they were on.
    arguments : tuple or None
        The positional and named arguments that are no tensors, for the functions whose numbers or settings matter.
    """

    seq: int
    what: Function
    inputs: tuple[int, ...]
    outputs: tuple[tuple[int, bool, torch.dtype], ...]
    needs: int
    frames: Frames
    off: Off | None = None
    arguments: Any = None


class Off(NamedTuple):
    """What turned gradients off: where, and whether a library's code did it (`distributions`, `checkpoint`, ...)."""

    frames: Frames
    by: str = ""


DATA = "data"
"""The kind of what happens where a tensor comes from another process: nothing of this program's is in it."""


class Happening(NamedTuple):
    """Something that happened to a value: it left, decided a branch, was written to, was marked."""

    seq: int
    kind: str
    value: int
    frames: Frames
    detail: Any = None


class Number(NamedTuple):
    """A number that was taken out of a tensor: the value's id, what it was, where."""

    value: int
    plain: float
    frames: Frames


class Entry:
    """A tensor that is known: its present value's id, and how often it had been written to then."""

    __slots__ = ("alias", "id", "ref", "tensor_id", "version")

    def __init__(self, tensor: torch.Tensor, id: int, version: int, tensor_id: int) -> None:
        self.ref = ref(tensor)
        self.id = id
        self.version = version
        self.tensor_id = tensor_id
        self.alias: Any = None


class Memory:
    """The records of a run, and which tensor is which value."""

    def __init__(self) -> None:
        self.clock = count(1)
        self.records: deque[Any] = deque(maxlen=MOST_RECORDS)
        self.happened: deque[Happening] = deque(maxlen=MOST_RECORDS)
        self.known: dict[int, Entry] = {}
        self.versions: dict[int, list[int]] = {}
        """All ids that a tensor had, by its first, where there were several."""
        self.leaves: set[int] = set()
        """The first ids of the leaves that a backward pass reached, live or not."""
        self.arrays: dict[int, tuple[ref[Any], int]] = {}
        """The ndarrays that left, by identity, with the moment when."""
        self.hooks: deque[Hook] = deque(maxlen=MOST_HOOKS)
        """The newest hooks that change gradients on their way."""
        self.registered: dict[int, Frames] = {}
        """Where hooks of modules were registered, by the identity of the hook."""
        self.values: deque[tuple[int, torch.Tensor, int, int]] = deque()
        self.bytes = 0
        self.numbers: list[Number] = []
        """The newest numbers that one expression took out of tensors."""
        self._until_prune = PRUNE_EVERY

    # -- which tensor is which value ------------------------------------------------------------------------------

    def look(self, tensor: torch.Tensor) -> Entry | None:
        """Return what is known of a tensor, None if it was never met."""
        entry = self.known.get(id(tensor))
        return entry if entry is not None and entry.ref() is tensor else None

    def held(self, number: int) -> torch.Tensor | None:
        """Return the live tensor that has a value now."""
        entry = next((e for e in list(self.known.values()) if e.id == number), None)
        tensor: torch.Tensor | None = entry.ref() if entry is not None else None
        return tensor

    def meet(self, tensor: torch.Tensor) -> Entry:
        """Return what is known of a tensor, after looking whether it changed behind our back."""
        entry = self.known.get(id(tensor))
        if entry is not None and entry.ref() is tensor:
            version = private.version_of(tensor)
            if entry.version != version:
                self._moved(entry, tensor, version)
            return entry
        return self.adopt(tensor)

    def name(self, tensor: torch.Tensor) -> Entry:
        """Give a tensor that has just been made an id."""
        number = next(self.clock)
        entry = self.known[id(tensor)] = Entry(tensor, number, private.version_of(tensor), number)
        self._until_prune -= 1
        if not self._until_prune:
            self._prune()
        return entry

    def renew(self, entry: Entry, tensor: torch.Tensor) -> int:
        """Give a tensor that was written to a new id, and return it."""
        number = next(self.clock)
        self.versions.setdefault(entry.tensor_id, [entry.tensor_id]).append(number)
        entry.id = number
        entry.version = private.version_of(tensor)
        return number

    def before(self, values: Iterable[int]) -> set[int]:
        """Return some values and all that they were made from, in any way that is recorded."""
        found = set(values)
        for record in reversed(self.records):
            if any(out[0] in found for out in record[3]):
                found.update(record[2])
        return found

    def after(self, values: Iterable[int]) -> set[int]:
        """Return some values and all that was made from them, in any way that is recorded."""
        found = set(values)
        for record in self.records:
            if not found.isdisjoint(record[2]):
                found.update(out[0] for out in record[3])
        return found

    def ids(self, tensor: torch.Tensor) -> set[int]:
        """Return all ids that a tensor had."""
        entry = self.meet(tensor)
        return {entry.id, entry.tensor_id, *self.versions.get(entry.tensor_id, ())}

    def forget(self, tensors: Any) -> None:
        """Take tensors for unknown from now on: what made them was put aside."""
        for tensor in tensors if isinstance(tensors, tuple | list) else (tensors,):
            self.known.pop(id(tensor), None)

    def adopt(self, tensor: torch.Tensor) -> Entry:
        """Give a tensor that came from somewhere unseen an id, and connect it with what its graph leads to."""
        entry = self.name(tensor)
        node = tensor.grad_fn
        if node is not None:
            tag = node.metadata.get(private.KEY)
            earlier = tag.get(tensor.output_nr) if tag else None
            inputs = (earlier,) if earlier else self.origins([node])[0]
            self.write(entry, tensor, UNSEEN, inputs, (1 << len(inputs)) - 1)
        elif self.numbers:
            self._rebuilt(entry, tensor)
        inner = private.inside(tensor)
        if node is None and inner is not None:
            self.write(entry, tensor, WRAPPED, (self.meet(inner).id,), 0)
        return entry

    def left(self, number: Number) -> None:
        """Keep a number that left together with those that the same expression took out before it."""
        if self.numbers and self.numbers[0].frames != number.frames:
            self.numbers.clear()
        if len(self.numbers) < MOST_NUMBERS:
            self.numbers.append(number)

    def _rebuilt(self, entry: Entry, tensor: torch.Tensor) -> None:
        """Connect a tensor that nobody saw being made with the numbers that `torch.Tensor([...])` took for it."""
        from gradtape.recorders.torch.functions import LEGACY

        numbers, self.numbers = self.numbers, []
        frames = numbers[0].frames
        if not _is_legacy(frames) or tensor.numel() > MOST_NUMBERS or private.is_transformed():
            return
        with torch._C.DisableTorchFunction():
            held = iter(tensor.flatten().tolist())
            taken = torch.tensor([number.plain for number in numbers], dtype=tensor.dtype).tolist()
        if not all(value in held for value in taken):  # in this order, with other numbers between them
            return
        outputs = ((entry.id, False, tensor.dtype),)
        inputs = tuple(number.value for number in numbers)
        self.records.append((entry.id, LEGACY, inputs, outputs, (1 << len(inputs)) - 1, frames, None, None))

    def write(self, entry: Entry, tensor: torch.Tensor, what: Function, inputs: tuple[int, ...], needs: int) -> None:
        """Record something that nobody wrote: how a value hangs together with others."""
        outputs = ((entry.id, tensor.grad_fn is not None, tensor.dtype),)
        self.records.append((entry.id, what, inputs, outputs, needs, (), None, None))

    def origins(self, nodes: Iterable[Any]) -> tuple[tuple[int, ...], bool]:
        """Return the known values nearest to nodes of the autograd graph, against its way; and whether that is all."""
        found: dict[int, None] = {}
        stack = list(nodes)
        seen: set[Any] = set(stack)
        while stack and len(seen) < MOST_NODES:
            for nearer, number in private.edges(stack.pop()):
                if nearer is None or nearer in seen:
                    continue
                leaf = private.leaf_of(nearer)
                tag = nearer.metadata.get(private.KEY)
                if leaf is not None:
                    found[self.meet(leaf).id] = None
                elif tag and number in tag:
                    found[tag[number]] = None
                else:
                    seen.add(nearer)
                    stack.append(nearer)
        return tuple(found), not stack

    def _moved(self, entry: Entry, tensor: torch.Tensor, version: int) -> None:
        """Note that a tensor was written to unseen: by an optimizer, or through another view of the same memory."""
        base = private.base_of(tensor)
        old = self.look(base) if base is not None else None
        self.renew(entry, tensor)
        entry.version = version
        if base is not None and old is not None:
            self.meet(base)
            self.write(entry, tensor, VIEW, (old.id,), int(base.requires_grad))
        elif not tensor.requires_grad and private.is_shared(tensor):  # a worker of a data loader filled it
            self.happened.append(Happening(entry.id, DATA, entry.id, ()))

    def same_arrays(self, given: Iterable[tuple[int, Any]]) -> tuple[tuple[int, int], ...]:
        """Return which of the plain arguments are arrays that left, or views of one, and the moment when it left."""
        found = []
        for position, value in given:
            array = value
            while self.arrays and array is not None:
                left = self.arrays.get(id(array))
                if left is not None and left[0]() is array:
                    found.append((position, left[1]))
                    break
                array = getattr(array, "base", None)
        return tuple(found)

    def _prune(self) -> None:
        self._until_prune = PRUNE_EVERY
        self.known = {key: entry for key, entry in list(self.known.items()) if entry.ref() is not None}
        self.arrays = {key: left for key, left in self.arrays.items() if left[0]() is not None}
        horizon = self.horizon
        self.leaves = {first for first in self.leaves if first >= horizon or first in self.versions}
        self.versions = {
            first: kept
            for first, ids in self.versions.items()
            if (kept := [i for i in ids if i >= horizon or i == ids[-1]])
        }

    @property
    def horizon(self) -> int:
        """The oldest moment that is remembered."""
        full = len(self.records) == MOST_RECORDS
        return int(self.records[0][0]) if full else 0

    # -- values ---------------------------------------------------------------------------------------------------

    def keep(self, number: int, tensor: torch.Tensor) -> None:
        """Keep a value for a while; the oldest go when there are too many bytes."""
        size = private.bytes_of(tensor)
        if size > MOST_BYTES // 4:
            return
        if private.is_transformed():
            tensor = private.unwrapped(tensor)
            with private.outside_transforms():
                value = tensor.detach()
        else:
            value = tensor.detach() if tensor.requires_grad else tensor
        self.values.append((number, value, private.version_of(tensor), size))
        self.bytes += size
        while self.bytes > MOST_BYTES or len(self.values) > MOST_VALUES:
            self.bytes -= self.values.popleft()[3]

    def kept(self) -> dict[int, torch.Tensor]:
        """Return the values that are at hand and have not been written to since."""
        found = {n: t for n, t, version, _ in list(self.values) if private.version_of(t) == version}
        for entry in list(self.known.values()):
            tensor = entry.ref()
            if tensor is not None and entry.version == private.version_of(tensor):
                found.setdefault(entry.id, tensor)
        return found

    def forget_values(self) -> None:
        """Let go of all values."""
        self.values.clear()
        self.bytes = 0


def _is_legacy(frames: Frames) -> bool:
    """Whether an expression calls one of the constructors that no mode sees: `torch.Tensor`, `torch.FloatTensor`."""
    node = syntax.expression_at(Site(*frames[0]).span)
    return isinstance(node, ast.Call) and syntax.text_of(node.func).endswith("Tensor")


def _plain(name: str, neutral: str = "") -> Any:
    from gradtape.recorders.torch.functions import Function

    return Function(name, neutral or name, view=True)


UNSEEN: Any = _plain("unseen")
"""Something that made a tensor where nobody looked."""

VIEW: Any = _plain("view", "reshape")
WRAPPED: Any = _plain("argument", "reshape")
"""A function of `torch.func` gave its function something that stands for an argument."""
WRITTEN: Any = _plain("written", "setitem")
"""A tensor changed because a view of it was written to."""
