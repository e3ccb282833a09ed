"""Arrays with one axis more than the rules see: one run of a rule answers for a whole batch of cotangents or tangents.

A batched space lies over another one, raw NumPy or the recording space. Its operations take `Batched` arrays, whose
first axis is the batch and is hidden: `shape`, `ndim` and all positions of axes are those of one member. How an
operation deals with the hidden axis depends on its kind:

* elementwise operations align the ranks of their arguments,
* an `axis` moves by one, and `axis=None` becomes a flattening of each member,
* operations with positions or shapes among their parameters, and products of matrices, have a rule of their own,
* any other operation runs once per member and the results are stacked: slower, and never wrong.

The kinds and rules are in `batching.py`.
"""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING, Any

from gradtape.ops import Index, Spec
from gradtape.spaces.batching import Call, rule_for
from gradtape.spaces.space import Space

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gradtape.ops import Op


class Batched:
    """An array of a batched space; `batched` tells whether its first axis is the batch or there is no such axis.

    It offers what rules use: a shape, a dtype, arithmetic.
    """

    __slots__ = ("array", "batched", "space")
    __array_ufunc__ = None  # an ndarray on the left leaves the operation to the methods here

    def __init__(self, array: Any, space: BatchedSpace, *, batched: bool = True) -> None:
        self.array = array
        self.space = space
        self.batched = batched

    def __repr__(self) -> str:
        return f"Batched({self.array!r})" if self.batched else f"Batched({self.array!r}, batched=False)"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of one member."""
        shape: tuple[int, ...] = self.array.shape
        return shape[1:] if self.batched else shape

    @property
    def ndim(self) -> int:
        """The number of axes of one member."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """The number of elements of one member."""
        return prod(self.shape)

    @property
    def dtype(self) -> Any:
        """The dtype of the elements."""
        return self.array.dtype

    def __neg__(self) -> Any:
        return self.space.negative(self)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.space.abs(self)

    def __add__(self, other: Any) -> Any:
        return self.space.add(self, other)

    def __radd__(self, other: Any) -> Any:
        return self.space.add(other, self)

    def __sub__(self, other: Any) -> Any:
        return self.space.subtract(self, other)

    def __rsub__(self, other: Any) -> Any:
        return self.space.subtract(other, self)

    def __mul__(self, other: Any) -> Any:
        return self.space.multiply(self, other)

    def __rmul__(self, other: Any) -> Any:
        return self.space.multiply(other, self)

    def __truediv__(self, other: Any) -> Any:
        return self.space.divide(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return self.space.divide(other, self)

    def __floordiv__(self, other: Any) -> Any:
        return self.space.floor_divide(self, other)

    def __mod__(self, other: Any) -> Any:
        return self.space.remainder(self, other)

    def __pow__(self, other: Any) -> Any:
        return self.space.power(self, other)

    def __rpow__(self, other: Any) -> Any:
        return self.space.power(other, self)

    def __matmul__(self, other: Any) -> Any:
        return self.space.matmul(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return self.space.matmul(other, self)


class BatchedSpace(Space):
    """The namespace of batched arrays over another namespace."""

    def __init__(self, base: Space) -> None:
        super().__init__(self._function)
        self._base = base

    def lift(self, value: Any) -> Any:
        """Let arrays of the base take part in operations of this space, the same for every member.

        Tuples and lists are lifted part by part; what is no array (descriptions, positions, Python numbers) stays.
        """
        if is_sequence(value):
            return remade(value, map(self.lift, value))
        if isinstance(value, Batched | Index) or not hasattr(value, "__array__"):
            return value
        return Batched(value, self, batched=False)

    def member(self, value: Any, k: int) -> Any:
        """Return the k-th member of a value as the base's operations take it, also from inside lists and indices."""
        if isinstance(value, Batched):
            return self._base.getitem(value.array, Index(k)) if value.batched else value.array
        if isinstance(value, Index):
            return Index(self.member(value.value, k))
        if is_sequence(value):
            return remade(value, (self.member(v, k) for v in value))
        if type(value) is dict:
            return {name: self.member(v, k) for name, v in value.items()}
        return value

    def one_by_one(self, function: Callable[..., Any], args: Sequence[Any], params: dict[str, Any]) -> Any:
        """Run a function of the base's arrays once per member and stack what it returns; None if it returns None."""
        count = next(members_of(args, params))
        found = [function(*self.member(list(args), k), **self.member(params, k)) for k in range(count)]
        if any(f is None for f in found):
            return None
        if isinstance(found[0], tuple):
            return tuple(Batched(self._base.stack(list(part), axis=0), self) for part in zip(*found, strict=True))
        return Batched(self._base.stack(found, axis=0), self)

    def _function(self, op: Op) -> Callable[..., Any]:
        return self.batched(op, self._base.function(op))

    def batched(self, op: Op, function: Callable[..., Any]) -> Callable[..., Any]:
        """Make the batched form of an operation from its function in the base, which takes a variadic row's list."""
        rule = rule_for(op)

        def run(*args: Any, **params: Any) -> Any:
            count = next(members_of(args, params), None)
            if count is None:
                return self.lift(function(*self.member(list(args), 0), **self.member(params, 0)))
            values = args[0] if op.variadic else args
            if rule is not None and next(members_of(params), None) is None:
                found = rule(Call(self._base, op, function, values, self.member({**op.defaults, **params}, 0), count))
                if found is not None:
                    wrapped = tuple(Batched(f, self) for f in (found if isinstance(found, tuple) else (found,)))
                    return wrapped if isinstance(found, tuple) else wrapped[0]
            return self.one_by_one(function, args, params)

        return run


def members_of(*values: Any) -> Iterator[int]:
    """Yield the number of members of every batched array among values, also inside lists, tuples, dicts, indices."""
    for value in values:
        if isinstance(value, Batched):
            if value.batched:
                yield value.array.shape[0]
        elif isinstance(value, Index):
            yield from members_of(value.value)
        elif type(value) is dict:
            yield from members_of(*value.values())
        elif is_sequence(value):
            yield from members_of(*value)


def is_sequence(value: Any) -> bool:
    """Whether a value is a list or tuple of values, named or not."""
    return isinstance(value, list | tuple) and type(value) is not Spec


def remade(sequence: Any, items: Iterable[Any]) -> Any:
    """Make a sequence of the same type from other items."""
    return type(sequence)(*items) if hasattr(sequence, "_fields") else type(sequence)(items)
