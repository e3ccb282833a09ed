"""Matrices of derivatives as functions of functions: `jacobian`, `hessian` and the product with it, `hvp`."""

from __future__ import annotations

from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.errors import DTypeError, NoGradientError
from gradtape.tape import accumulator, missing
from gradtape.tape import jacobian as jacobians
from gradtape.tape.asked import asked_from
from gradtape.tape.calls import RecordedCall
from gradtape.tape.functional import argument_tuples, conjugate, directions_of, pair_maker
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from gradtape.tape.asked import Leaf
    from gradtape.tape.calls import Argnums


def jacobian(
    fun: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    mode: str = "auto",
) -> Callable[..., Any]:
    """Make the function that returns the Jacobian: every element of the value by every element of the arguments.

    Parameters
    ----------
    fun : callable
        Returns an array, or a nested structure of arrays.
    argnums : int or tuple of int
    has_aux : bool
        `fun` returns `(value, anything)`; the new function returns `(jacobian, anything)`.
    holomorphic : bool
        `fun` has a complex derivative, which is returned. A function of complex numbers that has none has no Jacobian
        in this form: differentiate by real and imaginary parts.
    mode : {"auto", "reverse", "forward"}
        Sweep backwards from the value, or forwards from the arguments; by default from the smaller side. Either way one
        sweep carries as many seeds as fit in memory.

    Returns
    -------
    callable
        Returns, in the structure of the value, in the structure of the arguments, arrays of the shape
        `value.shape + argument.shape`; zeros where nothing flows.

    Raises
    ------
    DTypeError
        When called, for complex numbers without `holomorphic`, unless the value is real or the mode allows it.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> gt.jacobian(lambda x: x * x)(np.array([1.0, 2.0]))
    array([[2., 0.],
           [0., 4.]])
    """
    if mode not in {"auto", "reverse", "forward"}:
        raise ValueError(f"mode is 'auto', 'reverse' or 'forward', not {mode!r}")

    @wraps(fun)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        call = RecordedCall("jacobian", fun, args, kwargs, argnums, _getframe(1), has_aux=has_aux)
        blocks = blocks_of(call, mode, holomorphic=holomorphic)
        announce(call, blocks)
        found = call.out(call.like_value([call.like_sources(row) for row in whole(call, blocks)]))
        return (found, call.out(call.aux)) if has_aux else found

    return matrix


def announce(call: RecordedCall, blocks: list[list[Any]]) -> None:
    """Tell who listens which blocks there are."""
    for target, row in zip(call.targets, blocks, strict=True):
        sources = tuple(call.sources)
        missing.announce(asked_from(call.kind, call.recording, (target,), sources, tuple(row), call.frame, spelled=0))


def whole(call: RecordedCall, blocks: list[list[Any]]) -> list[list[Any]]:
    """Put zeros in the place of blocks that do not exist."""
    return [
        [
            zeros_between(target, source) if block is None else block
            for source, block in zip(call.sources, row, strict=True)
        ]
        for target, row in zip(call.targets, blocks, strict=True)
    ]


def zeros_between(target: Leaf, source: Leaf) -> Any:
    """Return a block of zeros, of its source's dtype."""
    return jacobians.zeros(source, (*np.shape(getattr(target.value, "_value", target.value)), *source.value.shape))


