"""One step of the backward pass: sizes at hand, everything else looked at when a cause asks for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, NamedTuple, overload

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from gradtape.diagnostics import Span
    from gradtape.explain.graph import Operation, Summary


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a step backwards that shows what happened, and the numbers there.

    `index` counts in the input that the step gave to. Numbers of other shapes are taken from where broadcasting or a
    reduction's `axis` leads; None where there is no such place or the number was not kept. Of complex numbers the size
    is told.
    """

    index: tuple[int, ...]
    inputs: tuple[float | None, ...]
    """The operation's inputs at that element."""
    output: float | None
    came: float | None
    gave: float


class Seen(NamedTuple):
    """What the numbers at one step of the backward pass are like.

    Parameters
    ----------
    came : Summary
        The whole cotangent of the output that reached the operation, from all its uses together.
    gave : Summary
        What it gave to this input, in the input's shape, before it meets what others give to the same value.
    inputs : tuple of Summary or None
        What the operation's inputs were like, constants included; None for those that were not kept.
    output : Summary or None
        What its result was like.
    element : Element or None
        Where something happened, the first element that is not finite, or that became zero.
    """

    came: Summary
    gave: Summary
    inputs: tuple[Summary | None, ...] = ()
    output: Summary | None = None
    element: Element | None = None


class Pull:
    """One step of the backward pass: an operation took the cotangent of its output and gave one to an input.

    A run has as many steps as operations, and causes speak of very few. So the sizes are at hand, and everything else
    is looked at when somebody asks. Recorders make it with `gradtape.recorders.pulls.pull`, from the arrays.

    Parameters
    ----------
    operation : Operation
        The forward operation, one of `Run.operations`; its `function` is what causes know it by.
    position : int
        Which of its inputs got something.
    came_size, gave_size : float
        The largest size of an element of what came and of what was given; 0 if all are zero, NaN or infinite if one is
        not finite.
    look : Seen or callable
        What the numbers are like, or a function that looks at them: `look(pull) -> Seen`. It is called once.
    inside : Operation or None
        Where the derivative is the user's own code: the operation in it that first made a number that is not finite.
    """

    __slots__ = ("_look", "came_size", "gave_size", "inside", "operation", "position")

    def __init__(
        self,
        operation: Operation,
        position: int,
        came_size: float,
        gave_size: float,
        look: Seen | Callable[[Pull], Seen],
        inside: Operation | None = None,
    ) -> None:
        self.operation, self.position, self.inside = operation, position, inside
        self.came_size, self.gave_size = came_size, gave_size
        self._look = look

    @property
    def seen(self) -> Seen:
        """What the numbers are like."""
        if not isinstance(self._look, Seen):
            self._look = self._look(self)
        return self._look

    @property
    def came(self) -> Summary:
        """What reached the operation."""
        return self.seen.came

    @property
    def gave(self) -> Summary:
        """What it gave to this input."""
        return self.seen.gave

    @property
    def inputs(self) -> tuple[Summary | None, ...]:
        """What the operation's inputs were like."""
        return self.seen.inputs

    @property
    def output(self) -> Summary | None:
        """What its result was like."""
        return self.seen.output

    @property
    def element(self) -> Element | None:
        """Where something happened."""
        return self.seen.element


class Pulls(Sequence[Pull]):
    """The steps of a backward pass in its order, as columns of what every cause that looks at all of them asks for.

    Parameters
    ----------
    pulls : sequence of Pull
        The steps, made already.

    Attributes
    ----------
    came, gave : sequence of float
        The sizes, as in `Pull`.
    """

    def __init__(self, pulls: Sequence[Pull]) -> None:
        self._pulls = pulls
        self.came: Sequence[float] = [pull.came_size for pull in pulls]
        self.gave: Sequence[float] = [pull.gave_size for pull in pulls]

    @cached_property
    def values(self) -> Sequence[int]:
        """The value that each step gave to."""
        return [pull.operation.inputs[pull.position] for pull in self._pulls]

    @cached_property
    def outputs(self) -> Sequence[int]:
        """The value that each step came from."""
        return [pull.operation.output for pull in self._pulls]

    @cached_property
    def functions(self) -> Sequence[str]:
        """`Operation.function` of the operation of each step."""
        return [pull.operation.function for pull in self._pulls]

    @cached_property
    def places(self) -> Sequence[Hashable]:
        """What is equal for steps of one function in one instruction of the program, of each."""
        operations = (pull.operation for pull in self._pulls)
        return [(id(op.site.code), op.site.lasti, op.function) for op in operations]

    @cached_property
    def zeroing(self) -> list[int]:
        """The steps that something came to and that gave zeros."""
        return [k for k, (came, gave) in enumerate(zip(self.came, self.gave, strict=True)) if came and not gave]

    def has_zero_factor(self, k: int) -> bool:
        """Whether an input that a step gave nothing to is zero in all of its elements."""
        pull = self.one(k)
        others = (values for place, values in enumerate(pull.inputs) if place != pull.position)
        return any(values is not None and values.all_zero for values in others)

    @cached_property
    def idle(self) -> list[int]:
        """The steps that nothing came to."""
        return [k for k, came in enumerate(self.came) if not came]

    @cached_property
    def spoiling(self) -> list[int]:
        """The steps that gave something infinite or NaN."""
        return [k for k, gave in enumerate(self.gave) if not isfinite(gave)]

    def __len__(self) -> int:
        return len(self.came)

    @overload
    def __getitem__(self, k: int) -> Pull: ...

    @overload
    def __getitem__(self, k: slice) -> list[Pull]: ...

    def __getitem__(self, k: int | slice) -> Pull | list[Pull]:
        return [self.one(n) for n in range(len(self))[k]] if isinstance(k, slice) else self.one(range(len(self))[k])

    def one(self, k: int) -> Pull:
        """Return a step, always the same object."""
        return self._pulls[k]

    @property
    def spans(self) -> list[Span]:
        """Where the operations of the steps stand in the program, each place once."""
        first: dict[Hashable, int] = {}
        for k, place in enumerate(self.places):
            first.setdefault(place, k)
        return [self.one(k).operation.site.span for k in first.values()]


class Some(Pulls):
    """Some steps of a pass, the very same ones."""

    def __init__(self, pulls: Pulls, chosen: Sequence[int]) -> None:
        self._whole, self._chosen = pulls, chosen
        self.came, self.gave = [pulls.came[k] for k in chosen], [pulls.gave[k] for k in chosen]

    @cached_property
    def values(self) -> Sequence[int]:
        """The value that each step gave to."""
        return [self._whole.values[k] for k in self._chosen]

    @cached_property
    def outputs(self) -> Sequence[int]:
        """The value that each step came from."""
        return [self._whole.outputs[k] for k in self._chosen]

    @cached_property
    def functions(self) -> Sequence[str]:
        """`Operation.function` of the operation of each step."""
        return [self._whole.functions[k] for k in self._chosen]

    @cached_property
    def places(self) -> Sequence[Hashable]:
        """What is equal for steps of one function in one instruction of the program, of each."""
        return [self._whole.places[k] for k in self._chosen]

    def has_zero_factor(self, k: int) -> bool:
        """Whether an input that a step gave nothing to is zero in all of its elements."""
        return self._whole.has_zero_factor(self._chosen[k])

    def one(self, k: int) -> Pull:
        """Return a step, always the same object."""
        return self._whole.one(self._chosen[k])
