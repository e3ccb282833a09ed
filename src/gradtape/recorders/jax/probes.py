"""Tries every hook on a function of one line: what this version of JAX does not show is said, and never guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import numpy as np
from jax import lax

from gradtape.diagnostics import Site
from gradtape.recorders.jax import answers, private
from gradtape.recorders.jax.derivatives import Derivatives
from gradtape.recorders.jax.hooks import ESCAPED, STATE
from gradtape.recorders.jax.places import Place
from gradtape.recorders.jax.program import ANSWER, Step
from gradtape.recorders.jax.recording import Recording

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class _Deaf:
    """Asks for numbers and does nothing with them."""

    def came(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Take them."""

    def came_later(self, gradients: Sequence[Any], others: Sequence[Any]) -> None:
        """Take them."""


def untried_version() -> str:
    """Return this JAX's version if nobody has tried the recorder with it; empty otherwise."""
    oldest, newest = private.SUPPORTED
    return "" if oldest <= jax.__version_info__[:3] < newest else jax.__version__


def unseen() -> tuple[list[str], bool]:
    """Return what the hooks do not see, and whether the rest is enough to record anything."""
    missing = [what for what, works in PROBES.items() if not _holds(works)]
    return missing, not set(missing) & ESSENTIAL


def _holds(works: Callable[[], bool]) -> bool:
    try:
        return works()
    except Exception:  # noqa: BLE001  whatever a version does instead, it is not what the hook needs
        return False


def _recorded(transformation: Callable[..., Any], function: Callable[..., Any], *more: Any) -> Recording:
    """Return the recording of a function under a transformation of JAX's own."""
    found: list[Recording] = []

    def watched(x: Any) -> Any:
        recording = Recording(private.current_trace())
        found.append(recording)
        recording.source(x)
        STATE.open.append(recording)
        try:
            result = function(x)
        finally:
            STATE.open.remove(recording)
        recording.targets.append(recording.number(result))
        return result

    transformation(watched, *more)
    return found[0]


def _reverse(function: Callable[..., Any]) -> Recording:
    """Return the recording of a function that is only traced, so that nothing is compiled for it."""
    return _recorded(lambda f: jax.eval_shape(lambda x: jax.vjp(f, x)[0], 0.5), function)


def _operations_in_reverse() -> bool:
    return "mul" in _names(_reverse(lambda x: lax.mul(x, x)))


def _operations_forwards() -> bool:
    def ask(f: Any) -> Any:
        return jax.eval_shape(lambda x: jax.jvp(f, (x,), (x,))[1], 0.5)

    return "mul" in _names(_recorded(ask, lambda x: lax.mul(x, x)))


def _names(recording: Recording) -> list[str]:
    return [entry.primitive.name for entry in recording.entries]


def _connections() -> bool:
    found = []
    for function in (lax.floor, lax.sin):
        (entry,) = _reverse(function).entries
        step = Step(entry.primitive.name, entry.params, (1,), (2,), function, function, Place(Site(_names.__code__, 0)))
        found.append(Derivatives().connections(step, [np.float32(0.5)], [np.float32(0.5)]))
    return found == [((False,),), ((True,),)]


def _own_rules() -> bool:
    @jax.custom_jvp
    def own(x: Any) -> Any:
        return lax.mul(x, x)

    own.defjvp(lambda primals, tangents: (own(*primals), tangents[0]))
    (entry,) = _reverse(own).entries
    return entry.custom is not None and entry.custom.function is own


def _numbers_that_leave() -> bool:
    def function(x: Any) -> Any:
        x.item()
        return x

    return len(_recorded(lambda f: jax.vjp(f, 0.5), function).left) == 1


def _values_that_escape() -> bool:
    heard: list[Exception] = []
    kept: list[Any] = []

    def function(x: Any) -> Any:
        kept.append(x)
        return x

    jax.vjp(function, 0.5)
    ESCAPED.append(heard.append)
    try:
        lax.neg(kept[0])
    except jax.errors.UnexpectedTracerError:
        return len(heard) == 1
    finally:
        ESCAPED.remove(heard.append)
    return False


def _gradients_that_are_stopped() -> bool:
    def ask(f: Any) -> Any:
        return jax.eval_shape(lambda x: jax.jvp(f, (x,), (x,))[1], 0.5)

    recording = _recorded(ask, lax.stop_gradient)
    return [entry.inputs for entry in recording.entries] == [tuple(recording.sources)]


def _answers_that_are_traced() -> bool:
    asked = _Deaf()

    def function(x: Any) -> Any:
        return answers.passed_on(asked, [x], [x])[0]

    traced = jax.make_jaxpr(jax.vmap(jax.jit(function)))(np.ones(2))
    (call,) = traced.jaxpr.eqns
    return bool(call.params["jaxpr"].jaxpr.eqns[-1].primitive.name == ANSWER)


PROBES: dict[str, Callable[[], bool]] = {
    "operations under reverse mode": _operations_in_reverse,
    "operations under forward mode": _operations_forwards,
    "which inputs an operation has a derivative for": _connections,
    "calls of functions with a rule of their own": _own_rules,
    "numbers that are taken out": _numbers_that_leave,
    "gradients that are stopped": _gradients_that_are_stopped,
    "values that outlive their function": _values_that_escape,
    "gradients inside compiled functions": _answers_that_are_traced,
}
"""What must be seen, and the function that tries it."""

ESSENTIAL = {"operations under reverse mode", "which inputs an operation has a derivative for"}
"""Without these nothing can be explained."""
