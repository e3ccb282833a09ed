"""Questions about dtypes and shapes, with tensors among the arguments; and what the array API asks of a namespace."""

from __future__ import annotations

from typing import Any

import numpy as np

from gradtape.arrays.dispatch import Node


def _plain(value: Any) -> Any:
    return value._value if isinstance(value, Node) else value


def result_type(*arrays_and_dtypes: Any) -> np.dtype[Any]:
    """Return the dtype of a result of these."""
    return np.result_type(*map(_plain, arrays_and_dtypes))


def can_cast(from_: Any, to: Any, casting: Any = "safe") -> bool:
    """Return whether a dtype, or a tensor's, can be cast."""
    return np.can_cast(from_._value.dtype if isinstance(from_, Node) else from_, to, casting)


def promote_types(type1: Any, type2: Any) -> np.dtype[Any]:
    """Return the smallest dtype that both can be cast to."""
    return np.promote_types(type1, type2)


def finfo(type: Any, /) -> Any:
    """Return the limits of a floating-point dtype, or of a tensor's."""
    return np.finfo(type._value.dtype if isinstance(type, Node) else type)


def iinfo(type: Any, /) -> Any:
    """Return the limits of an integer dtype, or of a tensor's."""
    return np.iinfo(type._value.dtype if isinstance(type, Node) else type)


def isdtype(dtype: Any, kind: Any) -> bool:
    """Return whether a dtype is of a kind: `"real floating"`, `"integral"`, another dtype, a tuple of those."""
    return np.isdtype(np.dtype(dtype), kind)


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """Return the shape that arrays of these shapes have together."""
    return np.broadcast_shapes(*shapes)


def shape(a: Any) -> tuple[int, ...]:
    """Return the lengths of the axes."""
    return np.shape(_plain(a))


def ndim(a: Any) -> int:
    """Return the number of axes."""
    return np.ndim(_plain(a))


def size(a: Any, axis: int | None = None) -> int:
    """Return the number of elements, or the length of an axis."""
    return np.size(_plain(a), axis)


class Info:
    """What the namespace can do, as the array API asks for it."""

    def capabilities(self) -> dict[str, Any]:
        """Return which optional behaviour is there."""
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": 64}

    def default_device(self) -> str:
        """Return the only device."""
        return "cpu"

    def devices(self) -> list[str]:
        """Return all devices."""
        return ["cpu"]

    def default_dtypes(self, *, device: str | None = None) -> dict[str, np.dtype[Any]]:  # noqa: ARG002
        """Return the dtypes of what is made without one."""
        return {
            "real floating": np.dtype("float64"),
            "complex floating": np.dtype("complex128"),
            "integral": np.dtype(np.int64),
            "indexing": np.dtype(np.intp),
        }

    def dtypes(self, *, device: str | None = None, kind: Any = None) -> dict[str, np.dtype[Any]]:  # noqa: ARG002
        """Return the dtypes of a kind by name."""
        names = [
            "bool",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "float32",
            "float64",
            "complex64",
            "complex128",
        ]
        found = {name: np.dtype(name) for name in names}
        if kind is None:
            return found
        return {name: dtype for name, dtype in found.items() if np.isdtype(dtype, kind)}


def __array_namespace_info__() -> Info:  # noqa: N807 - the array API's name
    """Return what the namespace can do."""
    return Info()
