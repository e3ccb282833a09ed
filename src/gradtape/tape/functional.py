"""Derivatives as functions of functions: `grad`, `vjp`, `jvp` and their kind, without a tape in sight.

Each takes a function and gives another, as users of HIPS autograd and JAX know it. Plain arrays in give plain arrays
out; inside an open tape, or with tensors as arguments, the results are tensors that can be differentiated again.
Arguments and results may be nested lists, tuples, dicts and dataclasses.
"""

from __future__ import annotations

from functools import wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays import doors
from gradtape.arrays.dispatch import Node
from gradtape.arrays.failures import located
from gradtape.errors import ShapeError
from gradtape.tape import accumulator
from gradtape.tape.calls import RecordedCall
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from gradtape.tape.calls import Argnums


def grad(
    fun: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns the gradient of a scalar function.

    Parameters
    ----------
    fun : callable
        Returns one real number.
    argnums : int or tuple of int
        The positional arguments to differentiate with respect to: arrays, numbers, or nested structures of them.
    has_aux : bool
        `fun` returns `(value, anything)`; the new function returns `(gradient, anything)`.
    holomorphic : bool
        `fun` is complex and has a complex derivative, which is returned. Without it the gradient with respect to a
        complex number is that of a real function, `df/dx + i df/dy`.

    Returns
    -------
    callable
        Takes what `fun` takes, and returns the gradient in the form of the argument, in a tuple if `argnums` is one.
        Where nothing flows to an argument its gradient is zeros, and a `MissingGradientWarning` tells why.

    Raises
    ------
    ShapeError
        When called, if `fun` returns more than a number.
    DTypeError
        When called, if an argument is an integer, or the value is complex without `holomorphic`.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> gt.grad(lambda x: np.sum(np.sin(x)))(np.zeros(3))
    array([1., 1., 1.])
    >>> gt.grad(gt.grad(lambda x: x**4))(2.0)
    np.float64(48.0)
    """
    both = pair_maker("grad", fun, argnums, has_aux, holomorphic)

    @wraps(fun)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, found = both(_getframe(1), args, kwargs)
        return (found, value[1]) if has_aux else found

    return gradient


def value_and_grad(
    fun: Callable[..., Any], argnums: Argnums = 0, has_aux: bool = False, holomorphic: bool = False
) -> Callable[..., Any]:
    """Make the function that returns the value of a scalar function, and its gradient; see `grad`.

    Returns
    -------
    callable
        Returns `(value, gradient)`, with `has_aux` `((value, anything), gradient)`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.value_and_grad(lambda p: p["w"] ** 2 + p["b"])({"w": 3.0, "b": 1.0})
    (np.float64(10.0), {'w': np.float64(6.0), 'b': np.float64(1.0)})
    """
    both = pair_maker("value_and_grad", fun, argnums, has_aux, holomorphic)

    @wraps(fun)
    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        return both(_getframe(1), args, kwargs)

    return value_and_gradient


def pair_maker(
    kind: str, fun: Callable[..., Any], argnums: Argnums, has_aux: bool, holomorphic: bool, unconnected: str = "none"
) -> Callable[[FrameType, tuple[Any, ...], dict[str, Any]], Any]:
    """Do the work of `grad` for doors that know the caller's frame."""

    def both(frame: FrameType, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        call = RecordedCall(kind, fun, args, kwargs, argnums, frame, has_aux=has_aux)
        target = call.scalar(holomorphic=holomorphic)
        found = call.gradients([target], unconnected=unconnected)
        if holomorphic:
            found = [conjugate(g) for g in found]
        value = call.out(call.value)
        return (value, call.out(call.aux)) if has_aux else value, call.out(call.like_sources(found))

    return both


def conjugate(value: Any) -> Any:
    """Return the conjugate of a tensor; a real one as it is."""
    return doors.SPACE.conjugate(value) if value.dtype.kind == "c" else value


def elementwise_grad(fun: Callable[..., Any], argnums: Argnums = 0) -> Callable[..., Any]:
    """Make the function that returns the gradient of the sum of the results of `fun`.

    Where each element of the result depends on its own element of the argument alone, that is its derivative.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> gt.elementwise_grad(np.square)(np.array([1.0, 2.0]))
    array([2., 4.])
    """

    @wraps(fun)
    def gradient(*args: Any, **kwargs: Any) -> Any:
        call = RecordedCall("elementwise_grad", fun, args, kwargs, argnums, _getframe(1))
        return call.out(call.like_sources(call.gradients(call.targets, unconnected="none")))

    return gradient


def vjp(fun: Callable[..., Any], *primals: Any, has_aux: bool = False) -> Any:
    """Call a function, and return its value and the pullback of cotangents.

    Parameters
    ----------
    fun : callable
    *primals : array_like or nested structures
        What it is called with.
    has_aux : bool
        `fun` returns `(value, anything)`.

    Returns
    -------
    value : structure of arrays or tensors
    pullback : callable
        Takes a cotangent in the form of the value, returns a tuple with one gradient per primal. It may be called any
        number of times.
    aux : Any
        With `has_aux`.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> value, pullback = gt.vjp(np.multiply, np.array([1.0, 2.0]), 3.0)
    >>> pullback(np.array([1.0, 10.0]))
    (array([ 3., 30.]), np.float64(21.0))
    """
    call = RecordedCall("vjp", fun, primals, {}, tuple(range(len(primals))), _getframe(1), has_aux=has_aux)

    def pullback(cotangent: Any) -> Any:
        weights = [leaf for _, leaf in matched("vjp", "cotangent", cotangent, call.value, _getframe(1))]
        return call.out(call.like_sources(call.gradients(call.targets, weights)))

    value = call.out(call.value)
    return (value, pullback, call.out(call.aux)) if has_aux else (value, pullback)


def matched(kind: str, name: str, given: Any, like: Any, frame: FrameType) -> list[tuple[str, Any]]:
    """Flatten what must have the structure of something else."""
    leaves, there = list(flatten(given)), [path for path, _ in flatten(like)]
    if [path for path, _ in leaves] != there:
        if len(there) == 1 and not there[0]:  # a list of numbers for one array
            return [("", np.asarray(given))]
        raise located(
            ShapeError,
            f"{kind}: `{name}` has the parts {[path for path, _ in leaves]}, and should have {there}",
            frame,
            f"give the {name} the structure of what it belongs to",
        )
    return leaves


def jvp(fun: Callable[..., Any], primals: Any, tangents: Any, has_aux: bool = False) -> Any:
    """Call a function, and return its value and its derivative along a direction, in forward mode.

    Parameters
    ----------
    fun : callable
    primals : tuple or list of arguments, or a single argument
        What it is called with.
    tangents : as `primals`
        The direction, in the form and of the shapes of the primals.
    has_aux : bool
        `fun` returns `(value, anything)`.

    Returns
    -------
    value, tangent : structures of arrays or tensors
    aux : Any
        With `has_aux`.

    Raises
    ------
    NoGradientError
        If a rule on the way cannot be transposed.

    Examples
    --------
    >>> import gradtape as gt
    >>> import numpy as np
    >>> gt.jvp(np.sin, (0.0,), (2.0,))
    (np.float64(0.0), np.float64(2.0))
    """
    frame = _getframe(1)
    args, directions = argument_tuples(primals, tangents, "jvp", frame)
    call = RecordedCall("jvp", fun, args, {}, tuple(range(len(args))), frame, has_aux=has_aux)
    plain = call.plain and not any(isinstance(leaf, Node) for _, leaf in flatten(directions))
    moved = call.like_value(call.tangents(directions_of(call, directions, "jvp", frame)))
    call.plain = plain
    found = call.out(call.value), call.out(moved)
    return (*found, call.out(call.aux)) if has_aux else found


def argument_tuples(
    primals: Any, tangents: Any, kind: str, frame: FrameType
) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """Return primals and tangents as tuples of arguments; a single argument may stand alone."""
    if not isinstance(primals, tuple | list):
        return (primals,), (tangents,)
    if not isinstance(tangents, tuple | list) or len(primals) != len(tangents):
        raise located(
            ShapeError,
            f"{kind}: {len(primals)} primals, and the tangents are "
            f"{len(tangents) if isinstance(tangents, tuple | list) else 'no tuple'}",
            frame,
            "give one tangent per primal",
        )
    return tuple(primals), tuple(tangents)


def directions_of(call: RecordedCall, tangents: tuple[Any, ...], kind: str, frame: FrameType) -> list[Any]:
    """Match the tangents with the arguments that move, and check their shapes."""
    given: list[Any] = []
    for place, tangent in zip(call.places, tangents, strict=True):
        pairs = zip(
            matched(kind, "tangents", tangent, call.moved[place], frame), flatten(call.moved[place]), strict=True
        )
        given += [t for (_, t), (_, primal) in pairs if primal is not None]
    return [
        accumulator.checked_tangent(source, tangent, kind, frame)
        for source, tangent in zip(call.sources, given, strict=True)
    ]


def linearize(fun: Callable[..., Any], *primals: Any) -> tuple[Any, Callable[..., Any]]:
    """Call a function once, and return its value and its derivative there as a linear function of tangents.

    Parameters
    ----------
    fun : callable
    *primals : array_like or nested structures

    Returns
    -------
    value : structure of arrays or tensors
    derivative : callable
        Takes one tangent per primal, returns the derivative along them. What it needs was kept; nothing runs again.

    Examples
    --------
    >>> import gradtape as gt
    >>> value, derivative = gt.linearize(lambda x: x**3, 2.0)
    >>> derivative(1.0), derivative(10.0)
    (np.float64(12.0), np.float64(120.0))
    """
    call = RecordedCall("linearize", fun, primals, {}, tuple(range(len(primals))), _getframe(1))

    def derivative(*tangents: Any) -> Any:
        frame = _getframe(1)
        argument_tuples(primals, tangents, "linearize", frame)
        return call.out(call.like_value(call.tangents(directions_of(call, tangents, "linearize", frame))))

    return call.out(call.value), derivative


def make_jvp(fun: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Make `make_jvp(fun)(*args)(v)`, which returns the value and its derivative along `v`: autograd's form of `jvp`.

    Examples
    --------
    >>> import gradtape as gt
    >>> gt.make_jvp(lambda x: x**2)(3.0)(1.0)
    (np.float64(9.0), np.float64(6.0))
    """

    def at(*args: Any, **kwargs: Any) -> Callable[[Any], Any]:
        def along(v: Any) -> Any:
            return jvp(lambda x: fun(*args[:argnums], x, *args[argnums + 1 :], **kwargs), (args[argnums],), (v,))

        return along

    return at


def make_vjp(fun: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """Make `make_vjp(fun)(*args)`, which returns the pullback and the value: autograd's form of `vjp`.

    Examples
    --------
    >>> import gradtape as gt
    >>> pullback, value = gt.make_vjp(lambda x: x**2)(3.0)
    >>> pullback(1.0)
    np.float64(6.0)
    """

    def at(*args: Any, **kwargs: Any) -> tuple[Callable[[Any], Any], Any]:
        value, pullback = vjp(lambda x: fun(*args[:argnums], x, *args[argnums + 1 :], **kwargs), args[argnums])
        return lambda g: pullback(g)[0], value

    return at
