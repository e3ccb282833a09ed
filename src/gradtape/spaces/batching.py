"""How operations deal with the hidden first axis of a batch: kinds of operations, and the rules of those that need one.

A rule gets a `Call` and returns the result's array with its batch axis, or None where the operation is to run once per
member. Rules call functions of the base namespace only, so that in the recording space they can be differentiated.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.ops import Index
from gradtape.ops.einsum import LETTERS, spelled_out

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.ops import Op
    from gradtape.spaces.space import Space


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation with batched arguments.

    `base` is the namespace of the arrays inside, `function` the operation there, `values` the arguments (`Batched`, or
    plain ones), `params` the parameters, none of them batched, `count` the number of members.
    """

    base: Space
    op: Op
    function: Callable[..., Any]
    values: Sequence[Any]
    params: dict[str, Any]
    count: int

    def is_batched(self, k: int) -> bool:
        """Whether an argument has the batch axis."""
        return bool(getattr(self.values[k], "batched", False))

    def alone(self, k: int = 0) -> bool:
        """Whether one argument is the only batched one."""
        return all(self.is_batched(j) == (j == k) for j in range(len(self.values))) and not any(
            isinstance(v, Index) and hides_batched(v.value) for v in self.values
        )

    def array(self, k: int) -> Any:
        """Return an argument as the base takes it, with its batch axis if it has one."""
        return bare(self.values[k])

    def spread(self, k: int, rank: int) -> Any:
        """Return an argument, its members' rank raised by axes of length 1 in front if it is batched."""
        array = self.array(k)
        if not self.is_batched(k):
            return array
        return self.reshaped(array, (self.count, *(1,) * (rank + 1 - len(array.shape)), *array.shape[1:]))

    def repeated(self, k: int) -> Any:
        """Return an argument with the batch axis; all members are equal where it had none."""
        array = self.array(k)
        return array if self.is_batched(k) else self.base.broadcast_to(array, shape=(self.count, *shape_of(array)))

    def reshaped(self, array: Any, shape: tuple[int, ...]) -> Any:
        """Reshape in the base."""
        return array if array.shape == shape else self.base.reshape(array, shape=shape)

    def run(self, *arrays: Any, **changed: Any) -> Any:
        """Run the operation in the base, some parameters changed."""
        params = {**self.params, **changed}
        return self.function(list(arrays), **params) if self.op.variadic else self.function(*arrays, **params)


def bare(value: Any) -> Any:
    """Return what is inside a `Batched`, also inside an index."""
    if isinstance(value, Index):
        parts = value.value
        return Index(tuple(map(bare, parts)) if isinstance(parts, tuple) else bare(parts))
    return value.array if hasattr(value, "batched") else value


def hides_batched(parts: Any) -> bool:
    """Whether the brackets of an index hold an array with the batch axis."""
    return any(getattr(p, "batched", False) for p in (parts if isinstance(parts, tuple) else (parts,)))


def shape_of(value: Any) -> tuple[int, ...]:
    """Return the shape of a member, of an array, of nested lists or of a number."""
    if isinstance(value, list | tuple):
        return (len(value), *(shape_of(value[0]) if value else ()))
    return getattr(value, "shape", ())


def is_plain(value: Any) -> bool:
    """Whether a parameter means the same for one member as for the batch: numbers, names, dtypes."""
    return not isinstance(value, list | tuple | dict | Index) and not hasattr(value, "__array__")


def rule_for(op: Op) -> Callable[[Call], Any] | None:
    """Return how an operation deals with a batch, None if it runs once per member."""
    if op.name in RULES:
        return RULES[op.name]
    if op.elementwise:
        return elementwise
    return along if len(op.args) == 1 and not op.variadic and "axis" in op.defaults else None


def elementwise(call: Call) -> Any:
    """Align the ranks, so that members broadcast as they would alone."""
    if not all(map(is_plain, call.params.values())):
        return None
    rank = max(len(shape_of(v)) for v in call.values)
    return call.run(*[call.spread(k, rank) for k in range(len(call.values))])


def same(call: Call) -> Any:
    """Run an operation for which one axis more in front makes no difference."""
    return call.run(call.array(0)) if call.alone() and all(map(is_plain, call.params.values())) else None


def on_matrices(call: Call) -> Any:
    """Run an operation on the last two axes, which takes stacks of matrices."""
    return same(call) if call.values[0].ndim > 1 else None


