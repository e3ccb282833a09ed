"""The numbers of a backward pass: what came to each operation and what it gave, from what its nodes showed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from gradtape.recorders.pulls import pull, telling
from gradtape.recorders.summaries import summary
from gradtape.recorders.torch import private
from gradtape.recorders.torch.hooks import answer_in, behind, code_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gradtape.diagnostics import Site
    from gradtape.explain.graph import Operation, Summary
    from gradtape.explain.pulls import Pull
    from gradtape.recorders.torch.autograd import Steps
    from gradtape.recorders.torch.graph import Builder
    from gradtape.recorders.torch.hooks import Acting

MOST_PULLS = 2_000
"""Of how many steps every one is written down; of more, those that tell something."""

MOST_VALUES = 5_000


def array(tensor: torch.Tensor) -> Any:
    """Return a tensor's numbers as an ndarray, whatever device and dtype it has."""
    plain = private.unwrapped(tensor).detach()
    if plain.layout is not torch.strided:
        plain = plain.to_dense()
    plain = plain.cpu().resolve_conj().resolve_neg()
    if plain.dtype in {torch.bfloat16, torch.float16} or (plain.dtype.itemsize == 1 and plain.dtype.is_floating_point):
        plain = plain.float()
    return plain.numpy()


def summaries(values: Mapping[int, torch.Tensor], wanted: Iterable[int]) -> dict[int, Summary]:
    """Return what values are like, the newest first where there are many."""
    numbers = sorted(set(wanted) & set(values), reverse=True)[:MOST_VALUES]
    return {number: _summary(values[number]) for number in numbers}


def _summary(tensor: torch.Tensor) -> Summary:
    """Return what a value is like, with the dtype that it has in the program: NumPy has not all of them."""
    return replace(summary(array(tensor)), dtype=str(tensor.dtype).removeprefix("torch."))


def pulls(
    steps: Steps, builder: Builder, values: Mapping[int, torch.Tensor], hooks: Iterable[Acting] = ()
) -> tuple[Pull, ...]:
    """Write down the backward pass, one step per operation and input, in the order in which it went."""
    came: dict[int, Any] = {}
    gave: dict[tuple[int, int], Any] = {}
    inner: dict[int, tuple[int, int]] = {}
    for step in steps.steps:
        node = steps.walk.nodes[step.place]
        owner = steps.walk.owners[step.place]
        if node.metadata.get(private.KEY) is owner:
            for number, output in owner.items():
                if number < len(step.came) and step.came[number] is not None:
                    came[output] = step.came[number]
        output = next((owner[n] for n in sorted(owner) if owner[n] in came), 0)
        operation = builder.producers.get(output)
        if operation is None:
            continue
        for (nearer, number), gradient in zip(private.edges(node), step.gave, strict=False):
            if nearer is None or gradient is None:
                continue
            for value in _sources(builder, nearer, number, owner):
                source = behind(value) if value in builder.hooked else value
                if source in operation.inputs:
                    known = gave.get((output, source))
                    gave[output, source] = gradient if known is None else known + gradient
        if step.place in steps.inside:
            inner[output] = steps.inside[step.place]
    by_value = {acting.hook: acting for acting in hooks}
    for value, hook in builder.hooked.items():
        came[behind(value)], came[value] = by_value[hook].came, by_value[hook].gave
        gave[behind(value), value] = by_value[hook].gave
    return tuple(_written(builder, values, came, gave, inner))


def _sources(builder: Builder, node: Any, number: int, owner: dict[int, int]) -> Iterable[int]:
    """Return the ids of the value that an edge leads to; none for an edge within one operation."""
    leaf = private.leaf_of(node)
    if leaf is not None:
        return builder.ids(leaf)
    tag = node.metadata.get(private.KEY)
    return (tag[number],) if tag and tag is not owner and number in tag else ()


def _written(
    builder: Builder,
    values: Mapping[int, torch.Tensor],
    came: Mapping[int, Any],
    gave: Mapping[tuple[int, int], Any],
    inner: Mapping[int, tuple[int, int]],
) -> Iterable[Pull]:
    arrays: dict[int, Any] = {}

    def at_hand(number: int) -> Any:
        if number in values and number not in arrays:
            arrays[number] = array(values[number])
        return arrays.get(number)

    every = len(gave) <= MOST_PULLS
    for (output, source), gradient in gave.items():
        operation = builder.producers[output]
        arrived, given = array(came[output]), array(gradient)
        if not every and not telling(arrived, given):
            continue
        inputs = [at_hand(number) for number in operation.inputs]
        position = operation.inputs.index(source)
        inside = _first_bad(builder, values, inner.get(output)) if not np.isfinite(given).all() else None
        yield pull(operation, position, arrived, given, inputs, at_hand(output), inside)


def _first_bad(builder: Builder, values: Mapping[int, torch.Tensor], span: tuple[int, int] | None) -> Operation | None:
    """Return the first operation in a custom backward function that made a number which is not finite."""
    if span is None:
        return None
    for operation in builder.operations:
        if span[0] < operation.seq < span[1]:
            value = values.get(operation.output)
            if value is not None and value.is_floating_point() and not bool(torch.isfinite(value).all()):
                return operation
    return None


def refused(steps: Steps) -> dict[tuple[int, int], Site | None]:
    """Return the inputs of custom functions that got None, with the place of that answer."""
    found: dict[tuple[int, int], Site | None] = {}
    for step in steps.steps:
        node = steps.walk.nodes[step.place]
        if private.BackwardFunction is None or not isinstance(node, private.BackwardFunction):
            continue
        outputs = steps.walk.owners[step.place].values()
        for (nearer, number), gradient in zip(private.edges(node), step.gave, strict=False):
            if nearer is not None and gradient is None:
                tag = nearer.metadata.get(private.KEY)
                source = steps.leaf_ids.get(id(private.leaf_of(nearer))) or (tag or {}).get(number)
                for output in outputs:
                    if source:
                        found[output, source] = answer_of(node)
    return found


def answer_of(node: Any) -> Site | None:
    """Return where the custom function of a node answers: the last `return` of its `backward`."""
    return answer_in(code_of(private.rule_of(node)))
