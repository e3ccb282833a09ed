"""Hooks that change gradients on their way: which were put where, and which of them turned a gradient into another.

A hook is no operation of the run. Where the numbers of a backward pass show that one turned something into zeros, or
into what is not finite, it is put into the graph as one: what read the value then reads what the hook let through.
"""

from __future__ import annotations

import dis
from math import isfinite
from types import CodeType
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.diagnostics import Site
from gradtape.explain.graph import HOOK, Break, Operation
from gradtape.recorders.torch import private
from gradtape.recorders.torch.frames import sites

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import torch

    from gradtape.recorders.torch.autograd import Steps, Walk
    from gradtape.recorders.torch.frames import Frames
    from gradtape.recorders.torch.memory import Memory

BEHIND = -2 * 10**9
"""Ids below it are of values that stand behind a hook; those of ways through plain Python are above."""


class Hook(NamedTuple):
    """A hook that a backward pass calls with a gradient.

    Parameters
    ----------
    value : int
        The value whose gradient it is; of a leaf its first id.
    frames : Frames
        Where it was registered.
    code : CodeType or None
        What it runs, if that is Python.
    leaf : bool
        Whether the value is a leaf.
    module : bool
        Whether it is a module's, and changes what the node of the value gives, not what comes to it.
    """

    value: int
    frames: Frames
    code: CodeType | None
    leaf: bool = False
    module: bool = False


class Acting(NamedTuple):
    """A hook that changed a gradient from bottom to top: what came to it, and what it gave."""

    hook: Hook
    came: torch.Tensor
    gave: torch.Tensor


def code_of(function: Any) -> CodeType | None:
    """Return the code that a call of something runs; None where that is not Python's."""
    inner = getattr(function, "__func__", None) or getattr(function, "func", None)
    if inner is not None:  # a method, `functools.partial`
        return code_of(inner)
    code = getattr(function, "__code__", None)
    if code is None and not isinstance(function, type):  # an object that is called
        code = getattr(vars(type(function)).get("__call__"), "__code__", None)
    return code if isinstance(code, CodeType) else None


def answer_in(code: CodeType | None) -> Site | None:
    """Return where a function answers: its last `return`, or what a lambda computes."""
    steps = list(dis.get_instructions(code)) if code is not None else []
    returns = [place for place, step in enumerate(steps) if step.opname.startswith("RETURN")]
    if code is None or not returns:
        return None
    place = returns[-1] - (code.co_name == "<lambda>" and returns[-1] > 0)
    return Site(code, steps[place].offset)


def acting(steps: Steps, memory: Memory) -> tuple[Acting, ...]:
    """Return the hooks on tensors that made zeros, or what is not finite, of a gradient."""
    wanted = {hook.value: hook for hook in memory.hooks}
    came: dict[int, torch.Tensor] = {}
    gave = dict(steps.ended)
    for step in steps.steps if wanted else ():
        node, owner = steps.walk.nodes[step.place], steps.walk.owners[step.place]
        if node.metadata.get(private.KEY) is owner:
            for number, value in owner.items():
                given = (step.gave if wanted[value].module else step.came) if value in wanted else ()
                if number < len(given) and given[number] is not None:
                    gave.setdefault(value, given[number])
        for (nearer, number), gradient in zip(private.edges(node), step.gave, strict=False):
            value = _value_of(nearer, number, owner, memory) if nearer is not None else 0
            if value in wanted and gradient is not None:
                came[value] = came[value] + gradient if value in came else gradient
    both = [value for value in came if value in gave]
    return tuple(Acting(wanted[v], came[v], gave[v]) for v in both if _turned(came[v], gave[v]))


def fed(walk: Walk, memory: Memory) -> dict[int, set[int]]:
    """Return the nodes that give to a value with a hook, and at which places: a hook may write to what it is given."""
    wanted = {hook.value for hook in memory.hooks}
    found: dict[int, set[int]] = {}
    for place, node in enumerate(walk.nodes) if wanted else ():
        for position, (nearer, number) in enumerate(private.edges(node)):
            if nearer is not None and _value_of(nearer, number, walk.owners[place], memory) in wanted:
                found.setdefault(place, set()).add(position)
    return found


def _value_of(node: Any, number: int, owner: Mapping[int, int], memory: Memory) -> int:
    """Return the value that an edge leads to, of a leaf its first id; 0 for an edge within one operation."""
    leaf = private.leaf_of(node)
    if leaf is not None:
        return memory.meet(leaf).tensor_id
    tag = node.metadata.get(private.KEY)
    return tag.get(number, 0) if tag and tag is not owner else 0


def _turned(came: torch.Tensor, gave: torch.Tensor) -> bool:
    before, after = private.max_abs([came])[0], private.max_abs([gave])[0]
    return isfinite(before) and (not isfinite(after) or bool(before and not after))


def behind(value: int) -> int:
    """Return the id of what a hook on a value let through."""
    return BEHIND - value


def put_between(operations: Iterable[Operation], ids: Mapping[int, Hook]) -> list[Operation]:
    """Return the operations with one for each hook, by the ids that the value has that it is on."""
    found = [_reading(operation, ids) for operation in operations]
    found += [_operation(number, hook) for number, hook in ids.items()]
    found.sort(key=lambda operation: operation.seq)
    return found


def _operation(number: int, hook: Hook) -> Operation:
    site, *callers = places(hook)
    breaks: tuple[tuple[Break, ...], ...] = ((),)
    return Operation(number, HOOK, (number,), behind(number), site, breaks, tuple(callers), function=HOOK)


def places(hook: Hook) -> tuple[Site, ...]:
    """Return where a hook answers, and where it was registered from, the innermost place first.

    What is not Python answers where it was registered.
    """
    registered = sites(hook.frames)
    return (answer_in(hook.code) or registered[0], *registered)


def _reading(operation: Operation, ids: Collection[int]) -> Operation:
    """Return an operation that reads what hooks let through."""
    if not any(number in ids for number in operation.inputs):
        return operation
    inputs = tuple(behind(number) if number in ids else number for number in operation.inputs)
    return Operation(
        operation.seq,
        operation.name,
        inputs,
        operation.output,
        operation.site,
        operation.breaks,
        operation.callers,
        operation.plumbing,
        operation.function,
        operation.own,
        operation.params,
    )
