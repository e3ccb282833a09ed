"""How the program calls its values: looked up by identity in the scopes that asked, in containers and attributes."""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Mapping
from dis import get_instructions
from functools import cached_property, lru_cache
from types import BuiltinFunctionType, FunctionType, MethodType, ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

MOST_OBJECTS = 5_000
"""How many objects of a program are looked into for a name."""

DEPTH = 5
OPAQUE = (ModuleType, FunctionType, BuiltinFunctionType, MethodType, type, str, bytes, int, float, complex)
"""What has nothing in it that a source could be."""


class Naming:
    """The shortest names under which the objects of a frame are reached: `w`, `layers[2].kernel`, `self.head.b`.

    What the variable of a loop holds has another name in a moment: it is called so only if nothing else leads to it.
    Likewise a number in a list of arrays says less than the object to which an array belongs.
    Nothing of the program runs for it: items of lists, tuples and dicts and what stands in an object's `__dict__` are
    looked at, no property and no method is.
    """

    def __init__(self, frame: FrameType | None) -> None:
        scopes: list[Mapping[str, Any]] = [frame.f_locals, frame.f_globals] if frame is not None else []
        if scopes and scopes[0] is scopes[1]:  # at the top of a module
            scopes.pop()
        self._names: dict[int, str] = {}
        self._kept: list[Any] = []  # an id is an object's own only as long as the object lives
        waiting: deque[tuple[str, Any, int]] = deque()
        listed: deque[tuple[str, Any, int]] = deque()
        passing: deque[tuple[str, Any, int]] = deque()
        codes = (frame.f_code, _module(frame)) if frame is not None else ()
        for scope, code in zip(scopes, codes, strict=False):
            loops = loop_variables(code) if code is not None else frozenset()
            for name, value in list(scope.items()):
                if not name.startswith("__"):
                    (passing if name in loops else waiting).append((name, value, 0))
        while (waiting or listed or passing) and len(self._names) < MOST_OBJECTS:
            name, value, depth = (waiting or listed or passing).popleft()
            if isinstance(value, OPAQUE) or value is None or id(value) in self._names:
                continue
            self._names[id(value)] = name
            self._kept.append(value)
            if depth < DEPTH:
                flat = depth == 0 and isinstance(value, list | tuple) and not hasattr(value, "_fields")
                for part, inner in _parts(value):
                    later = flat and hasattr(type(inner), "shape")
                    (listed if later else waiting).append((f"{name}{part}", inner, depth + 1))

    def of(self, value: Any) -> str | None:
        """Return how the program calls an object, None if it was not met."""
        return self._names.get(id(value))


def _module(frame: FrameType) -> CodeType | None:
    """Return the code of the module that runs around a frame of its own; None if it has run."""
    here: FrameType | None = frame
    while here is not None and (here.f_code.co_name != "<module>" or here.f_globals is not frame.f_globals):
        here = here.f_back
    return here.f_code if here is not None else None


@lru_cache(maxsize=1024)
def loop_variables(code: CodeType) -> frozenset[str]:
    """Return the names that the loops of a function assign in each round: what is stored when the next item came."""
    found: set[str] = set()
    storing = False
    for instruction in get_instructions(code):
        if instruction.opname == "FOR_ITER":
            storing = True
        elif storing and "STORE" in instruction.opname:
            names = instruction.argval
            found.update(names if isinstance(names, tuple) else (names,))
        elif not instruction.opname.startswith(("UNPACK", "EXTENDED", "CACHE")):
            storing = False
    return frozenset(found)


class Later(Mapping[int, str]):
    """Names of values by id that are looked up when somebody asks for the first of them."""

    def __init__(self, look_up: Callable[[], dict[int, str]]) -> None:
        self._look_up = look_up

    @cached_property
    def _found(self) -> dict[int, str]:
        return self._look_up()

    def __getitem__(self, value: int) -> str:
        return self._found[value]

    def __iter__(self) -> Iterator[int]:
        return iter(self._found)

    def __len__(self) -> int:
        return len(self._found)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    """Yield what an object holds, with what is written behind its name to reach it."""
    if isinstance(value, list | tuple):
        named = getattr(value, "_fields", None)
        for k, item in enumerate(value):
            yield (f".{named[k]}" if named is not None else f"[{k}]"), item
    elif isinstance(value, dict):
        for key, item in list(value.items()):
            if isinstance(key, str | int):
                yield f"[{key!r}]", item
    elif (ours := type(value).__module__.startswith("gradtape.")) and not hasattr(type(value), "named_variables"):
        return  # what our own objects hold is nobody's name for it, but for modules, whose attributes people know
    else:
        for name, item in list(_attributes(value).items()):
            if not name.startswith("_" if ours else "__"):
                yield f".{name}", item


def _attributes(value: Any) -> dict[str, Any]:
    """Return an object's own attributes, past a class that looks them up in its own way."""
    try:
        found = object.__getattribute__(value, "__dict__")
    except (AttributeError, TypeError):
        return {}
    return found if isinstance(found, dict) else {}


@lru_cache(maxsize=4096)
def is_plain(text: str) -> bool:
    """Whether a text is a name as people say it: `w`, `self.kernel`, `layers[2].w`, and no call or list."""
    try:
        node: ast.AST = ast.parse(text, mode="eval").body
    except SyntaxError:
        return False
    while isinstance(node, ast.Attribute | ast.Subscript):
        if isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Constant):
            return False
        node = node.value
    return isinstance(node, ast.Name)
