"""How a rule is run on a variable: in which dtype, on which blocks, into which array."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.arrays.writing import held_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradtape.arrays.variable import Variable
    from gradtape.optim.optimizer import Optimizer

BLOCK = 65_536
"""Elements of a block: variable, gradient, slots and result fit into a core's cache, and its calls cost little."""

SMALL = 1024
"""Variables of at most so many elements are updated together: the calls for one would cost more than their work."""

COMMON = frozenset({"average", "gradient_accumulator"})
"""Slots that belong to every optimizer and to no rule."""


def computed_in(dtype: Any) -> Any:
    """Return the dtype in which a variable is updated and has its slots: its own, or float32 for half precision."""
    return dtype if dtype.kind in "fc" and dtype.itemsize >= 4 else np.dtype(np.float32)


def real_type(dtype: Any) -> Any:
    """Return the scalar type of real numbers in which a variable is updated."""
    return np.dtype(computed_in(dtype)).type(0).real.dtype.type


def own(variable: Variable) -> Any:
    """Return a slot's array to write into; a copy if somebody else holds it. `store` it afterwards."""
    if held_once(variable) and variable._value.flags.c_contiguous:  # a name for the array would be one more holder
        return variable._value
    return np.array(variable._value, order="C")


def store(variable: Variable, array: Any) -> None:
    """Put an array into a slot."""
    variable._value = array if array.ndim else array[()]


def flat(array: Any) -> Any:
    """Return a contiguous array as one row of real numbers; a view."""
    row = array.reshape(-1)
    return row.view(row.real.dtype) if row.dtype.kind == "c" else row


def filled(shape: tuple[int, ...], start: Any, dtype: Any) -> Any:
    """Return a slot's first array; the parts of a complex one both start at a number."""
    if isinstance(start, np.ndarray):
        return np.array(start, dtype)
    array = np.empty(shape, dtype)
    flat(array)[...] = start
    return array


def clipped(gradient: Any, limit: float) -> Any:
    """Clip the elements of a gradient, and the parts of complex ones."""
    return np.clip(flat(gradient), -limit, limit).view(gradient.dtype).reshape(gradient.shape)


def new_value(
    optimizer: Optimizer,
    constants: Any,
    value: Any,
    gradient: Any,
    slots: Sequence[Variable],
    shrink: tuple[Any, Any] | None,
) -> Any:
    """Run a rule, and return the new value in an array of its own.

    Parameters
    ----------
    optimizer : Optimizer
    constants
        What its rule needs.
    value, gradient : ndarray or scalar
        Of the same shape.
    slots : sequence of Variable
        Updated.
    shrink : (decay, learning rate) or None
        The decay of the weight before the rule.
    """
    if not value.size:
        return value.copy()
    dtype = computed_in(value.dtype)
    w = np.ascontiguousarray(value, dtype)
    g = np.ascontiguousarray(gradient, dtype)
    arrays = [own(slot) for slot in slots]
    out = np.empty_like(w)
    if w.size <= BLOCK and value.ndim and dtype.kind != "c":
        run(optimizer, constants, [w, g, out, *arrays], shrink)
    elif optimizer.BLOCKWISE or dtype.kind == "c":
        rows = [flat(a) for a in (w, g, out, *arrays)]
        block = BLOCK if optimizer.BLOCKWISE else max(1, rows[0].size)
        for k in range(0, rows[0].size, block):
            run(optimizer, constants, [row[k : k + block] for row in rows], shrink)
    else:
        run(optimizer, constants, [w, g, out, *[a if a.ndim else a.reshape(1) for a in arrays]], shrink)
    for slot, array in zip(slots, arrays, strict=True):
        store(slot, array)
    return out.reshape(value.shape).astype(value.dtype, copy=False)


class Job(NamedTuple):
    """A variable's part of an update."""

    variable: Variable
    gradient: Any
    slots: Sequence[Variable]


def is_small(optimizer: Optimizer, value: Any) -> bool:
    """Whether a variable of this value is updated together with others."""
    dtype = value.dtype
    return optimizer.BLOCKWISE and 0 < value.size <= SMALL and dtype.kind == "f" and bool(dtype == computed_in(dtype))


def joint_values(
    optimizer: Optimizer, constants: Any, jobs: Sequence[Job], shrink: tuple[Any, Any] | None
) -> Iterator[Any]:
    """Run a rule that works element by element on variables of one dtype as on one, and yield their new values."""
    rows = [
        np.concatenate(arrays, axis=None)
        for arrays in zip(*[(v._value, g, *[s._value for s in slots]) for v, g, slots in jobs], strict=True)
    ]
    out = np.empty_like(rows[0])
    rows.insert(2, out)
    for k in range(0, out.size, BLOCK):
        run(optimizer, constants, [row[k : k + BLOCK] for row in rows], shrink)
    end = 0
    for variable, _, slots in jobs:
        shape = variable._value.shape
        start, end = end, end + variable._value.size
        for slot, row in zip(slots, rows[3:], strict=True):
            slot._value = row[start:end].reshape(shape) if shape else row[start]
        yield out[start:end].reshape(shape)


def run(optimizer: Optimizer, constants: Any, arrays: list[Any], shrink: tuple[Any, Any] | None) -> None:
    """Run a rule on one block."""
    w, g, out, *slots = arrays
    if shrink is not None:
        decay, rate = shrink
        less = w * decay
        less *= rate
        w = np.subtract(w, less, out=less)
    optimizer.rule(constants, w, g, out, *slots)


def towards(average: Any, value: Any, share: Any, scratch: Any) -> None:
    """Move an average a share of the way to a value, in place; `scratch` may be the value itself."""
    np.subtract(value, average, out=scratch)
    scratch *= share
    average += scratch


def mix(average: Any, keep: Any, value: Any, share: Any, scratch: Any) -> None:
    """Set `average = keep * average + share * value`, in place; `scratch` may be the value itself."""
    np.multiply(value, share, out=scratch)
    average *= keep
    average += scratch
