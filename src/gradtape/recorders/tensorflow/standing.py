"""What plain Python around a traced function holds at one moment, so that the function can run as it was traced.

TensorFlow runs the Python of a function while it traces and not again: a counter counts traces, a float is the number
that it was then, a list grows by one symbolic tensor. To run the function eagerly instead, all of that is put back as
it was when the trace began, and afterwards as the trace left it.
"""

from __future__ import annotations

import functools
import operator
import random
from collections import deque
from types import CellType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from gradtape.recorders.tensorflow import frames, private

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import CodeType

MOST_OBJECTS = 5_000
"""How many objects are looked through; what is behind them is left as it is."""

MOST_ELEMENTS = 2_000
"""The longest list, dict or set whose elements are looked at."""

MOST_BYTES = 1 << 20
"""The largest array whose numbers are remembered."""

ABSENT = object()

PLAIN = (bool, int, float, complex, str, bytes, type(None), np.ndarray, np.generic)

CONTAINERS = (list, dict, set, deque)

Undo = tuple["Callable[..., None]", tuple[Any, ...]]


class Names(NamedTuple):
    """Names that the code mentions, in a module or an object, with what they stood for."""

    scope: dict[str, Any]
    held: dict[str, Any]


class Standing:
    """What the code of a function may see that is no tensor and no variable, as it is now."""

    def __init__(self, function: Any, arguments: tuple[Any, ...]) -> None:
        walk = _Walk(function, arguments)
        self._objects = [Names(scope, _held(scope, walk.mentioned)) for scope in walk.objects]
        self._modules = [Names(scope, _held(scope, walk.mentioned)) for scope in walk.modules]
        self._cells = [(cell, _inside(cell)) for cell in walk.cells]
        self._contents = [(it, _content(it)) for it in walk.contents if _is_small(it)]
        self._mentioned = walk.mentioned

    def settle(self) -> None:
        """Take over what the trace made for good: weights and layers, and all else of an object that built itself."""
        for names in self._modules:
            names.held.update({k: v for k, v in self._new(names).items() if not _is_plain(v)})
        for names in self._objects:
            new = self._new(names)
            if not all(map(_is_plain, new.values())):
                names.held.update(new)

    def _new(self, names: Names) -> dict[str, Any]:
        now = _held(names.scope, self._mentioned)
        return {key: value for key, value in now.items() if names.held.get(key, ABSENT) is not value}

    def put_back(self) -> list[Undo]:
        """Put everything back; return what undoes that, in reverse."""
        undo: list[Undo] = []
        for scope, held in (*self._objects, *self._modules):
            for key in {*_held(scope, self._mentioned), *held}:
                now, then = scope.get(key, ABSENT), held.get(key, ABSENT)
                if now is not then:
                    undo.append((_set, (scope, key, now)))
                    _set(scope, key, then)
        for cell, then in self._cells:
            now = _inside(cell)
            if now is not then:
                undo.append((_fill, (cell, now)))
                _fill(cell, then)
        for it, content in self._contents:
            if not _is_small(it):
                continue
            here = _content(it)
            if not _same(here, content):
                undo.append((_refill, (it, here)))
                _refill(it, content)
        return undo


def undone(undo: list[Undo]) -> None:
    """Let things be as they were before `put_back`."""
    for do, arguments in reversed(undo):
        do(*arguments)


