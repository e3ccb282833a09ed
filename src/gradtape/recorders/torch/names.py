"""What the user's program calls a tensor: the path in a module, a variable, an element of a container."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

import torch

from gradtape.diagnostics import syntax
from gradtape.recorders.torch.frames import is_direct

if TYPE_CHECKING:
    import ast
    from collections.abc import Collection, Iterator
    from types import FrameType

    from gradtape.diagnostics import Span

MOST = 5_000
"""How many objects are looked at for the sake of names."""

DEPTH = 3


class Names:
    """Names of tensors, by identity, as they were when somebody looked."""

    def __init__(self, frame: FrameType | None) -> None:
        self.by_id: dict[int, str] = {}
        self.modules: list[torch.nn.Module] = []
        self._kept: list[Any] = []
        scopes = _scopes(frame)
        self._add_modules(scopes)
        for scope in scopes:
            for name, value in scope.items():
                if isinstance(value, torch.Tensor) and not name.startswith("__"):
                    self._name(value, name)
        self._add_contents(scopes)

    def of(self, tensor: torch.Tensor) -> str | None:
        """Return the name of a tensor, None if it has none."""
        return self.by_id.get(id(tensor))

    def of_results(self, attributes: Collection[str]) -> tuple[str, ...]:
        """Return the names of the results of operations that objects keep under some attributes."""
        known = [(self.of(t) or "") for t in self._kept if t.grad_fn is not None]
        return tuple(dict.fromkeys(n for n in known if "." in n and n.rpartition(".")[2] in attributes))

    def _name(self, tensor: torch.Tensor, name: str) -> None:
        self.by_id.setdefault(id(tensor), name)
        self._kept.append(tensor)

    def _add_modules(self, scopes: list[Mapping[str, Any]]) -> None:
        """Name parameters by their module's path; the name that an outer scope gives a module goes first."""
        found = [
            (name, value)
            for scope in scopes
            for name, value in _members(scope)
            if isinstance(value, torch.nn.Module) and not isinstance(value, type)
        ]
        found.sort(key=lambda pair: (pair[0].split(".")[0] == "self", -_size(pair[1])))
        for name, module in found:
            self.modules.append(module)
            for path, parameter in (*module.named_parameters(), *module.named_buffers(), *_plain_members(module)):
                self._name(parameter, f"{name}.{path}")

    def _add_contents(self, scopes: list[Mapping[str, Any]]) -> None:
        pending = [
            (f"{name}", value, 0) for scope in scopes for name, value in scope.items() if not name.startswith("__")
        ]
        seen: set[int] = set()
        looked = 0
        while pending and looked < MOST:
            text, value, depth = pending.pop(0)
            looked += 1
            if id(value) in seen or isinstance(value, type | torch.nn.Module):
                continue
            seen.add(id(value))
            for step, part in _parts(value):
                name = text + step
                if isinstance(part, torch.Tensor):
                    self._name(part, name)
                elif isinstance(part, torch.nn.Module):
                    for path, parameter in part.named_parameters():
                        self._name(parameter, f"{name}.{path}")
                elif depth < DEPTH and (isinstance(part, list | tuple | Mapping) or _is_users(part)):
                    pending.append((name, part, depth + 1))


def _scopes(frame: FrameType | None) -> list[Mapping[str, Any]]:
    """Return the variables of the main program, then of the functions that run, outermost first."""
    local: list[Mapping[str, Any]] = []
    while frame is not None:
        if is_direct(frame) and frame.f_code.co_name != "<module>":
            local.append(dict(frame.f_locals))
        frame = frame.f_back
    main = sys.modules.get("__main__")
    return [dict(vars(main)) if main is not None else {}, *reversed(local)]


def _members(scope: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield variables, and the attributes of objects of the user's own classes."""
    for name, value in scope.items():
        yield name, value
        if _is_users(value) and not isinstance(value, torch.nn.Module):
            for attribute, part in islice(vars(value).items(), 200):
                yield f"{name}.{attribute}", part


def _plain_members(module: torch.nn.Module) -> Iterator[tuple[str, torch.Tensor]]:
    """Yield the tensors that modules hold as plain attributes or in plain lists, and know nothing of."""
    for path, part in module.named_modules():
        for name, value in vars(part).items():
            whole = f"{path}.{name}" if path else name
            if isinstance(value, torch.Tensor):
                yield whole, value
            elif not name.startswith("_") and isinstance(value, list | tuple | Mapping):
                for step, inner in _parts(value):
                    if isinstance(inner, torch.Tensor):
                        yield f"{whole}{step}", inner
                    elif isinstance(inner, torch.nn.Module):
                        yield from ((f"{whole}{step}.{last}", p) for last, p in inner.named_parameters())


def _is_users(value: Any) -> bool:
    """Whether something is an instance of a class that the user wrote."""
    module = sys.modules.get(getattr(type(value), "__module__", ""))
    file = getattr(module, "__file__", None)
    from gradtape.recorders.torch.frames import is_foreign

    return hasattr(value, "__dict__") and isinstance(file, str) and not is_foreign(file) and not isinstance(value, type)


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f"[{key!r}]", part) for key, part in islice(value.items(), 500))
    elif isinstance(value, list | tuple):
        yield from ((f"[{place}]", part) for place, part in enumerate(islice(value, 500)))
    elif _is_users(value):
        yield from ((f".{name}", part) for name, part in islice(vars(value).items(), 200))


def _size(module: torch.nn.Module) -> int:
    return sum(1 for _ in module.modules())


def receiver(span: Span) -> ast.expr | None:
    """Return what stands before the dot of an attribute or a method call at a place: `x` of `x.grad`."""
    node = syntax.expression_at(span)
    node = getattr(node, "func", node)
    value: ast.expr | None = getattr(node, "value", None)
    return value


def text_before_dot(span: Span, otherwise: str) -> str:
    """Return the text of the receiver, or a word of ours where it cannot be read or is too long to be a name."""
    node = receiver(span)
    text = syntax.text_of(node) if node is not None else ""
    return text if 0 < len(text) <= 60 else otherwise
