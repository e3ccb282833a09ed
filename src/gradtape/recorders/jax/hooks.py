"""The hooks: operations under a transformation are offered to its recording, and values that leave to all of them."""

from __future__ import annotations

import threading
import weakref
from functools import partial, wraps
from typing import TYPE_CHECKING, Any

import jax
import numpy as np

from gradtape.explain.graph import BreakKind
from gradtape.recorders.jax import private
from gradtape.recorders.jax.places import here
from gradtape.recorders.jax.recording import CustomCall, Left, Value

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gradtape.recorders.jax.asking import Asked
    from gradtape.recorders.jax.recording import Recording
    from gradtape.recorders.patches import Patches

NUMBER, ARRAY = BreakKind.LEFT_AS_NUMBER, BreakKind.LEFT_AS_ARRAY
LEAVING: dict[str, BreakKind | None] = {
    "__bool__": None,
    "__float__": NUMBER,
    "__int__": NUMBER,
    "__index__": NUMBER,
    "__complex__": NUMBER,
    "item": NUMBER,
    "tolist": NUMBER,
    "__array__": ARRAY,
}
"""The methods by which a value becomes a plain one, and what it becomes; None for a decision."""


class State(threading.local):
    """The questions and recordings that are open in this thread, innermost last."""

    def __init__(self) -> None:
        self.open: list[Recording] = []
        self.asked: list[Asked] = []
        self.calling: tuple[Any, tuple[Any, ...], dict[str, Any], list[Any]] | None = None
        self.stopping: list[Any] = []
        """The values whose gradients are being stopped, as they are at each level of tracing."""
        self.within: Any = None
        """The primitive whose derivative is being made, if one is."""
        self.busy = False
        self.refused: Any = None
        """The last traced value that was refused because it outlived its function; held weakly."""


STATE = State()

ESCAPED: list[Callable[[Exception], None]] = []
"""Who wants to know of each error about a value that outlived its function: the script may catch it."""


def install(patches: Patches) -> None:
    """Put every hook in place."""

    def wrap(owner: Any, name: str, wrapper: Callable[[Any], Any]) -> None:
        patches.set(owner, name, wrapper(getattr(owner, name)))

    for trace in private.DIFFERENTIATING:
        for name in private.PROCESSING:
            wrap(trace, name, _processing)
    for owner in (private.Tracer, private.CONCRETE):
        for name, kind in LEAVING.items():
            if hasattr(owner, name):
                wrap(owner, name, partial(_leaving, kind))
    wrap(*private.ESCAPING, _refusing)
    if hasattr(*private.STOPPING):
        wrap(*private.STOPPING, _stopping)
    for custom in (jax.custom_jvp, jax.custom_vjp):
        wrap(custom, "__call__", _calling)


def _processing(method: Callable[..., Any]) -> Callable[..., Any]:
    is_custom = method.__name__ != "process_primitive"

    @wraps(method)
    def process(trace: Any, primitive: Any, *rest: Any, **named: Any) -> Any:
        recording = next((r for r in reversed(STATE.open) if r.trace is trace), None)
        if recording is None or STATE.busy:
            return method(trace, primitive, *rest, **named)
        arguments = rest[-1] if is_custom else rest[0]
        custom = _as_called(recording, arguments) if is_custom else None
        params = {} if is_custom else rest[1]
        if primitive.name == "stop_gradient":
            arguments = [_stopped(recording, argument) for argument in arguments]
        around, STATE.within = STATE.within, primitive
        try:
            result = method(trace, primitive, *rest, **named)
        except Exception as error:
            recording.failed(primitive, arguments, params, error)
            raise
        finally:
            STATE.within = around
        if custom is not None and custom.batched:
            custom = custom._replace(shapes=tuple(map(np.shape, result)))
        by_rule = around is not None and around is not primitive
        recording.add(primitive, arguments, params, result, custom, by_rule=by_rule)
        if primitive.name == "stop_gradient":
            _stopped_as_number(recording, result)
        return result

    return process


def _stopped(recording: Recording, value: Any) -> Any:
    """Return which known value an operation that stops gradients got: JAX has taken its tangents off."""
    return next((v for v in (value, *STATE.stopping) if recording.known(v) is not None), value)


def _stopped_as_number(recording: Recording, result: Any) -> None:
    """Note a plain number whose gradients were stopped: Python computes with it, where nobody sees."""
    place = recording.entries[-1].place
    plain = result[0] if isinstance(result, list | tuple) and len(result) == 1 else result
    if place is not None and isinstance(plain, float | complex):
        recording.left.append(
            Left(len(recording.entries), recording.entries[-1].inputs[0], BreakKind.STOP, place, plain)
        )


def _stopping(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def stop(value: Any) -> Any:
        STATE.stopping.append(value)
        try:
            return function(value)
        finally:
            STATE.stopping.pop()

    return stop


def _calling(method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def call(function: Any, *args: Any, **kwargs: Any) -> Any:
        if STATE.open:
            STATE.calling = (function, args, kwargs, [t for t in private.traces() if private.batches(t)])
        return method(function, *args, **kwargs)

    return call


def _as_called(recording: Recording, arguments: Sequence[Any]) -> CustomCall | None:
    """Return the call of a function with its own rule that is being processed, with numbers for the values it got."""
    if STATE.calling is None:
        return None
    function, args, kwargs, vmaps = STATE.calling
    leaves, tree = jax.tree.flatten((args, kwargs))
    where = [k for k, leaf in enumerate(leaves) if isinstance(leaf, private.Tracer) or _is_among(leaf, arguments)]
    batched: list[tuple[int | None, ...]] = []
    for vmap in vmaps:
        if all(any(leaves[k] is argument for argument in arguments) for k in where):
            break
        axes: list[int | None] = []
        for k in where:
            leaves[k], axis = private.of_batch(leaves[k], vmap)
            axes.append(axis)
        if any(axis is not None for axis in axes):
            batched.append(tuple(axes))
    if not all(any(leaves[k] is argument for argument in arguments) for k in where):
        return None  # a call that ran elsewhere
    STATE.calling = None
    for k in where:
        leaves[k] = Value(recording.number(leaves[k]))
    return CustomCall(function, leaves, tree, tuple(batched))


def _is_among(leaf: Any, arguments: Sequence[Any]) -> bool:
    """Whether an array that is no traced value is what the call works on: made from what the program did not pass."""
    return isinstance(leaf, jax.Array) and any(leaf is argument for argument in arguments)


def _refusing(function: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(function)
    def refuse(value: Any, *args: Any, **kwargs: Any) -> Any:
        STATE.refused = weakref.ref(value)
        error = function(value, *args, **kwargs)
        for listener in ESCAPED:
            listener(error)
        return error

    return refuse


def _leaving(kind: BreakKind | None, method: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(method)
    def leave(value: Any, *args: Any, **kwargs: Any) -> Any:
        if STATE.busy:
            return method(value, *args, **kwargs)
        try:
            plain = method(value, *args, **kwargs)
        except Exception:
            if isinstance(value, private.Tracer):
                STATE.refused = weakref.ref(value) if not private.alive(value) else None
            raise
        for recording in reversed(STATE.open):
            number = recording.known(value)
            place = here() if number is not None else None
            if number is not None and place is not None:
                recording.left.append(Left(len(recording.entries), number, kind, place, plain))
            value = private.below(value, recording.trace)
        return plain

    return leave
