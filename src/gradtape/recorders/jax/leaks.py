"""Traced values that outlived their function: which they are, where they were made, where they were kept."""

from __future__ import annotations

import ast
import gc
import weakref
from typing import TYPE_CHECKING, Any, NamedTuple

from gradtape.diagnostics import Passage, Site, syntax
from gradtape.recorders.jax import private
from gradtape.recorders.jax.hooks import STATE
from gradtape.recorders.jax.places import Place, among

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Span
    from gradtape.recorders.jax.asking import Asked

MOST = 100
"""How many values that outlived their functions are remembered, the newest."""

STORING = {"append", "add", "extend", "insert", "update", "setdefault", "appendleft", "put", "push", "__setitem__"}
"""Methods that put a value into a container."""


class Leak(NamedTuple):
    """A traced value that is still alive: where it was made, and for whose gradient."""

    value: Any
    made: Place
    asked: Asked | None
    name: str = ""
    """What the function calls it, if it is an argument of its."""


class Leaks:
    """The traced values of a run that outlived their functions."""

    def __init__(self) -> None:
        self._found: list[Leak] = []
        self._told: set[Span] = set()

    def collect(self, asked: Asked) -> None:
        """Remember the values of a function that has returned which somebody still holds."""
        recording = asked.recording
        if recording is None:
            return
        arguments = {source.number: source.name for source in asked.sources}
        for value, number in recording.alive():
            if not isinstance(value, private.Tracer):
                continue
            place = recording.made_at(number)
            if place is not None:
                self._found.append(Leak(weakref.ref(value), place, asked))
            elif number in arguments and hasattr(asked.function, "__code__"):
                start = Place(Site(asked.function.__code__, 0), (asked.place.site, *asked.place.callers))
                self._found.append(Leak(weakref.ref(value), start, asked, arguments[number].partition("[")[0]))
        del self._found[:-MOST]

    def refused(self) -> Leak | None:
        """Return what is known about the value that was refused last, if it outlived its function."""
        value = STATE.refused() if STATE.refused is not None else None
        if value is None:
            return None
        known: Leak | None = next((leak for leak in reversed(self._found) if leak.value() is value), None)
        if known is not None:
            return known
        made = among(private.frames(private.origin(value)))
        return None if made is None else Leak(weakref.ref(value), made, None)

    def kept_in_silence(self) -> Iterator[tuple[Span, str]]:
        """Yield the statements that keep a value which nobody has used yet, with the function's name."""
        for leak in self._found:
            if leak.value() is not None and leak.asked is not None:
                kept = self._kept(leak)
                if kept is not None and kept not in self._told:
                    yield kept, getattr(leak.asked.function, "__name__", "the function")

    def kept_at(self, leak: Leak) -> Passage:
        """Return the statement that kept a value, or else where it was made."""
        kept = self._kept(leak) or leak.made.site.span
        self._told.add(kept)
        return Passage(kept)

    def _kept(self, leak: Leak) -> Span | None:
        """Return the statement that kept a value, read from the functions that were running when it was made."""
        names = set(_holders(leak.value()))
        for known in (names, set[str]()):
            for site in (leak.made.site, *leak.made.callers):
                statement = _keeping(site.span, known, leak.name)
                if statement is not None:
                    return statement
        return _kept_by_another(leak, names)


def _kept_by_another(leak: Leak, names: set[str]) -> Span | None:
    """Return the statement of a function that was handed the value, and keeps it under one of its names."""
    made = leak.made.site.span
    function = syntax.function_at(made)
    held = {*syntax.assigned_names(made), *([leak.name] if leak.name else ())}
    handed = {
        syntax.text_of(call.func).rpartition(".")[2]
        for call in (ast.walk(function) if function is not None else ())
        if isinstance(call, ast.Call) and any(held & syntax.names_in(a, ast.Load) for a in call.args)
    }
    for keeper in (f for f in syntax.functions_in(made.file) if f.name in handed and f is not function):
        given = set(syntax.parameter_names(keeper))
        for statement in _statements(keeper):
            if given & syntax.names_in(statement, ast.Load) and names and _stores(statement, set(), names):
                return syntax.span_of(statement, made.file)
    return None


def _holders(value: Any, depth: int = 0) -> Iterator[str]:
    """Yield the names under which a value is held: attributes, keys, variables, and those of containers around it."""
    for holder in gc.get_referrers(value):
        if isinstance(holder, dict):
            yield from (str(key) for key, held in list(holder.items()) if held is value)
        elif isinstance(holder, list | tuple | set) and depth < 2 and len(holder) < 100_000:
            yield from _holders(holder, depth + 1)
        elif hasattr(holder, "__dict__") and not isinstance(holder, type):
            yield from (str(key) for key, held in list(vars(holder).items()) if held is value)
        if isinstance(holder, dict) and depth < 2:  # a dict of the program's own has a name too
            yield from _holders(holder, depth + 1)


def _keeping(made: Span, names: set[str], argument: str) -> Span | None:
    """Return the statement of a function that keeps what an expression gave, or an argument.

    If there are names, it must be kept under one of them.
    """
    function = syntax.function_at(made)
    if function is None or isinstance(function, ast.Lambda):
        return None
    outside = {n for node in ast.walk(function) if isinstance(node, ast.Global | ast.Nonlocal) for n in node.names}
    held = {*syntax.assigned_names(made), *([argument] if argument else ())}
    for statement in sorted(_statements(function), key=lambda s: s.lineno):
        whole = syntax.span_of(statement, made.file)
        reads = syntax.names_in(statement, ast.Load)
        if not (whole.contains(made) or reads & held):
            continue
        if _stores(statement, outside, names):
            return whole
        if isinstance(statement, ast.Assign | ast.AugAssign | ast.AnnAssign):
            held |= syntax.names_in(statement, ast.Store)
    return None


def _statements(function: ast.AST) -> Iterator[ast.stmt]:
    for node in syntax.walk_scope(function):
        if isinstance(node, ast.Assign | ast.AugAssign | ast.AnnAssign | ast.Expr):
            yield node


def _stores(statement: ast.stmt, outside: set[str], names: set[str]) -> bool:
    """Whether a statement puts something where it outlives the function."""
    if isinstance(statement, ast.Expr):
        call = statement.value
        if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr in STORING):
            return False
        return not names or bool(names & _words(call.func.value))
    targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]  # type: ignore[attr-defined]
    for target in (part for t in targets for part in (t.elts if isinstance(t, ast.Tuple | ast.List) else [t])):
        lasting = isinstance(target, ast.Attribute | ast.Subscript) or (
            isinstance(target, ast.Name) and target.id in outside
        )
        if lasting and (not names or names & _words(target)):
            return True
    return False


def _words(node: ast.AST) -> set[str]:
    found: set[str] = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Name):
            found.add(part.id)
        elif isinstance(part, ast.Attribute):
            found.add(part.attr)
        elif isinstance(part, ast.Constant) and isinstance(part.value, str):
            found.add(part.value)
    return found
