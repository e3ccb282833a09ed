"""Edits where an object keeps what was computed before the tape: it is computed where the attribute is read."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, defined_in, parts, statements_of
from gradtape.explain.edits.recording import anew

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gradtape.diagnostics import Span
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.graph import Event, Operation

NONE: Mapping[object, str] = {}

LONGEST = 200
"""How many characters an expression may have that is written in the place of an attribute."""


class Kept(NamedTuple):
    """What a method of a class computes and keeps as an attribute of the object."""

    name: str
    value: ast.expr
    method: ast.FunctionDef
    holder: ast.ClassDef
    at: Span
    part: int | None = None
    """Which part of the value it is, where a call gives several: `self.a, self.b = self.make()`."""

    @property
    def file(self) -> str:
        """The file of the class."""
        return self.at.file


def computed_where_read(case: Case) -> Changes:
    """Write what an attribute was given before the tape in its place, wherever it is read."""
    routed = [link.operation for _, link in case.route.broken]
    found = dict.fromkeys(kept for operation in routed for kept in _kept_for(operation))
    kept = list(found) or _kept_at(case.at)
    others = case.context.run.once("kept in attributes", lambda: _all_kept(case))
    again = [one for one in kept if one.part is None or not makes_variables(case, one.at)]
    routed_at = [operation.site.span for operation in routed]
    return tuple(dict.fromkeys(c for one in again for c in _Words(one, others, routed_at).put_where_read()))


def makes_variables(case: Case, place: Span) -> bool:
    """Whether what was called at a place made variables: another call makes others in their place."""
    codes = set()
    for operation in (link.operation for _, link in case.route.broken):
        sites = (operation.site, *operation.callers)
        inner = next((k for k, site in enumerate(sites) if place.contains(site.span)), 0)
        codes |= {site.code for site in sites[:inner]}
    made = [event for event in case.context.run.events if event.kind == "create"]
    return any(site.code in codes or place.contains(site.span) for e in made for site in (e.site, *e.callers))


def _all_kept(case: Case) -> dict[str, Kept]:
    """Return all that objects keep of what the tape does not have, by the attribute, if it is no variable."""
    columns, first = case.context.run.columns, dict[object, int]()
    for number in columns.broken:
        first.setdefault(columns.places[number], number)
    found = [kept for number in first.values() for kept in _kept_for(columns[number])]
    variables = {kept for e in case.context.run.events if e.kind == "create" for kept in _kept_for(e)}
    return {kept.name: kept for kept in found if kept not in variables}


def _kept_for(made: Operation | Event) -> list[Kept]:
    """Return the attributes that keep what was computed somewhere, the innermost of those that calls lead through."""
    found = (_kept_at(site.span) for site in (made.site, *made.callers))
    return next((kept for kept in found if kept), [])


def _kept_at(span: Span) -> list[Kept]:
    """Return the attributes that an assignment in a method gives what is computed at a place."""
    statement, method = syntax.statement_at(span), syntax.function_at(span)
    holder = next((n for n in reversed(syntax.around(span)) if isinstance(n, ast.ClassDef)), None)
    if not isinstance(statement, ast.Assign) or not isinstance(method, ast.FunctionDef) or holder is None:
        return []
    whole = syntax.span_of(statement, span.file)
    pairs = [(t, v) for t, v in syntax.assigned_pairs(statement) if syntax.span_of(v, span.file).contains(span)]
    alone = [Kept(t.attr, v, method, holder, whole) for t, v in pairs if _is_own(t) and isinstance(t, ast.Attribute)]
    return alone[:1] or [
        Kept(part.attr, value, method, holder, whole, number)
        for target, value in pairs
        if isinstance(target, ast.Tuple) and isinstance(value, ast.Call)
        for number, part in enumerate(target.elts)
        if _is_own(part) and isinstance(part, ast.Attribute)
    ]


def _is_own(target: ast.expr) -> bool:
    return isinstance(target, ast.Attribute) and syntax.text_of(target.value) == "self"


def argument_where_read(places: list[Span]) -> Changes:
    """Do so for an attribute by which an object keeps an argument that was computed before the tape."""
    found = anew.given_before(places) if places else None
    if found is None:
        return ()
    (scope, name, value), file = found, places[0].file
    changes: list[Change] = []
    for call in (n for n in syntax.walk_scope(scope) if isinstance(n, ast.Call)):
        method = scopes.maker_of(file, call)
        holder = builders.parent_of(method, file) if method is not None else None
        if method is None or not isinstance(holder, ast.ClassDef):
            continue
        given = {p: g for p in syntax.parameter_names(method) if (g := given_for(call, method, p)) is not None}
        kept = attributes_of(method)
        called = {syntax.text_of(g): kept[p] for p, g in given.items() if p in kept}
        text = anew.in_the_words_of(method, called, value, file) if name in called else None
        statement = next((s for s in statements_of(method) if called.get(name) in syntax.names_in(s, ast.Store)), None)
        if text is not None and statement is not None:
            at = syntax.span_of(statement, file)
            attribute = called[name].removeprefix("self.")
            changes += _put_for(Kept(attribute, ast.Constant(None), method, holder, at), text)
    return tuple(changes)


class _Words:
    """Writes what an attribute is given in words that every method of the object can read.

    Parameters
    ----------
    kept : Kept
    others : dict of Kept
        All that objects keep of what the tape does not have: what is written reads none of it.
    routed : list of Span
        Where the ways from the source lead through.
    """

    def __init__(self, kept: Kept, others: dict[str, Kept], routed: list[Span]) -> None:
        self.kept, self.others, self.routed = kept, others, routed
        self.held: list[str] = []

    def put_where_read(self) -> Changes:
        """Replace the attribute wherever it is read outside of the method that computes it."""
        kept, value = self.kept, self.kept.value
        keys = [k.value for k in value.keys if isinstance(k, ast.Constant)] if isinstance(value, ast.Dict) else []
        if isinstance(value, ast.Dict) and keys and len(keys) == len(value.keys):
            texts = zip(keys, (self._written(kept._replace(value=v), ()) for v in value.values), strict=True)
            return self._with_held(_put_for(kept, "", {key: text for key, text in texts if text is not None}))
        text = self._written(kept, ())
        return self._with_held(_put_for(kept, text)) if text is not None else ()

    def _with_held(self, changes: Changes) -> Changes:
        statement = syntax.statement_at(self.kept.at)
        if not changes or not self.held or statement is None:
            return changes
        lines = [f"self.{name} = {name}" for name in dict.fromkeys(self.held)]
        return (*builders.insert_before(statement, self.kept.file, *lines), *changes)

    def _written(self, kept: Kept, inside: tuple[ast.expr, ...]) -> str | None:
        """Return what an attribute or a name is given in words that are read everywhere; None where it cannot."""
        if kept.value in inside or _draws(kept.value, kept.file):
            return None
        words: dict[str, str] = {}
        for name in _outer_names(kept.value, kept.file):
            text = self._word(name, kept.value, kept, (*inside, kept.value))
            if text is None:
                return None
            if text != name:
                words[name] = text
        text = builders.written(kept.value, kept.file)
        if words or "\n" in text:
            text = anew.with_names(text, words)
        return text if kept.part is None else f"{text}[{kept.part}]"

    def _word(self, name: str, where: ast.expr, kept: Kept, inside: tuple[ast.expr, ...]) -> str | None:
        """Return how a method of the object writes what is called so where the attribute is computed."""
        file, method = kept.file, kept.method
        if name.startswith("self."):
            other = self.others.get(name.removeprefix("self."))
            return name if other is None else self._written(other, inside)
        if name in syntax.parameter_names(method) and name not in syntax.names_in(method, ast.Store):
            return attributes_of(method).get(name) or _given(name, method, file)
        if name not in anew.own(method):
            return name
        given = [s for s in statements_of(method) if name in syntax.names_in(s, ast.Store)]
        value = assigned_before(method, name, where.lineno)
        simple = len(given) == 1 and given[0] in method.body and value is getattr(given[0], "value", None)
        if value is not None and simple:
            text = self._written(kept._replace(value=value, at=syntax.span_of(given[0], file), part=None), inside)
            if text is not None:
                return text
        return self._hold(name, given) if where is self.kept.value else None

    def _hold(self, name: str, given: list[ast.stmt]) -> str | None:
        """Let the object keep a value of the method that nothing asked for goes through: a mask that was drawn."""
        spans = [syntax.span_of(s, self.kept.file) for s in given]
        tree = syntax.parse_file(self.kept.file)
        taken = {n.attr for n in ast.walk(tree) if isinstance(n, ast.Attribute)} if tree is not None else {name}
        if name in taken | OF_LAYERS or any(span.contains(way) for span in spans for way in self.routed):
            return None
        self.held.append(name)
        return f"self.{name}"


OF_LAYERS = {"name", "path", "dtype", "input", "output", "losses", "metrics", "weights", "variables", "built", "states"}
"""Attributes that layers have themselves."""


def _put_for(kept: Kept, text: str, parts_of_it: Mapping[object, str] = NONE) -> Changes:
    """Put an expression for an attribute, or for the parts of a dict that are read by their keys."""
    tree = syntax.parse_file(kept.file)
    if tree is None or len(text) > LONGEST or not _has_one_meaning(kept, tree):
        return ()
    found = list[tuple[ast.expr, str]]()
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute) or node.attr != kept.name or not isinstance(node.ctx, ast.Load):
            continue
        reader = syntax.function_at(syntax.span_of(node, kept.file))
        if reader is kept.method or scopes.is_module(node, kept.file) or not _may_be_of(kept.holder, node, kept.file):
            continue
        whole = builders.parent_of(node, kept.file) if parts_of_it else None
        key = whole.slice.value if isinstance(whole, ast.Subscript) and isinstance(whole.slice, ast.Constant) else None
        new = parts_of_it.get(key) if parts_of_it else text
        if not new or (isinstance(reader, ast.FunctionDef) and _names_in(new) & anew.own(reader)):
            return ()
        found.append((whole if isinstance(whole, ast.Subscript) else node, _for_object(new, node)))
    return tuple(c for node, new in found for c in builders.replace(node, kept.file, new))


def _may_be_of(holder: ast.ClassDef, read: ast.Attribute, file: str) -> bool:
    """Whether what an attribute is read of may be an object of a class, as far as the file tells."""
    span = syntax.span_of(read, file)
    if syntax.text_of(read.value) == "self":
        inside = [n for n in syntax.around(span) if isinstance(n, ast.ClassDef)]
        return not inside or inside[-1] is holder or holder.name in {syntax.text_of(b) for b in inside[-1].bases}
    makers = syntax.made_by(syntax.text_of(read.value), span)
    known = {maker.rpartition(".")[2] for maker in makers}
    return isinstance(read.value, ast.Name | ast.Attribute) and (not known or holder.name in known)


def _for_object(text: str, read: ast.expr) -> str:
    owner = syntax.text_of(read.value) if isinstance(read, ast.Attribute) else "self"
    return text if owner == "self" else anew.with_names(text, {"self": owner})


def _has_one_meaning(kept: Kept, tree: ast.Module) -> bool:
    """Whether one class alone gives that attribute a value, and once."""
    stored = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Attribute) and n.attr == kept.name and isinstance(n.ctx, ast.Store)
    ]
    computed = [n for n in stored if not _gets_none(n, kept.file)]
    return len(computed) == 1 and kept.at.contains(syntax.span_of(computed[0], kept.file))


def _gets_none(node: ast.expr, file: str) -> bool:
    value = getattr(syntax.statement_at(syntax.span_of(node, file)), "value", None)
    return isinstance(value, ast.Constant) and value.value is None


def _outer_names(value: ast.expr, file: str) -> list[str]:
    """Return the names and attributes of objects that an expression reads and that it does not bind itself."""
    bound = syntax.names_in(value, ast.Store) | {a.arg for a in ast.walk(value) if isinstance(a, ast.arg)}
    read = (n for n in parts(value) if isinstance(n, ast.Name) and n.id not in bound and n.id != "self")
    own = (n for n in parts(value) if isinstance(n, ast.Attribute) and syntax.text_of(n.value) == "self")
    texts = [syntax.text_of(n) for n in (*read, *own) if not scopes.is_module(n, file)]
    return list(dict.fromkeys(texts))


def _given(name: str, method: ast.FunctionDef, file: str) -> str | None:
    """Return what the one call of a method gives for an argument, if that reads the same everywhere in the file."""
    calls = calls_of(file, method)
    given = given_for(calls[0], method, name) if len(calls) == 1 else None
    tree = syntax.parse_file(file)
    if given is None or tree is None:
        return None
    top = {n for s in tree.body for n in syntax.names_in(s, ast.Store)}
    names = {n.id for n in parts(given) if isinstance(n, ast.Name) and not scopes.is_module(n, file)}
    local = syntax.function_at(syntax.span_of(calls[0], file))
    simple = isinstance(given, ast.Constant | ast.Name | ast.Attribute | ast.UnaryOp)
    return builders.written(given, file) if simple and names <= top and (local is None or not names) else None


def attributes_of(function: ast.FunctionDef) -> dict[str, str]:
    """Return the attributes by which an object keeps the arguments of a method."""
    pairs = [pair for s in statements_of(function) if isinstance(s, ast.Assign) for pair in syntax.assigned_pairs(s)]
    found = {syntax.text_of(v): syntax.text_of(t) for t, v in pairs if syntax.text_of(t).startswith("self.")}
    return {name: place for name, place in found.items() if name in syntax.parameter_names(function)}


DRAWS = ("random", "normal", "uniform", "dropout", "choice", "shuffle", "sample")
"""What is in the names of functions that give something else each time."""


def _draws(value: ast.expr, file: str) -> bool:
    """Whether an expression draws, or calls a function of the file that does."""
    calls = [n for n in parts(value) if isinstance(n, ast.Call)]
    inside = [f for call in calls if (f := defined_in(file, call)) is not None]
    calls += [n for f in inside for n in ast.walk(f) if isinstance(n, ast.Call)]
    return any(word in syntax.text_of(call.func).lower() for call in calls for word in DRAWS)


def _names_in(text: str) -> set[str]:
    return {n.id for n in ast.walk(ast.parse(f"({text}\n)", mode="eval")) if isinstance(n, ast.Name)} - {"self"}
