"""Nested lists, tuples and dicts of anything: `tf.nest`. The leaves of a dict come in the order of its sorted keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gradtape.tf.calls import refuse

if TYPE_CHECKING:
    from collections.abc import Callable


def is_nested(structure: Any) -> bool:
    """Whether it is a list, tuple or dict."""
    return isinstance(structure, list | tuple | dict)


def _children(structure: Any) -> list[Any]:
    return [structure[key] for key in sorted(structure)] if isinstance(structure, dict) else list(structure)


def _like(structure: Any, children: list[Any]) -> Any:
    if isinstance(structure, dict):
        made = dict(zip(sorted(structure), children, strict=True))
        return type(structure)((key, made[key]) for key in structure)
    if hasattr(structure, "_fields"):
        return type(structure)(*children)
    return type(structure)(children)


def flatten(structure: Any, expand_composites: bool = False) -> list[Any]:
    """Return the leaves as one list; a single leaf becomes a list of one, and None is a leaf."""
    if not is_nested(structure):
        return [structure]
    return [leaf for child in _children(structure) for leaf in flatten(child)]


def pack_sequence_as(structure: Any, flat_sequence: Any, expand_composites: bool = False) -> Any:
    """Put leaves into the form of a structure.

    Raises
    ------
    ValueError
        If there are not as many leaves as the structure has.
    """
    leaves, places = flatten(flat_sequence), len(flatten(structure))
    if len(leaves) != places:
        raise ValueError(f"nest.pack_sequence_as: the structure has {places} leaves, and {len(leaves)} were given")
    rest = iter(leaves)
    return _packed(structure, rest.__next__)


def _packed(structure: Any, leaf: Callable[[], Any]) -> Any:
    if not is_nested(structure):
        return leaf()
    return _like(structure, [_packed(child, leaf) for child in _children(structure)])


def assert_same_structure(nest1: Any, nest2: Any, check_types: bool = True, expand_composites: bool = False) -> None:
    """Insist that two structures have one form.

    Raises
    ------
    ValueError
        If one has a leaf where the other has a list, or if lengths or keys differ.
    TypeError
        If the types of two containers differ, unless `check_types` is off.
    """
    if is_nested(nest1) != is_nested(nest2):
        raise ValueError(f"nest: the structures differ: {nest1!r} and {nest2!r}")
    if not is_nested(nest1):
        return
    keyed = isinstance(nest1, dict) and isinstance(nest2, dict)
    if len(nest1) != len(nest2) or (keyed and nest1.keys() != nest2.keys()):
        raise ValueError(f"nest: the structures differ: {nest1!r} and {nest2!r}")
    if check_types and type(nest1) is not type(nest2):
        raise TypeError(f"nest: a {type(nest1).__name__} stands where the other has a {type(nest2).__name__}")
    for one, other in zip(_children(nest1), _children(nest2), strict=True):
        assert_same_structure(one, other, check_types)


def map_structure(func: Any, *structure: Any, check_types: bool = True, **options: Any) -> Any:
    """Call a function with the leaves of structures of one form, and keep the form."""
    for other in structure[1:]:
        assert_same_structure(structure[0], other, check_types)
    columns = zip(*[flatten(s) for s in structure], strict=True)
    return _packed(structure[0], iter([func(*leaves) for leaves in columns]).__next__)


def __getattr__(name: str) -> Any:
    raise refuse("tf.nest", name)