FLATTENS = frozenset({"cumsum", "cumprod", "sort", "argsort", "take"})
"""Operations without `keepdims` for which `axis=None` means the flattened array, with a flat result."""


def along(call: Call) -> Any:
    """Move the axis by one; without an axis, flatten each member first."""
    params, x = call.params, call.values[0]
    if not call.alone() or not all(is_plain(v) for n, v in params.items() if n != "axis"):
        return None
    axis = params["axis"]
    if axis is not None:
        return call.run(call.array(0), axis=moved(axis))
    if "keepdims" in params:
        found = call.run(flat(call), axis=1, keepdims=False)
        return call.reshaped(found, (call.count, *(1,) * x.ndim)) if params["keepdims"] else found
    return call.run(flat(call), axis=1) if call.op.name in FLATTENS else None


def flat(call: Call) -> Any:
    """Return the first argument with each member written in a row."""
    return call.reshaped(call.array(0), (call.count, call.values[0].size))


def moved(axis: Any) -> Any:
    """Return a position of an axis, or several, as it is behind the batch axis; from the end it stays what it is."""
    if isinstance(axis, tuple | list):
        return tuple(map(moved, axis))
    return axis if axis < 0 else axis + 1


def flip(call: Call) -> Any:
    """Flip all axes of a member or some."""
    axis, rank = call.params["axis"], call.values[0].ndim
    return call.run(call.array(0), axis=tuple(range(1, rank + 1)) if axis is None else moved(axis))


def roll(call: Call) -> Any:
    """Roll along axes, or the flattened member."""
    if call.params["axis"] is not None:
        return call.run(call.array(0), axis=moved(call.params["axis"]))
    return call.reshaped(call.run(flat(call), axis=1), call.array(0).shape)


def like(call: Call) -> Any:
    """Fill an array of the same shape, or of another."""
    shape = call.params.get("shape")
    return call.run(call.array(0), shape=None if shape is None else (call.count, *shape))