class _Walk:
    """Finds what code may see: names of modules, cells, attributes, and what containers hold."""

    def __init__(self, function: Any, arguments: tuple[Any, ...]) -> None:
        self.mentioned: set[str] = set()
        self.modules: list[dict[str, Any]] = []
        self.objects: list[dict[str, Any]] = []
        self.cells: list[CellType] = []
        self.contents: list[Any] = []
        self._seen: set[int] = set()
        self._left: list[Any] = [function, *arguments]
        while self._left and len(self._seen) < MOST_OBJECTS:
            self._visit(self._left.pop())
        if "random" in self.mentioned:
            self.contents += (random, np.random)

    def _visit(self, value: Any) -> None:
        if isinstance(value, str | int | float | type(None)) or id(value) in self._seen:
            return
        self._seen.add(id(value))
        function = private.plain_function(value)
        if function is not None:
            self._function(*function)
        elif isinstance(value, tuple):
            self._left += value[:MOST_ELEMENTS]
        elif isinstance(value, CONTAINERS):
            self.contents.append(value)
            if len(value) <= MOST_ELEMENTS:
                self._left += value.values() if isinstance(value, dict) else value
        elif isinstance(value, np.ndarray | np.random.Generator | np.random.RandomState | random.Random):
            self.contents.append(value)
        elif isinstance(value, functools.partial):
            self._left += (value.func, value.args, value.keywords)
        else:
            self._left.append(getattr(value, "__self__", None))
            self._object(value)

    def _function(self, function: FunctionType, owner: Any) -> None:
        self._left.append(owner)
        if not frames.is_users(function.__code__):
            cells = [_inside(c) for c in function.__closure__ or ()]
            self._left += [c for c in cells if c is not ABSENT]
            return
        self._code(function.__code__, function.__globals__)
        self._left += (function.__defaults__, function.__kwdefaults__)
        for cell in function.__closure__ or ():
            self.cells.append(cell)
            self._left.append(_inside(cell))

    def _code(self, code: CodeType, module: dict[str, Any]) -> None:
        self.mentioned.update(code.co_names)
        if not any(m is module for m in self.modules):
            self.modules.append(module)
        self._left += [module[name] for name in code.co_names if name in module]
        for constant in code.co_consts:
            if hasattr(constant, "co_names"):
                self._code(constant, module)

    def _object(self, value: Any) -> None:
        cls = value if isinstance(value, type) else type(value)
        own = [f for c in cls.__mro__ for f in vars(c).values() if _is_users(f)]
        self._left += own
        scope = getattr(value, "__dict__", None)
        if own and type(scope) is dict:
            self.objects.append(scope)
            self._left += scope.values()
        self._left += private.layers_in(value)


def _is_users(value: Any) -> bool:
    function = private.plain_function(value)
    return function is not None and frames.is_users(function[0].__code__)


def _held(scope: dict[str, Any], mentioned: set[str]) -> dict[str, Any]:
    """Return what the mentioned names stand for, without functions, classes and modules."""
    smaller, larger = (scope, mentioned) if len(scope) < len(mentioned) else (mentioned, scope)
    found = {name: scope[name] for name in list(smaller) if name in larger}
    return {name: value for name, value in found.items() if not isinstance(value, FunctionType | type | ModuleType)}


def _is_plain(value: Any) -> bool:
    """Whether a value is what tracing left, and not a weight or a layer that was made for good."""
    if isinstance(value, list | tuple | set | deque):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, value.values()))
    return isinstance(value, PLAIN) or private.is_tensor(value)


def _set(scope: dict[str, Any], key: str, value: Any) -> None:
    if value is ABSENT:
        scope.pop(key, None)
    else:
        scope[key] = value


def _inside(cell: CellType) -> Any:
    try:
        return cell.cell_contents
    except ValueError:
        return ABSENT


def _fill(cell: CellType, value: Any) -> None:
    if value is ABSENT:
        del cell.cell_contents
    else:
        cell.cell_contents = value


def _is_small(it: Any) -> bool:
    if isinstance(it, np.ndarray):
        return it.nbytes <= MOST_BYTES and it.flags.writeable and not it.dtype.hasobject
    return not isinstance(it, CONTAINERS) or len(it) <= MOST_ELEMENTS


def _content(it: Any) -> Any:
    """Return a copy of what something holds that is changed in place."""
    if isinstance(it, np.ndarray):
        return it.copy()
    if isinstance(it, CONTAINERS):
        return dict(it) if isinstance(it, dict) else list(it)
    if isinstance(it, np.random.Generator):
        return it.bit_generator.state
    return it.getstate() if hasattr(it, "getstate") else it.get_state()


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, np.ndarray):
        return bool(one.shape == other.shape and one.tobytes() == other.tobytes())
    if isinstance(one, list):
        return len(one) == len(other) and all(map(operator.is_, one, other))
    if isinstance(one, tuple):
        return all(_same(a, b) for a, b in zip(one, other, strict=True))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(_same(value, other[key]) for key, value in one.items())
    return one is other or bool(isinstance(one, PLAIN) and type(one) is type(other) and one == other)


def _refill(it: Any, content: Any) -> None:
    """Let something hold again what it held, without telling anybody who follows its changes."""
    if isinstance(it, np.ndarray):
        it[...] = content
    elif isinstance(it, list):
        list.__setitem__(it, slice(None), content)
    elif isinstance(it, dict):
        dict.clear(it)
        dict.update(it, content)
    elif isinstance(it, set | deque):
        it.clear()
        it.update(content) if isinstance(it, set) else it.extend(content)
    elif isinstance(it, np.random.Generator):
        it.bit_generator.state = content
    else:
        (it.setstate if hasattr(it, "setstate") else it.set_state)(content)
