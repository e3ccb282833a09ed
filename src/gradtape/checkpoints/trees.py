"""A structure as a tree that JSON can hold, with its arrays beside it under readable names; and back to data."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.arrays.dispatch import Node
from gradtape.arrays.variable import Variable
from gradtape.checkpoints.files import dtype_from_json, dtype_to_json, from_bytes
from gradtape.checkpoints.random_state import GENERATORS, state_of
from gradtape.errors import CheckpointError
from gradtape.optim.optimizer import Optimizer

if TYPE_CHECKING:
    from collections.abc import Iterator

PLAIN = (bool, int, float, str, type(None))


def joined(prefix: str, part: str) -> str:
    """Return the name of a part: `model` and `kernel` make `model.kernel`, `layers` and `[0]` make `layers[0]`."""
    return f"{prefix}.{part}" if prefix and part and not part.startswith("[") else prefix + part


def parts_of(value: Any, name: str) -> tuple[str, list[tuple[Any, str, Any]]] | None:
    """Return what kind of structure a value is, and its parts: key, name, value. None if it is a leaf.

    Raises
    ------
    CheckpointError
        If a dict has a key that is neither text nor a whole number.
    """
    if isinstance(value, dict):
        for key in value:
            if not isinstance(key, str | int) or isinstance(key, bool):
                raise CheckpointError(f"`{name or 'tree'}` has the key {key!r}: keys are text or whole numbers")
        return "dict", [(k, joined(name, k if isinstance(k, str) else f"[{k}]"), v) for k, v in value.items()]
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return "named", [(k, joined(name, k), v) for k, v in zip(value._fields, value, strict=True)]
    if isinstance(value, list | tuple):
        kind = "list" if isinstance(value, list) else "tuple"
        return kind, [(k, joined(name, f"[{k}]"), v) for k, v in enumerate(value)]
    if is_dataclass(value) and not isinstance(value, type | Optimizer):
        return "named", [(f.name, joined(name, f.name), getattr(value, f.name)) for f in fields(value)]
    return None


def is_module(value: Any) -> bool:
    """Whether a value is a module, which names its variables itself."""
    return hasattr(value, "named_variables") and not isinstance(value, type)


def array_of(value: Any) -> Any:
    """Return a value as an array if it is one, else None."""
    if isinstance(value, Node):
        return np.asarray(value._value)
    if isinstance(value, np.ndarray | np.generic):
        return np.asarray(value)
    if hasattr(value, "__array__") and hasattr(value, "dtype") and hasattr(value, "shape"):
        return np.asarray(value)  # JAX's arrays, say
    return None


def variables_in(tree: Any, name: str = "") -> Iterator[tuple[str, Variable]]:
    """Yield the variables outside optimizers, with their names."""
    if hasattr(tree, "__checkpoint__"):
        yield from variables_in(tree.__checkpoint__(), name)
    elif is_module(tree):
        for path, variable in tree.named_variables().items():
            yield joined(name, path), variable
    elif isinstance(tree, Variable):
        yield name, tree
    elif not isinstance(tree, Optimizer):
        found = parts_of(tree, name)
        for _, inner, value in found[1] if found is not None else ():
            yield from variables_in(value, inner)


def names_of_variables(tree: Any) -> dict[int, str]:
    """Return the name of each variable by its object's id; of one that is there twice, the first name."""
    found: dict[int, str] = {}
    for name, variable in variables_in(tree):
        found.setdefault(id(variable), name)
    return found


def names_for(optimizer: Optimizer, known: dict[int, str]) -> list[str]:
    """Return the names of the variables that an optimizer was built with; the number of one that is not in the tree."""
    return [known.get(id(variable), str(k)) for k, variable in enumerate(optimizer._trainable_variables)]


