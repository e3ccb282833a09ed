"""The doors out of TensorFlow: methods that give a plain value, and NumPy's functions, which ask for none of them.

NumPy reads an eager tensor's memory without calling anything of it. But before a function of NumPy does so, it looks
whether the argument's class overrides it (`__array_ufunc__`, `__array_function__`). A descriptor in that place sees the
look and says, as before, that there is no such attribute.
"""

from __future__ import annotations

import ast
import dis
from functools import lru_cache, wraps
from sys import _getframe
from typing import TYPE_CHECKING, Any

import numpy as np

from gradtape.diagnostics import Site, syntax
from gradtape.recorders.tensorflow import frames, private

if TYPE_CHECKING:
    from types import CodeType, FrameType

    from gradtape.recorders.patches import Patches
    from gradtape.recorders.tensorflow.memory import Happening, Memory
    from gradtape.recorders.tensorflow.private import Names

ARRAY, NUMBER, BRANCH = "left as array", "left as number", "branch"

METHODS = {
    "numpy": ARRAY,
    "__array__": ARRAY,
    "__float__": NUMBER,
    "__int__": NUMBER,
    "__complex__": NUMBER,
    "__index__": NUMBER,
    "__bool__": BRANCH,
}

LOOKED_FOR = ("__array_ufunc__", "__array_function__")
TAKERS = ("asarray", "array", "asanyarray", "ascontiguousarray")
"""Functions of NumPy that do not look before they read."""


def install(memory: Memory, names: Names, patches: Patches) -> None:
    """Put a note at every door."""
    base = names.eager_base
    for name, kind in METHODS.items():
        patches.set(base, name, _method(memory, getattr(base, name), kind))
    for name in LOOKED_FOR:
        patches.set(base, name, Look(memory, name, names.eager_tensor))
    for name in TAKERS:
        patches.set(np, name, _taker(memory, getattr(np, name), names.eager_tensor))


def _method(memory: Memory, convert: Any, kind: str) -> Any:
    @wraps(convert)
    def conversion(tensor: Any, *args: Any, **options: Any) -> Any:
        value = convert(tensor, *args, **options)
        if not memory.hidden:
            frame = _getframe(1)
            if frame.f_globals.get("__name__") in private.LOOKS_AT_VALUES and not frames.is_users(_code_behind(frame)):
                return value
            left(memory, METHODS.get(frame.f_code.co_name, kind), tensor._id, value, frame)
        return value

    return conversion


def _code_behind(frame: FrameType) -> CodeType:
    return (frame.f_back or frame).f_code


def left(memory: Memory, kind: str, tensor: int, value: Any, frame: FrameType) -> Happening:
    """Note that a value left; an array is recognised when it comes back."""
    happening = memory.happened(kind, tensor, frames.stack(frame))
    if kind != BRANCH:
        memory.something_left = True
        if type(value) is np.ndarray:
            memory.remember_array(value, happening)
    return happening


def _taker(memory: Memory, take: Any, eager_tensor: type[Any]) -> Any:
    @wraps(take)
    def taken(value: Any = None, *args: Any, **options: Any) -> Any:
        tensors = () if memory.hidden else _tensors_in(value, eager_tensor)
        result = take(value, *args, **options)
        for tensor in tensors:
            left(memory, ARRAY, tensor._id, result, _getframe(1))
        return result

    return taken


def _tensors_in(value: Any, eager_tensor: type[Any]) -> list[Any]:
    """Return a tensor, or those in a list or tuple that do not give themselves up one by one: scalars do."""
    if type(value) is eager_tensor:
        return [value]
    if type(value) in (list, tuple):
        return [v for v in value[:64] if type(v) is eager_tensor and v.shape.rank]
    return []


class Look:
    """Sits where NumPy looks for an override, and notes which expression made it look."""

    def __init__(self, memory: Memory, name: str, eager_tensor: type[Any]) -> None:
        self.memory = memory
        self.name = name
        self.eager_tensor = eager_tensor
        self._last: tuple[int, Any] = (0, None)

    def __get__(self, instance: Any, owner: Any) -> Any:
        memory = self.memory
        if instance is None and not memory.hidden:
            frame = _getframe(1)
            place = frames.user_frame(frame)
            if place is not None and not (place is frame and _is_operator(frame.f_code, frame.f_lasti)):
                if frames.inside_framework(frame, place):
                    self._note_inside(frame)
                else:
                    self._note(place)
        raise AttributeError(self.name)

    def _note_inside(self, frame: FrameType) -> None:
        """Note what the framework itself computes with NumPy: what it was given, not what the user's call was."""
        tensors = [_found(frame, node) for node in _readings(frame.f_code, frame.f_lasti)]
        for tensor in {id(t): t for t in tensors if type(t) is self.eager_tensor}.values():
            left(self.memory, ARRAY, tensor._id, None, frame)

    def _note(self, frame: FrameType) -> None:
        memory = self.memory
        here = (len(memory.operations) and memory.operations[-1][0], (frame.f_code, frame.f_lasti))
        if here == self._last:  # NumPy looks once for each argument
            return
        self._last = here
        memory.something_left = True
        tensors = [
            value._id
            for value in (_found(frame, node) for node in _readings(frame.f_code, frame.f_lasti))
            if type(value) is self.eager_tensor
        ]
        memory.happened(ARRAY, private.NO_TENSOR, frames.stack(frame), tuple(dict.fromkeys(tensors)))


@lru_cache(maxsize=4096)
def _is_operator(code: CodeType, lasti: int) -> bool:
    """Whether an instruction is an operator or a comparison: there NumPy looks in order to give way to TensorFlow."""
    name = dis.opname[code.co_code[lasti]]
    return name.startswith(("BINARY", "COMPARE", "INPLACE"))


@lru_cache(maxsize=4096)
def _readings(code: CodeType, lasti: int) -> tuple[ast.expr, ...]:
    """Return the names and attributes in the arguments of the call that is running."""
    span = Site(code, lasti).span
    node = syntax.expression_at(span)
    if not isinstance(node, ast.Call):
        return ()
    parts: list[ast.AST] = [*node.args, *(k.value for k in node.keywords)]
    if isinstance(node.func, ast.Attribute):
        parts.append(node.func.value)
    return tuple(n for part in parts for n in ast.walk(part) if isinstance(n, ast.Name | ast.Attribute))


def _found(frame: FrameType, node: ast.expr) -> Any:
    """Look up a name, or an attribute that is stored in its object, without running any code of the program."""
    if isinstance(node, ast.Name):
        scope = frame.f_locals
        return scope[node.id] if node.id in scope else frame.f_globals.get(node.id)
    if isinstance(node, ast.Attribute):
        owner = _found(frame, node.value)
        try:
            return object.__getattribute__(owner, "__dict__").get(node.attr)
        except AttributeError:
            return None
    return None
