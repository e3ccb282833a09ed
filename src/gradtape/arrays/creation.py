"""New tensors from data and from nothing. NumPy's own functions of these names cannot know that a tensor is wanted.

`gradtape.numpy` offers them; a call of NumPy's with `like=tensor` arrives here as well.
"""

from __future__ import annotations

from itertools import product
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node, apply
from gradtape.arrays.failures import located
from gradtape.arrays.variable import make_constant
from gradtape.errors import OperandError, ShapeError
from gradtape.ops import OPS

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType


def check_device(device: str | None, frame: FrameType) -> None:
    """Refuse a device that is not there.

    Raises
    ------
    OperandError
        If it is not `"cpu"`.
    """
    if device not in {None, "cpu"}:
        raise located(OperandError, f"there is only the device 'cpu', not {device!r}", frame)


def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str = "K",  # noqa: ARG001 - the order in memory is nobody's business here
    subok: bool = False,  # noqa: ARG001
    ndmin: int = 0,
) -> Any:
    """Make a tensor; tensors inside nested lists are stacked and stay on the tape.

    Parameters
    ----------
    object : array_like
        Numbers, arrays, tensors, or nested lists of them.
    dtype : dtype, optional
        NumPy's choice unless given.
    copy : bool or None
        Whether a tensor comes back as a new one.
    order, subok : optional
        Accepted for NumPy's sake.
    ndmin : int
        The least number of axes; missing ones are put in front.

    Returns
    -------
    Tensor

    Examples
    --------
    >>> import gradtape as gt
    >>> import gradtape.numpy as gnp
    >>> a = gt.constant(2.0)
    >>> gnp.array([a, a * a])
    Tensor([2., 4.])
    """
    frame = _getframe(1)
    made = make_constant(object, dtype, None, frame)
    if copy and made is object:
        made = apply(OPS["copy"], (made,), OPS["copy"].defaults, frame)
    missing = ndmin - made._value.ndim
    if missing > 0:
        made = apply(OPS["reshape"], (made,), {"shape": (1,) * missing + made._value.shape}, frame)
    return made


def asarray(
    a: Any,
    /,
    dtype: Any = None,
    order: str | None = None,  # noqa: ARG001
    *,
    device: str | None = None,
    copy: bool | None = None,
) -> Any:
    """Make a tensor of what is none; see `array`.

    Raises
    ------
    ShapeError
        If `copy` is False and a copy is needed: of everything that is no tensor of that dtype.
    """
    frame = _getframe(1)
    check_device(device, frame)
    made = make_constant(a, dtype, None, frame)
    if copy is False and made is not a:
        raise located(ShapeError, "asarray: a new tensor needs a copy, and `copy=False` forbids it", frame)
    return apply(OPS["copy"], (made,), OPS["copy"].defaults, frame) if copy and made is a else made


def asanyarray(a: Any, dtype: Any = None, order: str | None = None) -> Any:  # noqa: ARG001
    """Make a tensor of what is none; see `array`."""
    return make_constant(a, dtype, None, _getframe(1))


def ascontiguousarray(a: Any, dtype: Any = None) -> Any:
    """Make a tensor of one axis or more."""
    return array(a, dtype, copy=False, ndmin=1)


def require(a: Any, dtype: Any = None, requirements: Any = None) -> Any:  # noqa: ARG001
    """Make a tensor; what is required of its memory does not matter here."""
    return make_constant(a, dtype, None, _getframe(1))


def zeros(shape: Any, dtype: Any = None, order: str = "C", *, device: str | None = None) -> Any:  # noqa: ARG001
    """Make a tensor of zeros."""
    frame = _getframe(1)
    check_device(device, frame)
    return make_constant(np.zeros(shape, dtype), None, None, frame)


def ones(shape: Any, dtype: Any = None, order: str = "C", *, device: str | None = None) -> Any:  # noqa: ARG001
    """Make a tensor of ones."""
    frame = _getframe(1)
    check_device(device, frame)
    return make_constant(np.ones(shape, dtype), None, None, frame)


