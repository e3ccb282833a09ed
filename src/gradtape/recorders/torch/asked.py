"""A question about gradients, as it was asked: where, of which tensors, and what its graph led to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Site

if TYPE_CHECKING:
    import torch

    from gradtape.recorders.torch.frames import Frames


class Asked(NamedTuple):
    """One call of `backward()`, `autograd.grad` or their like.

    Parameters
    ----------
    kind : str
        As in reports: `backward`, `autograd.grad`.
    frames : Frames
    seq : int
        When.
    roots : tuple of int
        The ids of the tensors that were differentiated.
    dtypes : tuple of torch.dtype
    reached : frozenset of int
        The first ids of the leaves that PyTorch's own graph leads to.
    """

    kind: str
    frames: Frames
    seq: int
    roots: tuple[int, ...]
    dtypes: tuple[torch.dtype, ...]
    reached: frozenset[int] = frozenset()

    @property
    def site(self) -> Site:
        """Where it was asked."""
        return Site(*self.frames[0])
