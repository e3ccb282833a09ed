"""One step of a backward pass, written down from its arrays: the same for every recorder."""

from __future__ import annotations

from cmath import isfinite
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.explain import Status
from gradtape.explain.pulls import Element, Pull, Seen
from gradtape.recorders.summaries import as_array, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.graph import Operation, Summary

SMALL, LARGE = 1e-5, 1e6
"""Between these sizes of its largest element nobody looks into a gradient that is finite and not zero."""


def suspicious(gradient: Summary) -> bool:
    """Whether it is worth looking into how a gradient came about: zero, not finite, very large or very small."""
    return bool(gradient.size) and not (gradient.finite and SMALL < gradient.largest < LARGE)


def status_of(gradient: Summary | None) -> Status:
    """Say what came out: nothing, zeros, something that is not finite, or a gradient."""
    if gradient is None:
        return Status.NONE
    return Status.NAN if not gradient.finite else Status.ZERO if gradient.all_zero else Status.OK


def telling(came: Any, gave: Any) -> bool:
    """Whether something happened at a step: it made something infinite or NaN, or nothing but zeros.

    Cheap, for recorders that look at every step and write down only those that tell; run it where overflows of a sum
    are no news (`np.errstate(all="ignore")`).
    """
    if gave.__class__ is np.float64 and came.__class__ is np.float64:  # Python is faster with a number than NumPy
        return not gave and bool(came) if isfinite(gave) else isfinite(came)
    total = np.add.reduce(gave, axis=None)
    if isfinite(total):
        return not total and not gave.any() and bool(came.any())
    if np.isfinite(gave).all():
        return False
    fine = np.isfinite(came)
    return bool(fine.all() or (came.shape == gave.shape and (fine & ~np.isfinite(gave)).any()))


def pull(
    operation: Operation,
    position: int,
    came: Any,
    gave: Any,
    inputs: Sequence[Any] = (),
    output: Any = None,
    inside: Operation | None = None,
) -> Pull:
    """Write down one step of the backward pass.

    Parameters
    ----------
    operation, position, inside
        As in `Pull`; `operation.params["axis"]`, where there is one, leads from an input's element to the output's.
    came, gave : array_like
        The cotangent of the output, and what the input got.
    inputs : sequence of array_like or None
        The values of the operation's inputs, None for those that were not kept; may be left out altogether.
    output : array_like, optional
        The operation's result.
    """
    seen = looked(operation, came, gave, inputs, output)
    return Pull(operation, position, size_of(seen.came), size_of(seen.gave), seen, inside)


def looked(operation: Operation, came: Any, gave: Any, inputs: Sequence[Any] = (), output: Any = None) -> Seen:
    """Look at the numbers of a step; the arguments are those of `pull`."""
    with np.errstate(all="ignore"):
        element = _element(operation, came, gave, inputs, output) if telling(as_array(came), as_array(gave)) else None
    return Seen(
        summary(came),
        summary(gave),
        tuple([None if v is None else summary(v) for v in inputs]) or (None,) * len(operation.inputs),
        None if output is None else summary(output),
        element,
    )


def size_of(summary: Summary) -> float:
    """Return the size of a cotangent as `Pull` has it."""
    if not summary.finite:
        return float("nan" if summary.nans else "inf")
    return summary.largest if summary.size else 0.0


def _element(operation: Operation, came: Any, gave: Any, inputs: Sequence[Any], output: Any) -> Element | None:
    came, gave = np.asarray(came), np.asarray(gave)
    if not gave.size or gave.dtype.kind not in "fciub":
        return None
    values = [None if v is None else np.asarray(v) for v in inputs] or [None] * len(operation.inputs)
    result = None if output is None else np.asarray(output)
    axis = operation.params.get("axis")
    index = _telling_index(came, gave, axis)

    def there(value: Any) -> float | None:
        place = None if value is None else place_in(value.shape, index, gave.shape, axis)
        return None if place is None else _number(value[place])

    return Element(index, tuple(map(there, values)), there(result), there(came), _number(gave[index]))


def _number(value: Any) -> float:
    return float(abs(value)) if value.dtype.kind == "c" else float(value)


def _telling_index(came: Any, gave: Any, axis: Any) -> tuple[int, ...]:
    """Return the first element that is not finite although what came is, or else the first that became zero."""
    finite = np.isfinite(gave)
    arrived = _spread(came, gave.shape, axis)
    if not finite.all():
        wrong = ~finite
        made_here = wrong if arrived is None else wrong & np.isfinite(arrived)
        return _first(made_here if made_here.any() else wrong)
    return _first(np.ones(gave.shape, bool) if arrived is None or not arrived.any() else arrived != 0)


def _first(where: Any) -> tuple[int, ...]:
    return tuple(map(int, np.unravel_index(int(np.argmax(where)), where.shape)))


def _spread(value: Any, shape: tuple[int, ...], axis: Any) -> Any:
    """Return an output's values at the elements of an input of that shape, None if they do not belong to each other."""
    if value.ndim < len(shape):
        kept = _reduced(shape, axis)
        if kept is not None and value.size == np.prod([shape[k] for k in kept], dtype=int):
            value = value.reshape([n if k in kept else 1 for k, n in enumerate(shape)])
    try:
        return np.broadcast_to(value, shape)
    except ValueError:
        return None


def _reduced(shape: tuple[int, ...], axis: Any) -> list[int] | None:
    """Return the axes of an input that a reduction over `axis` keeps; None for what is no axis of it."""
    if axis is None:
        return None
    try:
        gone = {int(a) % len(shape) for a in (axis if isinstance(axis, tuple | list) else (axis,))}
    except (TypeError, ValueError):
        return None
    return [k for k in range(len(shape)) if k not in gone]


def place_in(
    shape: tuple[int, ...], index: tuple[int, ...], of: tuple[int, ...], axis: Any = None
) -> tuple[int, ...] | None:
    """Return the element of an array that belongs to the element at `index` of one of shape `of`.

    By broadcasting, or by the axis that a reduction took away; None where neither leads there.
    """
    if shape == of:
        return index
    kept = _reduced(of, axis) if len(shape) <= len(of) else None
    if kept is not None and shape == tuple(of[k] for k in kept):
        return tuple(index[k] for k in kept)
    if len(shape) > len(of):  # the input was repeated: the first of the elements that it became
        extra = len(shape) - len(of)
        shape, lead = shape[extra:], (0,) * extra
    else:
        index, of, lead = index[len(of) - len(shape) :], of[len(of) - len(shape) :], ()
    if any(n not in {1, m} and m != 1 for n, m in zip(shape, of, strict=True)):
        return None
    return (*lead, *(0 if n == 1 or m == 1 else k for k, n, m in zip(index, shape, of, strict=True)))