def empty(shape: Any, dtype: Any = None, order: str = "C", *, device: str | None = None) -> Any:  # noqa: ARG001
    """Make a tensor whose elements are to be written; they are zeros until then, so that no noise is ever read."""
    frame = _getframe(1)
    check_device(device, frame)
    return make_constant(np.zeros(shape, dtype), None, None, frame)


def full(
    shape: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "C",  # noqa: ARG001
    *,
    device: str | None = None,
) -> Any:
    """Make a tensor of one value; the gradient of a tensor's value is the sum over all places."""
    frame = _getframe(1)
    check_device(device, frame)
    if isinstance(fill_value, Node):
        value = make_constant(fill_value, dtype, None, frame)
        return apply(OPS["broadcast_to"], (value,), {"shape": shape}, frame)
    return make_constant(np.full(shape, fill_value, dtype), None, None, frame)


def eye(
    N: int,  # noqa: N803
    M: int | None = None,  # noqa: N803
    k: int = 0,
    dtype: Any = None,
    order: str = "C",  # noqa: ARG001
    *,
    device: str | None = None,
) -> Any:
    """Make a tensor with ones on a diagonal."""
    frame = _getframe(1)
    check_device(device, frame)
    return make_constant(np.eye(N, M, k, dtype or float), None, None, frame)


def identity(n: int, dtype: Any = None) -> Any:
    """Make the identity matrix."""
    return make_constant(np.identity(n, dtype), None, None, _getframe(1))


def arange(start: Any, /, stop: Any = None, step: Any = 1, dtype: Any = None, *, device: str | None = None) -> Any:
    """Make a tensor of evenly spaced numbers; how many there are is read off the ends as plain numbers.

    The first number and the step may be tensors, which have a derivative: number `k` is `start + k * step`.
    """
    frame = _getframe(1)
    check_device(device, frame)
    ends = (0, start, step) if stop is None else (start, stop, step)
    plain = [end._value if isinstance(end, Node) else end for end in ends]
    made = np.arange(*plain, dtype=dtype)
    if made.dtype.kind not in "fc" or not (isinstance(ends[0], Node) or isinstance(ends[2], Node)):
        return make_constant(made, None, None, frame)
    return doors.cast(ends[0] + np.arange(len(made)) * ends[2], made.dtype, frame)


def tri(N: int, M: int | None = None, k: int = 0, dtype: Any = float) -> Any:  # noqa: N803
    """Make a tensor with ones on and below a diagonal."""
    return make_constant(np.tri(N, M, k, dtype), None, None, _getframe(1))


def fromfunction(function: Callable[..., Any], shape: Any, *, dtype: Any = float, **kwargs: Any) -> Any:
    """Call a function with the tensors of all positions along each axis."""
    frame = _getframe(1)
    return function(*[make_constant(grid, None, None, frame) for grid in np.indices(shape, dtype=dtype)], **kwargs)


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Any:
    """Make a tensor of what another library holds; a tensor stays what it is."""
    frame = _getframe(1)
    check_device(device, frame)
    if isinstance(x, Node):
        return apply(OPS["copy"], (x,), OPS["copy"].defaults, frame) if copy else x
    return make_constant(np.from_dlpack(x), None, None, frame)


def kaiser(M: int, beta: Any) -> Any:  # noqa: N803
    """Return Kaiser's window, whose parameter has a derivative."""
    frame = _getframe(1)
    if not isinstance(beta, Node):
        return make_constant(np.kaiser(M, beta), None, None, frame)
    places = 2.0 * np.arange(M) / max(M - 1, 1) - 1.0 if M > 1 else np.zeros(M)
    i0: Callable[..., Any] = np.i0
    return i0(np.sqrt(1.0 - places * places) * beta) / i0(beta)