def jacrev(
    fun: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns the Jacobian, computed in reverse mode; see `jacobian`."""
    return jacobian(fun, argnums, has_aux, holomorphic, "reverse")


def jacfwd(
    fun: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns the Jacobian, computed in forward mode; see `jacobian`."""
    return jacobian(fun, argnums, has_aux, holomorphic, "forward")


def blocks_of(call: RecordedCall, mode: str, *, holomorphic: bool) -> list[list[Any]]:
    """Return the blocks of a Jacobian: for each part of the value a list with one block per source, None without path.

    Unless a mode was asked for, forward mode is tried for a value that is larger than the arguments. Where a rule
    cannot be transposed, and nobody insists on forward mode, reverse mode answers.
    """
    backwards = direction(call, mode, holomorphic=holomorphic)
    if not backwards:
        try:
            return ahead(call)
        except NoGradientError:
            if mode == "forward":
                raise
    return [back(call, target, holomorphic=holomorphic) for target in call.targets]


def direction(call: RecordedCall, mode: str, *, holomorphic: bool) -> bool:
    """Decide whether to sweep backwards; complex numbers leave no choice, or none at all."""
    values = [getattr(t.value, "_value", np.asarray(t.value)) for t in call.targets]
    complex_in = any(s.value.dtype.kind == "c" for s in call.sources)
    complex_out = any(v.dtype.kind == "c" for v in values)
    if not holomorphic and ((complex_in and (complex_out or mode == "forward")) or (complex_out and mode == "reverse")):
        raise located(
            DTypeError,
            f"{call.kind}: `{call.name}` makes {'complex' if complex_out else 'real'} numbers of "
            f"{'complex' if complex_in else 'real'} ones, and there is no Jacobian of that in "
            f"{mode if mode != 'auto' else 'either'} mode",
            call.frame,
            "pass holomorphic=True if it has a complex derivative, or split the numbers into real and imaginary parts",
        )
    if mode == "auto" and not holomorphic and complex_in != complex_out:
        return complex_in
    if mode == "auto":
        return bool(sum(v.size for v in values) <= sum(s.value.size for s in call.sources))
    return mode == "reverse"


def ahead(call: RecordedCall) -> list[list[Any]]:
    """Sweep forwards, once for each source."""
    columns = [jacobians.columns(call.run, call.targets, source) for source in call.sources]
    return [
        [
            None if column[k] is None else of_dtype(target, source, column[k], call.frame)
            for source, column in zip(call.sources, columns, strict=True)
        ]
        for k, target in enumerate(call.targets)
    ]


def of_dtype(target: Leaf, source: Leaf, block: Any, frame: FrameType) -> Any:
    """Give a block of a Jacobian its source's dtype, as in reverse mode."""
    return accumulator.as_tangent(source if target.value.dtype.kind != "c" else target, block, frame)


def back(call: RecordedCall, target: Leaf, *, holomorphic: bool) -> list[Any]:
    """Sweep backwards from one part of the value."""
    found = jacobians.blocks(call.kind, call.run, target, tuple(call.sources), call.frame)
    if holomorphic:
        found = tuple(None if f is None else conjugate(f) for f in found)
    return list(found)


def hessian(
    fun: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, mode: str = "auto"
) -> Callable[..., Any]:
    """Make the function that returns the matrix of second derivatives of a scalar function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnums : int or tuple of int
    has_aux : bool
        `fun` returns `(value, anything)`; the new function returns `(hessian, anything)`.
    mode : {"auto", "reverse", "forward"}
        How the gradient is differentiated; by default in reverse mode again, from the gradient.

    Returns
    -------
    callable
        Returns the Jacobian of the gradient: in the structure of the arguments, twice.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.hessian(lambda x: x[0] ** 3 * x[1])([1.0, 2.0])
    [[np.float64(12.0), np.float64(3.0)], [np.float64(3.0), np.float64(0.0)]]
    """
    both = pair_maker("hessian", fun, argnums, has_aux, False, "zero")

    @wraps(fun)
    def matrix(*args: Any, **kwargs: Any) -> Any:
        frame = _getframe(1)

        def slope(*moved: Any, **options: Any) -> Any:
            value, found = both(frame, moved, options)
            return (found, value[1]) if has_aux else found

        slope.__name__ = getattr(fun, "__name__", "fun")
        call = RecordedCall("hessian", slope, args, kwargs, argnums, frame, has_aux=has_aux)
        blocks = whole(call, blocks_of(call, mode, holomorphic=False))
        found = call.out(call.like_value([call.like_sources(row) for row in blocks]))
        return (found, call.out(call.aux)) if has_aux else found

    return matrix


def hvp(fun: Callable[..., Any], primals: Any, tangents: Any) -> Any:
    """Return the product of the matrix of second derivatives with a direction, without that matrix.

    The gradient's product with the direction is differentiated in reverse mode again: the matrix is symmetric.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    primals : tuple or list of arguments, or a single argument
    tangents : as `primals`

    Returns
    -------
    structure of arrays or tensors
        In the form of the primals.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> gt.hvp(lambda x: np.sum(x**3), np.array([1.0, 2.0]), np.array([1.0, 10.0]))
    array([  6., 120.])
    """
    frame = _getframe(1)
    args, directions = argument_tuples(primals, tangents, "hvp", frame)
    alone = not isinstance(primals, tuple | list)
    argnums: Argnums = 0 if alone else tuple(range(len(args)))
    both = pair_maker("hvp", fun, argnums, False, False, "zero")

    def slope(*moved: Any) -> Any:
        return both(frame, moved, {})[1]

    slope.__name__ = getattr(fun, "__name__", "fun")
    call = RecordedCall("hvp", slope, args, {}, argnums, frame)
    given = directions_of(call, directions, "hvp", frame)
    found = call.like_sources(call.gradients(call.targets, given))
    call.plain = call.plain and not any(isinstance(leaf, Node) for _, leaf in flatten(directions))
    return call.out(found)