def reshape(call: Call) -> Any:
    """Reshape each member; a length of -1 is worked out, because it is ambiguous in an empty batch."""
    shape, size = call.params["shape"], call.values[0].size
    lengths = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    rest = prod(n for n in lengths if n != -1)
    lengths = tuple((size // rest if rest else 0) if n == -1 else int(n) for n in lengths)
    return call.reshaped(call.array(0), (call.count, *lengths))


def transpose(call: Call) -> Any:
    """Permute the axes of each member."""
    rank = call.values[0].ndim
    axes = call.params["axes"]
    order = range(rank)[::-1] if axes is None else [k % rank for k in axes]
    return call.run(call.array(0), axes=(0, *(k + 1 for k in order)))


def broadcast_to(call: Call) -> Any:
    """Broadcast each member."""
    shape = call.params["shape"]
    lengths = tuple(shape) if isinstance(shape, tuple | list) else (shape,)
    return call.run(call.spread(0, len(lengths)), shape=(call.count, *lengths))


def pad(call: Call) -> Any:
    """Pad the axes of each member."""
    return call.run(call.array(0), pad_width=((0, 0), *call.params["pad_width"]))


def concatenate(call: Call) -> Any:
    """Join the members along an axis, each flattened if there is none."""
    arrays = [call.repeated(k) for k in range(len(call.values))]
    axis = call.params["axis"]
    if axis is not None:
        return call.run(*arrays, axis=moved(axis))
    return call.run(*[call.base.reshape(a, shape=(call.count, prod(a.shape[1:]))) for a in arrays], axis=1)


def stack(call: Call) -> Any:
    """Join the members along a new axis."""
    return call.run(*[call.repeated(k) for k in range(len(call.values))], axis=moved(call.params["axis"]))


def part(call: Call) -> Any:
    """Take one result out of several, which are batched already."""
    return bare(call.values[0][call.params["place"]])


def apart(brackets: tuple[Any, ...]) -> tuple[int, int]:
    """Return how many axes the arrays in the brackets of an index make, and 0 if these axes stay where they are.

    Between slices, arrays (and integers beside arrays) make axes that NumPy puts first, in front of the batch axis.
    """
    kinds = [is_array_index(p) for p in brackets]
    if not any(kinds):
        return 0, 0
    used = [a or type(p) is int or hasattr(p, "__index__") for a, p in zip(kinds, brackets, strict=True)]
    first, last = used.index(True), len(used) - 1 - used[::-1].index(True)
    axes = max(1 if is_mask(p) else len(shape_of(p)) for a, p in zip(kinds, brackets, strict=True) if a)
    return axes, 0 if all(used[first : last + 1]) else axes


def is_array_index(value: Any) -> bool:
    """Whether a part of an index is an array or a list."""
    return isinstance(value, list) or getattr(value, "ndim", 0) > 0


def is_mask(value: Any) -> bool:
    """Whether a part of an index selects by truth values, which makes one axis of several."""
    while isinstance(value, list) and value:
        value = value[0]
    return isinstance(value, bool) or getattr(getattr(value, "dtype", None), "kind", "") == "b"


def behind_batch(call: Call, position: int) -> tuple[Index, int] | None:
    """Return an index with a slice for the batch axis in front, and where it puts that axis."""
    value = bare(call.values[position]).value
    brackets = value if isinstance(value, tuple) else (value,)
    if any(isinstance(p, bool) or (getattr(p, "ndim", 1) == 0 and not hasattr(p, "__index__")) for p in brackets):
        return None  # a lone truth value adds an axis
    return Index((slice(None), *brackets)), apart(brackets)[1]


def getitem(call: Call) -> Any:
    """Pick elements of each member."""
    found = behind_batch(call, 1) if call.alone() else None
    if found is None:
        return None
    picked = call.run(call.array(0), found[0])
    return call.base.moveaxis(picked, found[1], 0) if found[1] else picked


def scatter_add(call: Call) -> Any:
    """Add each member's values into zeros."""
    found = behind_batch(call, 1) if call.alone() else None
    if found is None:
        return None
    values = call.base.moveaxis(call.array(0), 0, found[1]) if found[1] else call.array(0)
    return call.run(values, found[0], shape=(call.count, *call.params["shape"]))


def setitem(call: Call) -> Any:
    """Replace elements of each member."""
    found = behind_batch(call, 2) if not call.is_batched(2) else None
    if found is None or found[1]:
        return None
    if not call.is_batched(1):
        return call.run(call.array(0), call.array(1), found[0])
    region = np.broadcast_to(0.0, shape_of(call.values[0]))[bare(call.values[2]).value]
    return call.run(call.repeated(0), call.spread(1, region.ndim), found[0])


def take(call: Call) -> Any:
    """Pick slices of each member."""
    if not call.alone():
        return None
    axis = call.params["axis"]
    array = flat(call) if axis is None else call.array(0)
    return call.run(array, call.array(1), axis=1 if axis is None else moved(axis))


def untake(call: Call) -> Any:
    """Add each member's slices into zeros."""
    if not call.alone():
        return None
    shape, axis = tuple(call.params["shape"]), call.params["axis"]
    if axis is not None:
        return call.run(call.array(0), call.array(1), shape=(call.count, *shape), axis=moved(axis))
    found = call.run(call.array(0), call.array(1), shape=(call.count, prod(shape)), axis=1)
    return call.reshaped(found, (call.count, *shape))


def along_positions(call: Call) -> Any:
    """Pick elements of each member along an axis, with positions of the same rank."""
    if call.params["axis"] is None:
        return None
    return call.run(call.repeated(0), call.repeated(1), axis=moved(call.params["axis"]))


def back_along_positions(call: Call) -> Any:
    """Add each member's elements into zeros along an axis."""
    if call.params["axis"] is None:
        return None
    shape = (call.count, *call.params["shape"])
    return call.run(call.repeated(0), call.repeated(1), shape=shape, axis=moved(call.params["axis"]))


def matmul(call: Call) -> Any:
    """Multiply matrices: in one product where one side is a single matrix or vector, else in a stack of products."""
    a, b = call.values
    if call.alone(0) and b.ndim <= 2 and a.size:
        rows = call.base.reshape(call.array(0), shape=(-1, a.shape[-1]))
        return call.reshaped(call.run(rows, call.array(1)), (call.count, *a.shape[:-1], *b.shape[1:]))
    if call.alone(1) and a.ndim <= 2 and b.ndim == 1:
        return call.run(call.array(1), call.array(0) if a.ndim == 1 else call.base.swapaxes(call.array(0), -1, -2))
    rank = max(a.ndim, b.ndim, 2)
    row, column = a.ndim == 1, b.ndim == 1
    left = as_matrices(call, 0, (1, *a.shape) if row else a.shape, rank)
    right = as_matrices(call, 1, (*b.shape, 1) if column else b.shape, rank)
    product = call.run(left, right)
    *stacked, rows, columns = product.shape
    return call.reshaped(product, (*stacked, *(() if row else (rows,)), *(() if column else (columns,))))


def as_matrices(call: Call, k: int, shape: tuple[int, ...], rank: int) -> Any:
    """Return an argument as a stack of matrices of that rank."""
    array = call.array(k)
    if not call.is_batched(k):
        return call.reshaped(array, shape)
    return call.reshaped(array, (call.count, *(1,) * (rank - len(shape)), *shape))


def solve(call: Call) -> Any:
    """Solve for stacks of right-hand sides; those of a single matrix become its columns."""
    a, b = call.values
    if call.alone(1) and a.ndim == 2 and b.ndim <= 2:
        sides = call.base.moveaxis(call.array(1), 0, -1)
        found = call.run(call.array(0), call.base.reshape(sides, shape=(b.shape[0], prod(sides.shape[1:]))))
        return call.base.moveaxis(call.base.reshape(found, shape=(a.shape[0], *sides.shape[1:])), -1, 0)
    rank, column = max(a.ndim, b.ndim, 2), b.ndim == 1
    found = call.run(
        as_matrices(call, 0, a.shape, rank), as_matrices(call, 1, (*b.shape, 1) if column else b.shape, rank)
    )
    return call.reshaped(found, found.shape[:-1]) if column else found


def gather(call: Call) -> Any:
    """Pick slices along the first axis of each member."""
    return call.base.take(call.array(0), call.array(1), axis=1) if call.alone() else None


def einsum(call: Call) -> Any:
    """Give the batch a letter of its own."""
    terms, output = spelled_out(call.params["subscripts"], [len(shape_of(v)) for v in call.values])
    letter = next((c for c in LETTERS if c not in "".join(terms)), None)
    if letter is None:
        return None
    terms = [(letter if call.is_batched(k) else "") + term for k, term in enumerate(terms)]
    arrays = [call.array(k) for k in range(len(terms))]
    return call.run(*arrays, subscripts=f"{','.join(terms)}->{letter}{output}")


def examples(call: Call) -> Any:
    """Let the members be more examples, for an operation that treats each example of its first axis alike."""
    if not call.alone():
        return None
    n, *rest = call.values[0].shape
    array = call.base.reshape(call.array(0), shape=(call.count * n, *rest))
    shape = {"shape": (call.count * n, *call.params["shape"][1:])} if "shape" in call.params else {}
    found = call.run(array, *[call.array(k) for k in range(1, len(call.values))], **shape)
    return call.base.reshape(found, shape=(call.count, n, *found.shape[1:]))


def convolution_filter(call: Call) -> Any:
    """Let the members be more channels of the result, where all channels are summed over."""
    if not call.alone(1) or call.params["groups"] != 1:
        return None
    *window, channels, results = call.params["shape"]
    g = call.base.moveaxis(call.array(1), 0, -2)
    shape = (*window, channels, call.count * results)
    found = call.run(call.array(0), call.base.reshape(g, shape=(*g.shape[:-2], shape[-1])), shape=shape)
    return call.base.moveaxis(call.base.reshape(found, shape=(*window, channels, call.count, results)), -2, 0)


RULES: dict[str, Callable[[Call], Any]] = {
    "argsort": along,
    "avg_pool": examples,
    "avg_unpool": examples,
    "broadcast_to": broadcast_to,
    "cast": same,
    "cast_to_integer": same,
    "checked_finite": same,
    "concatenate": concatenate,
    "convolution": examples,
    "convolution_filter": convolution_filter,
    "convolution_spread": examples,
    "copy": same,
    "einsum": einsum,
    "empty_like": like,
    "flip": flip,
    "gather": gather,
    "getitem": getitem,
    "getitem_last": getitem,
    "identity": same,
    "isneginf": same,
    "isposinf": same,
    "isreal": same,
    "matmul": matmul,
    "ones_like": like,
    "pad": pad,
    "part": part,
    "patches": examples,
    "reshape": reshape,
    "roll": roll,
    "scatter_add": scatter_add,
    "setitem": setitem,
    "solve": solve,
    "stack": stack,
    "stop_gradient": same,
    "take": take,
    "take_along_axis": along_positions,
    "transpose": transpose,
    "triangular_solve": solve,
    "tril": on_matrices,
    "triu": on_matrices,
    "unpatch": examples,
    "untake": untake,
    "untake_along_axis": back_along_positions,
    "zeros_like": like,
}
