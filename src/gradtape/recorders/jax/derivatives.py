"""What a step's derivative connects: asked of JAX, one step at a time, never of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import jax
import jax.numpy as jnp
import numpy as np

from gradtape.recorders.jax import private
from gradtape.recorders.jax.program import CALLS, CUSTOM

if TYPE_CHECKING:
    from collections.abc import Hashable, Sequence

    from gradtape.recorders.jax.program import Step

Connections = tuple[tuple[bool, ...], ...]
"""For each input and each output of a step, whether a gradient flows."""


def differentiable(value: Any) -> bool:
    """Whether a value's dtype has derivatives."""
    return bool(jnp.issubdtype(_dtype(value), jnp.inexact))


def plain(value: Any) -> Any:
    """Return a value as NumPy's array; None for what NumPy cannot hold, a random key."""
    return None if jnp.issubdtype(_dtype(value), jax.dtypes.extended) else np.asarray(value)


def _dtype(value: Any) -> Any:
    return value.dtype if hasattr(value, "dtype") else jnp.result_type(value)


class Derivatives:
    """Asks for a step's connections and pulls cotangents back through it; the like of a step is asked once."""

    def __init__(self) -> None:
        self._connections: dict[Hashable, Connections | None] = {}
        self._pulls: dict[Hashable, Any] = {}
        self._kept: list[Any] = []
        """What the keys name by identity."""

    def connections(self, step: Step, inputs: Sequence[Any], outputs: Sequence[Any]) -> Connections | None:
        """Return where a gradient flows through a step; None where nobody wrote its derivative."""
        if step.name == "cond":
            return tuple((k == 1 and differentiable(outputs[0]),) for k in range(len(inputs)))
        key = self._key(step, inputs)
        if key not in self._connections:
            self._connections[key] = _connections(step, inputs, outputs)
        return self._connections[key]

    def pull(self, step: Step, inputs: Sequence[Any], outputs: Sequence[Any], came: Sequence[Any]) -> list[Any]:
        """Return what each input of a step gets for the cotangents of its outputs; None for integers.

        Parameters
        ----------
        came : sequence of array_like or None
            None where nothing reached an output.
        """
        key = self._key(step, inputs)
        if key not in self._pulls:
            self._pulls[key] = jax.jit(_puller(step, inputs, outputs))
        full = [
            jnp.zeros_like(out) if c is None else c for c, out in zip(came, outputs, strict=True) if differentiable(out)
        ]
        gave = iter(self._pulls[key](list(inputs), full))
        return [next(gave) if differentiable(value) else None for value in inputs]

    def _key(self, step: Step, inputs: Sequence[Any]) -> Hashable:
        self._kept.append(step.params)
        return step.key, tuple((np.shape(v), _dtype(v)) for v in inputs)


def _split(inputs: Sequence[Any]) -> list[int]:
    return [k for k, value in enumerate(inputs) if differentiable(value)]


def _filled(inputs: Sequence[Any], positions: Sequence[int], values: Sequence[Any]) -> list[Any]:
    full = list(inputs)
    for position, value in zip(positions, values, strict=True):
        full[position] = value
    return full


def _results(step: Step, values: Sequence[Any]) -> list[Any]:
    results = step.run(*values)
    return list(results) if isinstance(results, list | tuple) else [results]


def _puller(step: Step, like: Sequence[Any], outputs: Sequence[Any]) -> Any:
    positions = _split(like)
    wanted = [k for k, out in enumerate(outputs) if differentiable(out)]

    def pull(inputs: list[Any], came: list[Any]) -> Any:
        def forward(*some: Any) -> list[Any]:
            results = _results(step, _filled(inputs, positions, some))
            return [results[k] for k in wanted]

        return jax.vjp(forward, *(inputs[k] for k in positions))[1](came)

    return pull


def _connections(step: Step, inputs: Sequence[Any], outputs: Sequence[Any]) -> Connections | None:
    positions = _split(inputs)
    wanted = [k for k, out in enumerate(outputs) if differentiable(out)]
    if not positions or not wanted:
        return ((False,) * len(outputs),) * len(inputs)
    some = [inputs[k] for k in positions]
    results = [outputs[k] for k in wanted]
    backwards = step.name in CUSTOM and step.name != "custom_jvp_call"
    try:
        if backwards:
            pull = _puller(step, inputs, outputs)
            jaxpr = _traced(lambda values, came: pull(_filled(inputs, positions, values), came), some, results)
            came_to = _reached(jaxpr, [{k} for k in range(len(wanted))])
            table = [[j in came_to[i] for j in range(len(wanted))] for i in range(len(positions))]
        else:

            def forward(*values: Any) -> list[Any]:
                found = _results(step, _filled(inputs, positions, values))
                return [found[k] for k in wanted]

            jaxpr = _traced(lambda values, t: jax.jvp(forward, tuple(values), tuple(t))[1], some, some)
            came_from = _reached(jaxpr, [{k} for k in range(len(positions))])
            table = [[i in came_from[j] for j in range(len(wanted))] for i in range(len(positions))]
    except (NotImplementedError, ValueError):
        return None
    full = [[False] * len(outputs) for _ in inputs]
    for i, position in enumerate(positions):
        for j, output in enumerate(wanted):
            full[position][output] = table[i][j]
    return tuple(map(tuple, full))


def _traced(function: Any, values: list[Any], others: list[Any]) -> Any:
    """Return the jaxpr of a function of values and others; of the others alone if it must see the values' numbers."""
    try:
        return jax.make_jaxpr(function)(values, others).jaxpr
    except jax.errors.ConcretizationTypeError:
        return jax.make_jaxpr(lambda others: function(values, others))(others).jaxpr


def _reached(jaxpr: Any, starts: Sequence[set[int]]) -> list[set[int]]:
    """Return for each output of a jaxpr what of `starts`, one set per input from the last one back, leads to it."""
    found = dict(zip(jaxpr.invars[len(jaxpr.invars) - len(starts) :], starts, strict=True))

    def read(atom: Any) -> set[int]:
        return set() if isinstance(atom, private.Literal) else found.get(atom, set())

    for equation in jaxpr.eqns:
        inputs = [read(atom) for atom in equation.invars]
        inner = equation.params.get("jaxpr", equation.params.get("call_jaxpr"))
        if equation.primitive.name in CALLS and inner is not None:
            outputs = _reached(getattr(inner, "jaxpr", inner), inputs)
        else:
            outputs = [set().union(*inputs)] * len(equation.outvars)
        found |= dict(zip(equation.outvars, outputs, strict=True))
    return [read(atom) for atom in jaxpr.outvars]
