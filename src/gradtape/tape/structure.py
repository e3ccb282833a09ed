"""Nested structures: lists, tuples, named tuples, dicts and dataclasses of tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.arrays.dispatch import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HOLDERS: set[type[Any]] = set()
"""Classes that hold a structure as `values`, and make another of their kind with `with_values(structure)`."""


def is_dataclass(structure: Any) -> bool:
    """Whether a value is an instance of a dataclass; who has one has imported their module, and others need not."""
    return hasattr(type(structure), "__dataclass_fields__")


def flatten(structure: Any) -> Iterator[tuple[str, Any]]:
    """Yield the leaves with their paths: `("", x)` for a single one, `("[0]['w']", x)` in a structure.

    Dicts come in their own order, dataclasses in the order of their fields. None counts as a leaf.
    """
    if isinstance(structure, Node):
        yield "", structure
        return
    if isinstance(structure, dict):
        parts = [(f"[{key!r}]", value) for key, value in structure.items()]
    elif isinstance(structure, tuple) and hasattr(structure, "_fields"):
        parts = [(f".{name}", value) for name, value in zip(structure._fields, structure, strict=True)]
    elif isinstance(structure, list | tuple):
        parts = [(f"[{k}]", value) for k, value in enumerate(structure)]
    elif is_dataclass(structure):
        from dataclasses import fields

        parts = [(f".{f.name}", getattr(structure, f.name)) for f in fields(structure)]
    elif type(structure) in HOLDERS:
        parts = [(".values", structure.values)]
    else:
        yield "", structure
        return
    for path, value in parts:
        if isinstance(value, Node):
            yield path, value
            continue
        for deeper, leaf in flatten(value):
            yield path + deeper, leaf


def rebuild(structure: Any, leaf: Callable[[], Any]) -> Any:
    """Make a structure of the same form whose leaves come from `leaf()`, in the order of `flatten`."""
    if isinstance(structure, Node):
        return leaf()
    if isinstance(structure, dict):
        made = {key: rebuild(value, leaf) for key, value in structure.items()}
        return made if type(structure) is dict else type(structure)(made)
    if isinstance(structure, tuple) and hasattr(structure, "_fields"):
        return type(structure)(*[rebuild(value, leaf) for value in structure])
    if isinstance(structure, list | tuple):
        return type(structure)([leaf() if isinstance(value, Node) else rebuild(value, leaf) for value in structure])
    if is_dataclass(structure):
        from dataclasses import fields, replace

        return replace(structure, **{f.name: rebuild(getattr(structure, f.name), leaf) for f in fields(structure)})
    if type(structure) in HOLDERS:
        return structure.with_values(rebuild(structure.values, leaf))
    return leaf()
