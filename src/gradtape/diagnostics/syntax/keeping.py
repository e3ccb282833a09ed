"""What a program computes once and keeps: the place that keeps it, and what lets it be computed only once."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics.syntax.functions import cached_by, called_in, functions_in
from gradtape.diagnostics.syntax.names import names_in, walk_scope
from gradtape.diagnostics.syntax.tree import around, function_at, parse_file, span_of, statement_at, text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from gradtape.diagnostics.spans import Span


class Kept(NamedTuple):
    """Something that is computed once, and kept for whoever asks for it again.

    Parameters
    ----------
    at : Span
        Where it is kept: a statement, or what a function computes whose results are all kept.
    name : str
        What keeps it: `self.table`, `CACHE[key]`, the name of the function.
    guard : ast.stmt or ast.expr
        What keeps it from being computed anew: the branch around it, the branch before it that returns early, the
        decorator, the call of `setdefault`.
    computes : sequence of ast.AST
        What stands in the guard and computes it; empty where that stands beside the guard.
    file : str
        The file of the guard.
    """

    at: Span
    name: str
    guard: ast.stmt | ast.expr
    computes: Sequence[ast.AST]
    file: str


def kept_once(places: Sequence[Span]) -> Kept | None:
    """Return what keeps a value that was computed at a place, which was called from others, innermost first."""
    for number, place in enumerate(places):
        found = _by_decorator(place) or _by_default(place) or _by_branch(place) or _by_return(place)
        if found is None:
            continue
        inner = (_stored_at(p) for p in places[:number])  # where a method stores what it was called for
        return next((found._replace(at=at, name=text_of(target)) for at, target in filter(None, inner)), found)
    return None


def _by_decorator(place: Span) -> Kept | None:
    mark = cached_by(place)
    name = str(getattr(function_at(place), "name", ""))
    return Kept(place, name, mark, (), place.file) if mark is not None else None


def _by_default(place: Span) -> Kept | None:
    """`cache.setdefault(key, f(w))`."""
    for node in reversed(around(place)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "setdefault":
            given = node.args[1] if len(node.args) == 2 else None
            if given is not None and span_of(given, place.file).contains(place):
                return Kept(span_of(node, place.file), text_of(node.func.value), node, (given,), place.file)
    return None


# -- in a branch ------------------------------------------------------------------------------------------------------


def _by_branch(place: Span) -> Kept | None:
    """`if self.table is None: self.table = f(w)`, and what such a branch calls that stores it."""
    for node in reversed(around(place)):
        side = _side(node, place)
        asked = _asked_about(node) if side else set[str]()
        targets = list(_targets(side))
        lasting = [t for _, t in targets if _outlives(t, place)]
        called = {name for s in side for name in called_in(s)}
        methods = [f for f in functions_in(place.file) if f.name in called] if side else []
        further = [t for f in methods for _, t in _targets(f.body) if isinstance(_base(t), ast.Attribute)]
        stored = {text_of(_base(t)) for t in (*lasting, *further)} | {text_of(t) for _, t in targets}
        if (lasting or further) and not stored.isdisjoint(asked):
            at, name = _of_statement(place, lasting, targets) or (place, text_of((lasting or further)[0]))
            return Kept(at, name, node, side, place.file)  # type: ignore[arg-type]
    return None


def _side(node: ast.AST, place: Span) -> list[ast.stmt]:
    """Return the statements of a branch, or of what handles an error, that a place stands in; empty elsewhere."""
    sides: list[list[ast.stmt]] = []
    if isinstance(node, ast.If):
        chained = len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If)
        sides = [node.body] if chained else [node.body, node.orelse]
    elif isinstance(node, ast.Try) and len(node.handlers) == 1 and not node.orelse and not node.finalbody:
        sides = [node.handlers[0].body]
    return next((side for side in sides if any(span_of(s, place.file).contains(place) for s in side)), [])


def _of_statement(
    place: Span, lasting: list[ast.expr], targets: list[tuple[ast.stmt, ast.expr]]
) -> tuple[Span, str] | None:
    """Return where a branch keeps what is computed at a place: in its own statement, or in one that reads its name."""
    own = {text_of(t) for s, t in targets if span_of(s, place.file).contains(place)}
    for statement, target in targets:
        if target in lasting and (span_of(statement, place.file).contains(place) or _reads(statement, own)):
            return span_of(statement, place.file), text_of(target)
    return None


def _asked_about(node: ast.AST) -> set[str]:
    """Return what a branch asks about, with the attribute of `hasattr(self, 'table')`; what `try` tries to read."""
    tested = [node.test] if isinstance(node, ast.If) else node.body if isinstance(node, ast.Try) else []
    calls = [n for part in tested for n in ast.walk(part) if isinstance(n, ast.Call) and len(n.args) > 1]
    named = {
        f"{text_of(call.args[0])}.{call.args[1].value}"
        for call in calls
        if text_of(call.func) in {"hasattr", "getattr"}
        and isinstance(call.args[1], ast.Constant)
        and isinstance(call.args[1].value, str)
    }
    return named | {name for part in tested for name in names_in(part, ast.Load)}


# -- behind a branch that returns early -----------------------------------------------------------------------------


def _by_return(place: Span) -> Kept | None:
    """`if key in cache: return cache[key]`, before what computes and stores it."""
    function, stored = function_at(place), _stored_at(place)
    if not isinstance(function, ast.FunctionDef) or stored is None:
        return None
    at, target = stored
    base = text_of(_base(target))
    given = {base, *(text_of(t) for s, t in _targets(function.body) if base in names_in(s, ast.Load))}
    for statement in function.body:
        if statement.lineno >= place.line:
            return None
        last = statement.body[-1] if isinstance(statement, ast.If) and not statement.orelse else None
        returned = names_in(last.value, ast.Load) if isinstance(last, ast.Return) and last.value else set[str]()
        if given & returned and given & _asked_about(statement):
            return Kept(at, text_of(target), statement, (), place.file)
    return None


def _stored_at(place: Span) -> tuple[Span, ast.expr] | None:
    """Return where what is computed at a place is stored in something that outlives the function, and in what."""
    function, statement = function_at(place), statement_at(place)
    if not isinstance(function, ast.FunctionDef) or statement is None:
        return None
    own: set[str] = set()
    for other, target in _targets(function.body):
        if other.lineno < statement.lineno:
            continue
        made_here = other is statement or _reads(other, own)
        if made_here and _outlives(target, place):
            return span_of(other, place.file), target
        if made_here:
            own.add(text_of(target))
    return None


# -- what statements store --------------------------------------------------------------------------------------------


def _targets(body: Iterable[ast.stmt]) -> Iterator[tuple[ast.stmt, ast.expr]]:
    """Yield what statements give values to, one by one, in the order of their lines."""
    nodes = [n for s in body for n in (s, *walk_scope(s)) if isinstance(n, ast.Assign | ast.AnnAssign | ast.Expr)]
    for node in sorted(nodes, key=lambda n: n.lineno):
        if isinstance(node, ast.Expr):
            named = _named_target(node.value)
            yield from ((node, target) for target in ([named] if named is not None else []))
            continue
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
            yield from ((node, part) for part in parts)


def _named_target(call: ast.expr) -> ast.expr | None:
    """Return the attribute that `self.register_buffer("table", t)` or `setattr(self, "table", t)` gives a value to."""
    if not isinstance(call, ast.Call) or len(call.args) < 2:
        return None
    holder, name = call.args[:2]
    if isinstance(call.func, ast.Attribute) and call.func.attr == "register_buffer":
        holder, name = call.func.value, call.args[0]
    elif text_of(call.func) != "setattr":
        return None
    if not isinstance(name, ast.Constant) or not isinstance(name.value, str):
        return None
    return ast.Attribute(holder, name.value, ast.Store())


def _reads(statement: ast.stmt, names: set[str]) -> bool:
    value = getattr(statement, "value", None)
    return value is not None and not names.isdisjoint(names_in(value, ast.Load))


def _base(target: ast.expr) -> ast.expr:
    while isinstance(target, ast.Subscript):
        target = target.value
    return target


def _outlives(target: ast.expr, place: Span) -> bool:
    """Whether something that is stored is there the next time: in an object, from outside, or in the same loop."""
    base, function, inside = _base(target), function_at(place), around(place)
    if not isinstance(base, ast.Name):
        return isinstance(base, ast.Attribute)
    scope = function if function is not None else parse_file(place.file)
    nodes = list(walk_scope(scope)) if scope is not None else []
    if any(base.id in n.names for n in nodes if isinstance(n, ast.Global | ast.Nonlocal)):
        return True
    own = any(isinstance(n, ast.Name) and n.id == base.id and isinstance(n.ctx, ast.Store) for n in nodes)
    if isinstance(target, ast.Subscript) and not own and function is not None:
        return True
    below = inside[inside.index(function) :] if function in inside else inside
    return any(isinstance(node, ast.For | ast.While) for node in below)