class Writing:
    """A structure on its way into a file: `tree` for the header, `arrays` by name."""

    def __init__(self, structure: Any) -> None:
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._known = names_of_variables(structure)
        self._written: dict[int, str] = {}
        self.tree = self._node(structure, "")

    def _node(self, value: Any, name: str) -> dict[str, Any]:
        if hasattr(value, "__checkpoint__"):
            return self._node(value.__checkpoint__(), name)
        if is_module(value):
            held = {path: self._array(v, joined(name, path)) for path, v in value.named_variables().items()}
            return {"module": type(value).__name__, "variables": held}
        if isinstance(value, Optimizer):
            names = names_for(value, self._known)
            held = {part: self._array(v, joined(name, part)) for part, v in value.state(names).items()}
            return {"optimizer": type(value).__name__, "built for": names, "variables": held}
        if isinstance(value, GENERATORS):
            return {"random": state_of(value)}
        if type(value) in PLAIN:
            return {"value": value}
        if type(value) is complex:
            return {"complex": [value.real, value.imag]}
        if array_of(value) is not None:
            return self._array(value, name)
        found = parts_of(value, name)
        if found is None:
            raise CheckpointError(
                f"`{name or 'tree'}` is a {type(value).__name__}, which has no form in a checkpoint; pass arrays, "
                "variables, modules, optimizers, random generators, numbers and text, in lists, tuples and dicts"
            )
        kind, parts = found
        return {kind: [[key, self._node(part, inner)] for key, inner, part in parts]}

    def _array(self, value: Any, name: str) -> dict[str, Any]:
        name = name or "value"
        if isinstance(value, Variable) and self._written.get(id(value), name) != name:
            return {"same": self._written[id(value)]}
        array = array_of(value)
        if array.dtype.hasobject:
            raise CheckpointError(
                f"`{name}` has dtype {array.dtype}: Python objects are not kept; make it numbers or text"
            )
        if name in self.arrays:
            raise CheckpointError(f"two parts of the tree are called `{name}`; give one of them another key")
        self.arrays[name] = array
        if isinstance(value, Variable):
            self._written[id(value)] = name
        number = not array.ndim and isinstance(value, np.generic)
        return {"array": name, "dtype": dtype_to_json(array.dtype), "shape": list(array.shape)} | (
            {"scalar": True} if number else {}
        )


class Reading:
    """A file's content: `tree` as its header tells it, and its arrays."""

    def __init__(self, tree: dict[str, Any], stored: dict[str, Any]) -> None:
        self.tree = tree
        self._stored = stored
        self.arrays: dict[str, np.ndarray[Any, Any]] = {}
        self._collect(tree)

    def _collect(self, node: Any) -> None:
        """Bring every array that the tree names into its dtype and shape."""
        if isinstance(node, list):
            for part in node:
                self._collect(part)
        elif isinstance(node, dict) and "array" in node and "shape" in node:
            name, dtype, shape = node["array"], dtype_from_json(node["dtype"]), tuple(node["shape"])
            if name not in self._stored:
                raise CheckpointError(f"the array `{name}` is missing")
            raw = self._stored[name]
            array = raw if isinstance(raw, np.ndarray) and raw.dtype == dtype else from_bytes(raw, dtype, shape)
            if array.shape != shape:
                raise CheckpointError(f"the array `{name}` has shape {array.shape}, its header says {shape}")
            self.arrays[name] = array
        elif isinstance(node, dict) and "random" not in node:
            for part in node.values():
                self._collect(part)

    def array(self, node: dict[str, Any]) -> Any:
        """Return the array of a node; of one that is there twice, the same."""
        found = self.arrays[node["same"] if "same" in node else node["array"]]
        return found[()] if node.get("scalar") else found

    def data(self, node: dict[str, Any]) -> Any:
        """Return what a node holds as plain data: dicts, lists and tuples of arrays, numbers and text."""
        if "array" in node or "same" in node:
            return self.array(node)
        if "variables" in node:
            return {path: self.array(part) for path, part in node["variables"].items()}
        if "random" in node:
            return node["random"]
        if "value" in node:
            return node["value"]
        if "complex" in node:
            return complex(*node["complex"])
        kind, parts = next(iter(node.items()))
        if kind in {"dict", "named"}:
            return {key: self.data(part) for key, part in parts}
        return (list if kind == "list" else tuple)(self.data(part) for _, part in parts)
