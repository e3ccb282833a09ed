"""Masks, which say what of a tensor counts: they stay with the tensor, from the layer that makes one to the loss."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from weakref import ref

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from collections.abc import Iterable

_KEPT: dict[int, tuple[Any, Any]] = {}
"""By the id of a tensor: a weak reference to it, which ends the entry with the tensor, and its mask."""


def keep_mask(value: Any, mask: Any) -> None:
    """Let a tensor have a mask from now on; of a structure, let each tensor have the mask in its place.

    Parameters
    ----------
    value : Tensor or list of Tensor
        Whatever else there is has no masks.
    mask : array_like of bool, list or None
    """
    if mask is None:
        return
    if isinstance(value, list | tuple):
        for part, of_part in zip(value, mask if isinstance(mask, list | tuple) else [mask], strict=False):
            keep_mask(part, of_part)
    elif isinstance(value, Node):
        key = id(value)
        _KEPT[key] = (ref(value, lambda _: _KEPT.pop(key, None)), mask)


def mask_of(value: Any) -> Any:
    """Return the mask of a tensor, or the list of masks of a list of tensors; None where there is none."""
    if not _KEPT:
        return None
    if isinstance(value, list | tuple):
        found = [mask_of(part) for part in value]
        return None if all(m is None for m in found) else found
    kept = _KEPT.get(id(value))
    return None if kept is None else kept[1]


def any_masked(values: Iterable[Any]) -> bool:
    """Whether a tensor among values has a mask."""
    return bool(_KEPT) and any(id(leaf) in _KEPT for value in values for _, leaf in flatten(value))


def both(one: Any, other: Any) -> Any:
    """Return what counts by two masks, of which either may be None."""
    if one is None or other is None:
        return other if one is None else one
    return np.logical_and(plain(one), plain(other))


def plain(value: Any) -> Any:
    """Return the plain array of a tensor, for decisions that are no part of the derivative."""
    return np.asarray(value._value if isinstance(value, Node) else value)
