"""Targets and sources: what the program, or Keras, calls them, and what they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.diagnostics import syntax
from gradtape.explain import graph
from gradtape.recorders.tensorflow import frames, private
from gradtape.tape.structure import flatten

if TYPE_CHECKING:
    from types import FrameType

    from gradtape.recorders.tensorflow.building import Built
    from gradtape.recorders.tensorflow.memory import Memory


class Leaf(NamedTuple):
    """A target or source: its place in the structure that was passed, the thing itself, TensorFlow's number for it."""

    path: str
    given: Any
    value: Any
    number: int

    @property
    def own_name(self) -> str:
        """Keras's path of a weight, or TensorFlow's name of a variable; empty where it has none."""
        path = getattr(self.given, "path", "")
        if isinstance(path, str) and path:
            return path
        if private.handle_of(self.value) is not None:
            name = str(getattr(self.value, "name", "")).removesuffix(":0")
            return "" if name in ("Variable", "") else name
        return ""


def leaves(structure: Any) -> tuple[Leaf, ...]:
    """Return the targets or sources in what was passed, in its own order."""
    found = []
    for path, given in flatten(structure):
        value = private.inside_keras(given)
        handle = private.handle_of(value)
        inner = value if handle is None else handle
        flat = getattr(inner, "flat_values", getattr(inner, "values", inner))
        number = getattr(flat, "_id", private.NO_TENSOR)
        found.append(Leaf(path, given, value, number if isinstance(number, int) else private.NO_TENSOR))
    return tuple(found)


def names_of(
    found: tuple[Leaf, ...], frame: FrameType | None, keyword: str, position: int, *, spelled: bool
) -> list[str]:
    """Return what the program calls targets or sources; where it passes a list, what they call themselves."""
    written = None
    if frame is not None and spelled:
        span = frames.site((frame.f_code, frame.f_lasti)).span
        written = syntax.argument_texts(span, position, keyword, [leaf.path for leaf in found])
    names = []
    for k, leaf in enumerate(found):
        text = written[k] if written is not None else f"{keyword}{leaf.path}"
        vague = written is None or (leaf.path and text.endswith(leaf.path))
        names.append((vague and (leaf.own_name or _in_scope(leaf, frame))) or text)
    return names


def _in_scope(leaf: Leaf, frame: FrameType | None) -> str:
    for scope in (frame.f_locals, frame.f_globals) if frame is not None else ():
        for name, value in scope.items():
            if value is leaf.given and not name.startswith("_"):
                return name
    return ""


def describe(memory: Memory, leaf: Leaf, name: str, built: Built, before: int = private.NO_TENSOR) -> graph.End:
    """Return a target or source as the graph knows it; `before` is the variable that stood in its place before."""
    value, number = leaf.value, leaf.number
    kind = kind_of(leaf)
    if kind not in ("tensor", "variable"):
        dtype = str(getattr(value, "dtype", "")) if kind in ("symbolic", "array", "number") else type(value).__name__
        return graph.End(name, frozenset(), kind, dtype, differentiable=True)
    dtype = value.dtype
    known = memory.variables.get(number)
    return graph.End(
        name,
        frozenset(built.versions.get(number) or [built.ids.get(number, 0)]) - {0},
        kind,
        dtype.name,
        dtype.as_datatype_enum in private.FLOATING,
        watched=number in built.watched,
        trainable=known.trainable if known is not None else bool(getattr(value, "trainable", True)),
        made=_made(built, number, kind),
        path=leaf.own_name,
        before=frozenset(built.versions.get(before, ())),
    )


def kind_of(leaf: Leaf) -> str:
    """Say what was passed as a target or source: a word of `graph.End.kind`."""
    value = leaf.value
    if private.handle_of(value) is not None:
        return "variable"
    if leaf.number >= 0:
        return "tensor"
    word = _kind_of_object(value)
    if word:
        return word
    if isinstance(value, np.ndarray | np.generic):
        return "array" if value.ndim else "number"
    if isinstance(value, float | int | complex):
        return "number"
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return "string"
    if callable(value) and hasattr(value, "__name__"):
        return "function"
    return "object"


def _kind_of_object(value: Any) -> str:
    for cls in type(value).__mro__:
        if cls.__name__ == "KerasTensor":
            return "symbolic"
        if cls.__module__.startswith("keras") and cls.__name__ in ("Model", "Layer"):
            return cls.__name__.lower()
    return ""


def _made(built: Built, number: int, kind: str) -> graph.Operation | graph.Event | None:
    first = built.ids.get(number, 0)
    if kind == "variable":
        ids = set(built.versions.get(number, ())) | {first}
        return next((e for e in built.run.events if e.kind == "create" and e.value in ids), None)
    made = built.run.producers.get(first)
    return made or next((e for e in built.run.events if e.kind == "create" and e.value == first), None)


def call_frame(frame: FrameType | None) -> tuple[FrameType | None, bool]:
    """Return the user's frame that asked, and whether the call itself stands in it: not in Keras or another library."""
    place = frames.user_frame(frame)
    return place, place is frame
