"""PyTorch's own graph, walked before a backward pass: which leaves it leads to, and what each of its nodes gave."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.recorders.torch import private

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    import torch

MOST_BYTES = 512 * 2**20
"""How much the gradients take that are kept until a backward pass is over; beyond, only those that tell something."""


class Walk:
    """The nodes that a backward pass from some tensors visits, and the leaves that they lead to.

    Attributes
    ----------
    nodes : list
        Every node but those of leaves. They are held, so that each keeps its identity until the pass is over.
    leaves : dict of int to Tensor
        By identity.
    owners : dict of int to dict
        By position in `nodes`, the ids that the node's results have in the records: its own, or those of the nearest
        node towards the target, where the node is a part of a larger function.
    """

    def __init__(self, roots: Iterable[torch.Tensor]) -> None:
        self.nodes: list[Any] = []
        self.leaves: dict[int, torch.Tensor] = {}
        self.owners: list[dict[int, int]] = []
        self.place: dict[Any, int] = {}
        pending: list[tuple[Any, dict[int, int]]] = []
        for root in roots:
            if root.grad_fn is not None:
                pending.append((root.grad_fn, {}))
            elif root.requires_grad:
                self.leaves[id(root)] = root
        place, nodes, owners = self.place, self.nodes, self.owners
        while pending:
            node, owner = pending.pop()
            if node in place:
                continue
            place[node] = len(nodes)
            nodes.append(node)
            owner = node.metadata.get(private.KEY) or owner
            owners.append(owner)
            for nearer, _ in node.next_functions:
                if nearer is None or nearer in place:
                    continue
                leaf = private.leaf_of(nearer)
                if leaf is None:
                    pending.append((nearer, owner))
                else:
                    self.leaves[id(leaf)] = leaf

    def reaches(self, tensor: torch.Tensor) -> bool:
        """Whether the walk came past a tensor."""
        return id(tensor) in self.leaves or (tensor.grad_fn is not None and tensor.grad_fn in self.place)

    def ids(self) -> set[int]:
        """Return the ids of all values that the nodes made."""
        return {number for owner in self.owners for number in owner.values()}


class Step(NamedTuple):
    """What one node did: what came to it and what it gave, in the order of its results and its edges."""

    place: int
    gave: tuple[torch.Tensor | None, ...]
    came: tuple[torch.Tensor | None, ...]


class Steps:
    """Listens to the nodes of a walk during a backward pass.

    Parameters
    ----------
    walk : Walk
    leaf_ids : dict of int to int
        The ids of its leaves, by identity.
    copied : mapping of int to set of int
        The nodes of whose gradients copies are kept, and of which: somebody may write to them.
    """

    def __init__(self, walk: Walk, leaf_ids: dict[int, int], copied: Mapping[int, Collection[int]]) -> None:
        self.walk = walk
        self.copied = copied
        self.leaf_ids = leaf_ids
        self.steps: list[Step] = []
        self.inside: dict[int, tuple[int, int]] = {}
        """When the user's own `backward` of a custom function began and ended, by the place of its node."""
        self.ended: dict[int, torch.Tensor] = {}
        """What leaves got in the end, after all hooks, by their first ids."""
        self.bytes = 0
        self._handles: list[Any] = []

    def listen(self) -> None:
        """Put a hook on every node."""
        self._handles = [node.register_hook(self._hook(place)) for place, node in enumerate(self.walk.nodes)]

    def _hook(self, place: int) -> Callable[[Any, Any], None]:
        append = self.steps.append
        copied = self.copied.get(place, ())

        def hook(gave: tuple[torch.Tensor | None, ...], came: tuple[torch.Tensor | None, ...]) -> None:
            if copied:
                gave = tuple(g.clone() if g is not None and k in copied else g for k, g in enumerate(gave))
            if self.bytes < MOST_BYTES:
                for gradient in gave:
                    if gradient is not None:
                        self.bytes += private.bytes_of(gradient)
                append(Step(place, gave, came))
            elif _telling(gave, came):
                append(Step(place, gave, came))

        return hook

    def release(self) -> None:
        """Take the hooks away."""
        for handle in self._handles:
            handle.remove()
        self._handles = []


def _telling(gave: Iterable[torch.Tensor | None], came: Iterable[torch.Tensor | None]) -> bool:
    """Whether something happened at a node: it made something infinite or NaN, or nothing but zeros."""
    given = [g for g in gave if g is not None]
    if not given:
        return True
    sizes = private.max_abs(given)
    if all(isfinite(size) and size for size in sizes):
        return False
    return all(map(isfinite, private.max_abs([c for c in came if c is not None])))
