"""The backward pass again, step by step, with what came to each step and what it gave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import jax.numpy as jnp
import numpy as np

from gradtape.recorders.jax.derivatives import differentiable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gradtape.recorders.jax.derivatives import Connections, Derivatives
    from gradtape.recorders.jax.program import Program, Step


class Pulled(NamedTuple):
    """What a step gave to one of its inputs for the cotangent of one of its outputs; plain arrays."""

    step: int
    position: int
    output: int
    came: Any
    gave: Any


def connected(program: Program, derivatives: Derivatives) -> list[Connections | None]:
    """Return each step's connections."""
    found = []
    for step in program.steps:
        inputs = [program.values[i] for i in step.inputs]
        found.append(derivatives.connections(step, inputs, [program.values[o] for o in step.outputs]))
    return found


def backwards(
    program: Program, derivatives: Derivatives, connections: list[Connections | None], seeds: Mapping[int, Any]
) -> tuple[list[Pulled], dict[int, Any]]:
    """Run the backward pass from the targets' cotangents; return its steps and what every value got in the end."""
    arrived: dict[int, Any] = dict(seeds)
    pulled: list[Pulled] = []
    for index in reversed(range(len(program.steps))):
        step, links = program.steps[index], connections[index]
        came = [arrived.get(o) for o in step.outputs]
        if links is None or all(c is None for c in came):
            continue
        inputs = [program.values[i] for i in step.inputs]
        outputs = [program.values[o] for o in step.outputs]
        if not any(links[k][j] and came[j] is not None for k in range(len(inputs)) for j in range(len(outputs))):
            continue
        gave = _through_choice(step, came) if step.name == "cond" else derivatives.pull(step, inputs, outputs, came)
        for position, (value, number) in enumerate(zip(gave, step.inputs, strict=True)):
            output = next((j for j, link in enumerate(links[position]) if link and came[j] is not None), None)
            if output is None or value is None or not differentiable(value):
                continue
            pulled.append(Pulled(index, position, output, np.asarray(came[output]), np.asarray(value)))
            before = arrived.get(number)
            arrived[number] = value if before is None else jnp.add(before, value)
    return pulled, arrived


def parts_of(program: Program, pulled: Sequence[Pulled], number: int) -> list[Any]:
    """Return what a value got from each step that reads it: the sum of these is its gradient."""
    return [p.gave for p in pulled if program.steps[p.step].inputs[p.position] == number]


def _through_choice(step: Step, came: list[Any]) -> list[Any]:
    """Return what the inputs of a chosen branch get: what it gave gets all, the decision and other branches nothing."""
    return [came[0] if position == 1 else None for position in range(len(step.inputs))]