def as_strided(x: Any, shape: Any = None, strides: Any = None) -> Any:
    """Make a tensor that reads another one with other steps in memory; elements read twice get the sum of both.

    Parameters
    ----------
    x : Tensor
        Whose elements stand in memory without gaps.
    shape : tuple of int, optional
        The new shape; the tensor's own unless given.
    strides : tuple of int, optional
        The bytes from one element to the next along each new axis; the tensor's own unless given.

    Raises
    ------
    ShapeError
        If the steps lead outside the tensor, which NumPy does not check, or are no whole elements.
    """
    frame = _getframe(1)
    x = make_constant(x, None, None, frame)
    value = np.asarray(x._value)
    shape = value.shape if shape is None else tuple(shape)
    steps = value.strides if strides is None else tuple(strides)
    places = np.empty_like(value, np.intp)  # in the same order in memory
    places[...] = np.arange(value.size).reshape(value.shape)
    ends = [(n - 1) * step for n, step in zip(shape, steps, strict=True)]
    inside = sum(e for e in ends if e < 0) >= 0 and sum(ends) < value.nbytes
    whole = not any(step % value.itemsize for step in steps)
    gapless = tuple(s // value.itemsize for s in value.strides) == tuple(s // places.itemsize for s in places.strides)
    if not (inside and whole and gapless) and 0 not in shape:
        raise located(
            ShapeError,
            f"as_strided: shape {shape} with strides {steps} does not fit into {value.nbytes} bytes of {value.dtype}",
            frame,
            "index the tensor, or use `numpy.lib.stride_tricks.sliding_window_view`",
        )
    read = np.lib.stride_tricks.as_strided(places, shape, [s // value.itemsize * places.itemsize for s in steps])
    return apply(OPS["take"], (x, read.copy()), {"axis": None, "mode": "raise"}, frame)


class vectorize:  # noqa: N801 - NumPy's name
    """Call a function of numbers for all elements; what it computes with tensors stays on the tape.

    A Python loop, as NumPy's; a function that takes whole arrays is faster called directly.

    Parameters
    ----------
    pyfunc : callable
        Takes one 0-d tensor for each argument and returns one number, or several.
    excluded : set, optional
        Arguments, by position or name, that are passed as they are.

    Examples
    --------
    >>> import gradtape as gt
    >>> import gradtape.numpy as gnp
    >>> gnp.vectorize(lambda a, b: a if a > b else a * b)(gt.constant([1.0, 5.0]), 3.0)
    Tensor([3., 5.])
    """

    def __init__(self, pyfunc: Callable[..., Any], *, excluded: Any = ()) -> None:
        self.pyfunc = pyfunc
        self.excluded = frozenset(excluded)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function for each element of the arguments, which broadcast together."""
        named = {("", k): a for k, a in enumerate(args)} | {(name, 0): a for name, a in kwargs.items()}
        spread = [key for key in named if (key[0] or key[1]) not in self.excluded]
        wide = doors.SPACE.broadcast_arrays(*[named[key] for key in spread])
        shape = wide[0]._value.shape

        def at(place: tuple[int, ...]) -> Any:
            given = named | {key: a[place] for key, a in zip(spread, wide, strict=True)}
            return self.pyfunc(*[given["", k] for k in range(len(args))], **{name: given[name, 0] for name in kwargs})

        results = [at(place) for place in product(*map(range, shape))]
        if not results:
            raise ValueError("cannot call `vectorize` on size 0 inputs")
        xp = doors.SPACE
        if isinstance(results[0], tuple):
            return tuple(
                xp.reshape(xp.stack(list(column), axis=0), shape=shape) for column in zip(*results, strict=True)
            )
        return xp.reshape(xp.stack(results, axis=0), shape=shape)


MAKERS: dict[Any, Callable[..., Any]] = {
    np.array: array,
    np.asarray: asarray,
    np.asanyarray: asanyarray,
    np.ascontiguousarray: ascontiguousarray,
    np.asfortranarray: asanyarray,
    np.require: require,
    np.zeros: zeros,
    np.ones: ones,
    np.empty: empty,
    np.full: full,
    np.eye: eye,
    np.identity: identity,
    np.arange: arange,
    np.tri: tri,
    np.fromfunction: fromfunction,
}
"""What stands for NumPy's makers of arrays where `like=` asks for a tensor."""
