"""Edits where a value was computed before the tape and is read in the tape's block: compute it where it is read."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.scopes import given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import ASKING
from gradtape.explain.edits.case import assigned_before, defined_in, simple_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gradtape.diagnostics import Span
    from gradtape.explain.edits.builders import Changes

MOST_CALLS = 4
"""Through how many calls a value is followed to where it is read."""


def computed_where_read(places: Iterable[Span], block: ast.With | ast.AsyncWith) -> Changes:
    """Write what a name was given before the tape in the place of the name, in the functions that read it.

    Parameters
    ----------
    places : iterable of Span
        Where the operations were called that the tape does not have, in their order.
    block : ast.With
        The block of the tape.
    """
    places = list(places)
    handed = _handed(places, block)
    found = given_before(places) if not handed else None
    if found is None:
        return handed
    scope, name, value = found
    file = places[0].file
    outside = _read_from_outside(scope, name, value, file)
    return (*outside, *_read_as_argument(scope, name, value, _Place(file, block), MOST_CALLS))


def read_from_outside(places: list[Span]) -> Changes:
    """Do so in the functions that read the name from the scope around them, as a library calls them."""
    found = given_before(places) if places else None
    return _read_from_outside(*found, places[0].file) if found is not None else ()


def given_before(places: list[Span]) -> tuple[ast.AST, str, str] | None:
    """Return the scope where operations were called, the name that it gives what came out, and that written out."""
    found = [syntax.statement_at(place) for place in places]
    statements = [s for s in dict.fromkeys(found) if isinstance(s, ast.Assign) and isinstance(s.targets[0], ast.Name)]
    if not statements or len(statements) != len(set(found)):
        return None
    file, scope = places[0].file, syntax.function_at(places[0])
    made = {syntax.text_of(s.targets[0]): s.value for s in statements}
    last, tree = statements[-1], syntax.parse_file(file)
    if tree is None or any(syntax.function_at(place) is not scope for place in places):
        return None
    return scope if scope is not None else tree, syntax.text_of(last.targets[0]), _expanded(last.value, made, file)


def parts_from_others(statement: ast.stmt, ran: list[Span], file: str) -> list[str]:
    """Write the parts of what a call gives in which something ran, as computed from the others: `xt = concat([x, t])`.

    Parameters
    ----------
    statement : ast.stmt
        Parts what one call of a function of the file gives into names.
    ran : list of Span
        Where in that function the operations were called.
    file : str
    """
    call, targets = getattr(statement, "value", None), getattr(statement, "targets", [])
    function = defined_in(file, call) if isinstance(call, ast.Call) else None
    returned = [n for n in syntax.walk_scope(function) if isinstance(n, ast.Return)] if function is not None else []
    whole, names = (returned[0].value, targets[0]) if len(returned) == len(targets) == 1 else (None, None)
    if function is None or not isinstance(call, ast.Call):
        return []
    if not isinstance(whole, ast.Tuple) or not isinstance(names, ast.Tuple):
        return []
    pairs = list(zip(names.elts, whole.elts, strict=False))
    words = {syntax.text_of(value): syntax.text_of(name) for name, value in pairs if isinstance(value, ast.Name)}
    passed = ((p, given_for(call, function, p)) for p in syntax.parameter_names(function))
    words |= {p: builders.written(given, file) for p, given in passed if given is not None and p not in words}
    lines = []
    for name, element in pairs:
        value = element
        if isinstance(element, ast.Name):
            value = assigned_before(function, element.id, whole.lineno) or element
        if not any(syntax.span_of(value, file).contains(span) for span in ran):
            continue
        read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)}
        if (read & own(function)) - words.keys() or not read & words.keys():
            return []
        lines.append(f"{syntax.text_of(name)} = {with_names(builders.written(value, file), words)}")
    return lines


def _handed(places: list[Span], block: ast.With | ast.AsyncWith) -> Changes:
    """Compute in a function what a call hands to it as it is computed: `step(loss_of(w))`."""
    if not places:
        return ()
    at = places[0]
    calls = [n for n in reversed(syntax.around(at)) if isinstance(n, ast.Call)]
    for call in calls:
        function = defined_in(at.file, call)
        given = next((a for a in call.args if syntax.span_of(a, at.file).contains(at)), None)
        if function is None or given is None:
            continue
        names = syntax.parameter_names(function)
        passed = {p: g for p in names if (g := given_for(call, function, p)) is not None}
        parameter = next((p for p, g in passed.items() if g is given), None)
        called = {syntax.text_of(g): p for p, g in passed.items() if isinstance(g, ast.Name | ast.Attribute)}
        value = in_the_words_of(function, called, builders.written(given, at.file), at.file)
        if parameter is None or value is None or not all(syntax.span_of(given, at.file).contains(p) for p in places):
            return ()
        place = _Place(at.file, block)
        further = _read_as_argument(function, parameter, value, place, MOST_CALLS - 1)
        return further or place.read(function, parameter, value)
    return ()


class _Place(NamedTuple):
    """The file, and the block of the tape in it."""

    file: str
    block: ast.With | ast.AsyncWith

    def read(self, function: ast.FunctionDef, name: str, value: str) -> Changes:
        """Put a value in the place of a parameter; at the end of the block, where the tape is asked for that."""
        places = syntax.mentions(function, name)
        asked = [n for n in places if any(simple_name(c) in ASKING for c in self._calls_around(n))]
        rest = [n for n in places if n not in asked]
        read = tuple(c for n in rest for c in builders.replace(n, self.file, value))
        if not asked:
            return read
        inside = syntax.function_at(syntax.span_of(self.block, self.file)) is function
        if rest or not inside:
            return ()
        last, text = self.block.body[-1], f"{name} = {value}"
        return (
            builders.replace_statement(last, self.file, text)
            if isinstance(last, ast.Pass)
            else builders.insert_after(last, self.file, text)
        )

    def _calls_around(self, node: ast.expr) -> list[ast.expr]:
        return [n for n in builders.path_to(node, self.file) if isinstance(n, ast.Call)]


def _expanded(value: ast.expr, made: dict[str, ast.expr], file: str) -> str:
    """Return an expression with the names in it replaced that were computed before the tape as well."""
    inner = [n for n in ast.walk(value) if isinstance(n, ast.Name) and n.id in made and made[n.id] is not value]
    if not inner:
        return builders.written(value, file)
    rest = {name: v for name, v in made.items() if v is not value}
    return with_names(builders.written(value, file), {name: _expanded(v, rest, file) for name, v in rest.items()})


class _Names(ast.NodeTransformer):
    """Puts expressions in the place of names and of attributes of these."""

    def __init__(self, words: dict[str, str]) -> None:
        self.words = words

    def visit_Name(self, node: ast.Name) -> ast.expr:
        return ast.parse(self.words.get(node.id, node.id), mode="eval").body

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        text = self.words.get(syntax.text_of(node))
        return ast.parse(text, mode="eval").body if text is not None else self.generic_visit(node)


def with_names(text: str, words: dict[str, str]) -> str:
    """Write an expression with others in the place of names, and of attributes that are written so."""
    return ast.unparse(_Names(words).visit(ast.parse(f"({text}\n)", mode="eval")).body)


def _names(text: str, file: str) -> list[str]:
    """Return the names that an expression reads and that are no modules."""
    nodes = [n for n in ast.walk(ast.parse(f"({text}\n)", mode="eval")) if isinstance(n, ast.Name)]
    tree = syntax.parse_file(file)
    modules = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name) and scopes.is_module(n, file)} if tree else set()
    return [n for n in dict.fromkeys(node.id for node in nodes) if n not in modules]


def own(function: ast.FunctionDef | ast.Lambda) -> set[str]:
    """Return the names that a function gives values to."""
    stored = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored | {a.arg for a in ast.walk(function.args) if isinstance(a, ast.arg)}


def _read_from_outside(scope: ast.AST, name: str, value: str, file: str) -> Changes:
    """Replace the name in the functions that read it from the scope around them."""
    inner = [n for n in ast.walk(scope) if isinstance(n, ast.FunctionDef | ast.Lambda) and n is not scope]
    taken = set(_names(value, file))
    readers = [f for f in inner if name not in own(f) and not taken & own(f)]
    return tuple(c for f in readers for n in syntax.mentions(f, name) for c in builders.replace(n, file, value))


def _read_as_argument(scope: ast.AST, name: str, value: str, at: _Place, calls: int) -> Changes:
    """Replace the parameter by which a function gets the value, if it gets everything that the value is made from."""
    found: Changes = ()
    file = at.file
    for call in (n for n in syntax.walk_scope(scope) if isinstance(n, ast.Call)):
        function = defined_in(file, call)
        given = [a for a in (*call.args, *(k.value for k in call.keywords)) if syntax.text_of(a) == name]
        if function is None or not given or function is scope or not calls:
            continue
        names = syntax.parameter_names(function)
        passed = {p: g for p in names if (g := given_for(call, function, p)) is not None}
        parameter = next((p for p, g in passed.items() if g is given[0]), None)
        called = {syntax.text_of(g): p for p, g in passed.items()}
        inside = in_the_words_of(function, called, value, file)
        if parameter is None or inside is None:
            continue
        further = _read_as_argument(function, parameter, inside, at, calls - 1)
        found = (*found, *(further or at.read(function, parameter, inside)))
    return found


def in_the_words_of(function: ast.FunctionDef, called: dict[str, str], value: str, file: str) -> str | None:
    """Write an expression with the names that a function has for what is in it; None if it does not get all of it."""
    tree, stored = syntax.parse_file(file), own(function)
    top = {n for s in (tree.body if tree is not None else ()) for n in syntax.names_in(s, ast.Store)}
    top |= {n.name for n in (tree.body if tree is not None else ()) if isinstance(n, ast.FunctionDef | ast.ClassDef)}
    words = {}
    for name in _names(value, file):
        if name in called:
            words[name] = called[name]
        elif name not in top or name in stored:
            return None
    if all(name == word for name, word in words.items()):
        return value
    return with_names(value, words)
