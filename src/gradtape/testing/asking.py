"""Asks for gradients in the way of the framework that the variables belong to; it is imported already."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from gradtape.arrays.dispatch import Node
from gradtape.arrays.variable import Variable
from gradtape.errors import TapeStateError
from gradtape.tape.ambient import gradients_for
from gradtape.tape.gradient_tape import GradientTape
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def ask(loss: Any, variables: Any, tape: Any = None) -> list[Any]:
    """Return one gradient, or None, per leaf of the variables.

    Parameters
    ----------
    loss : callable or tensor
    variables : nested structure
    tape : GradientTape, optional
        The tape that recorded the loss.
    """
    leaves = [leaf for _, leaf in flatten(variables)]
    if tape is not None:
        return _flat(tape.gradient(loss, variables), variables)
    return ASKING[framework_of(leaves)](loss, variables, leaves)


def framework_of(leaves: Sequence[Any]) -> str:
    """Return whose variables these are; ours if nobody else's."""
    for leaf in leaves:
        for base in type(leaf).__mro__:
            home = base.__module__.partition(".")[0]
            home = {"keras": _backend(), "jaxlib": "jax"}.get(home, home)
            if home in ASKING:
                return home
    return "gradtape"


def _backend() -> str:
    """Return the framework that computes for Keras."""
    keras = sys.modules.get("keras")
    return str(keras.backend.backend()) if keras is not None else ""


def _of_ours(loss: Any, variables: Any, leaves: Sequence[Any]) -> list[Any]:
    if isinstance(loss, Node) or not callable(loss):
        try:
            return gradients_for("assert_gradients_flow", loss, variables, None, None, None, sys._getframe(2))
        except TapeStateError as error:
            error.add_note("help: pass the tape that recorded it too: `assert_gradients_flow(loss, w, tape=tape)`")
            raise
    with GradientTape() as tape:
        for leaf in leaves:
            if isinstance(leaf, Node) and not isinstance(leaf, Variable):
                tape.watch(leaf)
        loss = loss()  # called so in what is told of it
    return _flat(tape.gradient(loss, variables), variables)


def _of_tensorflow(loss: Any, variables: Any, leaves: Sequence[Any]) -> list[Any]:
    if not callable(loss):
        raise TypeError(
            "assert_gradients_flow: this loss was computed before; TensorFlow differentiates what a tape recorded\n"
            "  help: pass a function that computes it, or the tape too: `assert_gradients_flow(loss, w, tape=tape)`"
        )
    tf = sys.modules["tensorflow"]
    with tf.GradientTape() as tape:
        tape.watch([leaf for leaf in leaves if isinstance(leaf, tf.Tensor)])
        value = loss()
    return _flat(tape.gradient(value, variables), variables)


def _of_torch(loss: Any, variables: Any, leaves: Sequence[Any]) -> list[Any]:
    del variables
    torch = sys.modules["torch"]
    value = loss if isinstance(loss, torch.Tensor) else loss()
    return list(torch.autograd.grad(value, list(leaves), retain_graph=True, allow_unused=True))


def _of_jax(loss: Any, variables: Any, leaves: Sequence[Any]) -> list[Any]:
    del leaves
    jax = sys.modules["jax"]
    return _flat(jax.grad(loss)(variables), variables)


def _flat(gradients: Any, variables: Any) -> list[Any]:
    """Return the gradients in the order of the variables: JAX gives dicts in the order of their keys."""
    found = dict(flatten(gradients))
    return [found[path] for path, _ in flatten(variables)]


ASKING: dict[str, Callable[[Any, Any, Sequence[Any]], list[Any]]] = {
    "gradtape": _of_ours,
    "tensorflow": _of_tensorflow,
    "torch": _of_torch,
    "jax": _of_jax,
}
