"""The way of a value after it left the tape, read from the source: which names and calls carry it."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.diagnostics import Site, Span

MUTATORS = {"append", "extend", "add", "insert", "update", "setdefault"}
"""Methods that put an argument into a container."""

CONVERSIONS = {"float", "int", "complex", "numpy", "item", "tolist", "asarray"}
"""Calls that take one value out of the tape each time they run."""


class Flow:
    """The names, and the calls, that carry a value which left at one place; each with whether that is certain.

    The flow ends where a recorded operation takes the value: what that makes is a tensor, and the graph knows it.
    """

    def __init__(self, span: Span, callers: tuple[Site, ...], recorded: frozenset[Span]) -> None:
        self.span = span
        self._recorded = recorded
        self.carriers: dict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
        self.expressions: list[tuple[Span, bool]] = []
        self._given: dict[tuple[tuple[str, int], str], list[Span]] = defaultdict(list)
        """Where a name of a scope was given the value."""
        self._callers = callers
        self._absorb(self.span)

    @property
    def overwrites(self) -> bool:
        """Whether each value that leaves here takes the place of the one before: `s = float(w)`, once per run of it."""
        node = syntax.expression_at(self.span)
        name = syntax.text_of(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""
        statement = syntax.statement_at(self.span)
        return (
            name in CONVERSIONS
            and isinstance(statement, ast.Assign)
            and all(isinstance(t, ast.Name | ast.Attribute) for t in statement.targets)
            and not syntax.in_comprehension(self.span)
        )

    def could_be_stale(self, place: Span) -> bool:
        """Whether a constant at a place would have been converted anew: both stand in one loop."""
        sites = (self.span, *(site.span for site in self._callers))
        return any(syntax.share_a_loop(site, place) for site in sites)

    def reaches(self, node: ast.expr, span: Span) -> bool | None:
        """Whether an expression reads the value: True certainly, False possibly, None not at all."""
        whole = syntax.span_of(node, span.file)
        answers = [
            sure for place, sure in self.expressions if whole.contains(place) and syntax.value_goes_on(place, span)
        ]
        own, shared = self.carriers.get(_scope(span), {}), self.carriers.get((span.file, 0), {})
        held = self.carriers.get(_members(span), {}) if _receiver(span) else {}
        hidden = _bound_in(span)
        names = {n: sure for n, sure in shared.items() if _root(n) not in hidden} | held | own
        for part in _readings(node):
            text = syntax.text_of(part)
            goes_on = text in names and syntax.value_goes_on(syntax.span_of(part, span.file), span)
            if goes_on and not self._is_gone(text, span):
                answers.append(names[text])
        return max(answers) if answers else None

    def reaches_argument(self, call: Span, position: int, keyword: str, leaf: int) -> bool | None:
        """Whether an argument of a call reads the value; of a literal list, the element at `leaf`."""
        node = syntax.expression_at(call)
        if not isinstance(node, ast.Call):
            return None
        given = next((k.value for k in node.keywords if k.arg == keyword), None)
        if given is None:
            given = node.args[position] if position < len(node.args) else None
        if isinstance(given, ast.List | ast.Tuple) and leaf < len(given.elts):
            given = given.elts[leaf]
        return None if given is None else self.reaches(given, call)

    def arrives_at(self, call: Span) -> bool | None:
        """Whether a call returns the value, as `reaches` answers."""
        answers = [sure for place, sure in self.expressions if place == call]
        return max(answers) if answers else None

    def _absorb(self, start: Span) -> None:
        """Follow a carrying expression to whatever its statement does with it."""
        pending: list[Carried] = [Carried(start, sure=True)]
        seen: set[tuple[Span, int | None]] = set()
        while pending:
            here = pending.pop()
            span = here.span
            if (span, here.element) in seen:
                continue
            seen.add((span, here.element))
            self.expressions.append((span, here.sure))
            if not syntax.value_goes_on(span):
                continue
            for scope, name, place, plain in _parameters(span):
                self._carry(scope, name, Carried(place, here.sure and plain), pending)
            statement = syntax.statement_at(span)
            if self._taken_by_tensor(getattr(statement, "value", None), span):
                continue
            for name, exact in _stored_names(statement, here):
                self._carry(_scope(span), name, here._replace(sure=here.sure and exact), pending)
                if "." in name and _root(name) == _receiver(span):  # of this object, or of another one of its class
                    self._carry(_members(span), name, here._replace(sure=False), pending)
            pending += self._returned_to(statement, here)

    def _carry(self, scope: tuple[str, int], name: str, here: Carried, pending: list[Carried]) -> None:
        """Let a name carry the value in a scope, and follow the places that read it."""
        if here.span in self._given[scope, name]:
            return
        self._given[scope, name].append(here.span)
        body = _class(here.span) if scope[1] < 0 else _body(here.span)
        if name not in self.carriers[scope]:
            self.carriers[scope][name] = here.sure and _assignments(body, name) <= 1
        sure = self.carriers[scope][name]
        readers = _reads(body, here.span, name)
        pending += [Carried(reader, sure) for reader in readers if not _is_given_anew(name, here.span, reader)]

    def _is_gone(self, name: str, place: Span) -> bool:
        """Whether a name certainly holds another value at a place, wherever it was given this one."""
        given = self._given.get((_scope(place), name), [])
        return bool(given) and all(_is_given_anew(name, span, place) for span in given)

    def _taken_by_tensor(self, value: ast.expr | None, span: Span) -> bool:
        """Whether an expression goes into a recorded operation that is the whole value of its statement.

        A comprehension is the place of its iteration alone, and of `r[0] = x` the value left where it was stored. Of an
        expression that both computes and leaves, as `model.predict(x)`, the plain value goes on.
        """
        if value is None or isinstance(value, COMPREHENSIONS):
            return False
        whole = syntax.span_of(value, span.file)
        return whole in self._recorded and whole.contains(span) and whole != self.span

    def _returned_to(self, statement: ast.stmt | None, here: Carried) -> list[Carried]:
        """Return the call whose value a returned expression becomes: the one that was running when the value left."""
        function = syntax.function_at(here.span)
        if not (isinstance(statement, ast.Return) or isinstance(function, ast.Lambda)):
            return []
        element = None
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Tuple):
            inside = [syntax.span_of(e, here.span.file).contains(here.span) for e in value.elts]
            element = inside.index(True) if any(inside) else None
        inside_it = [
            here.span.file == site.span.file and syntax.function_at(site.span) is function for site in self._callers
        ]
        running = inside_it.index(True) if True in inside_it else 0  # the frame that returns; the one below called it
        outside = [k for k in range(running, len(inside_it)) if not inside_it[k]]
        return [Carried(self._callers[k].span, here.sure, element) for k in outside[:1]]


def _is_given_anew(name: str, given: Span, place: Span) -> bool:
    """Whether a name is certainly assigned anew, after one place of a function and before another of it.

    Statements in no branch and no loop all run between those before and those behind them.
    """
    if _scope(given) != _scope(place) or given.end_line >= place.line:
        return False
    body = _body(place)
    return any(
        given.end_line < statement.lineno
        and (statement.end_lineno or 0) < place.line
        and isinstance(statement, ast.Assign)
        and [syntax.text_of(target) for target in statement.targets] == [name]
        and not syntax.mentions(statement.value, name)
        for statement in _certain(body.body if isinstance(body, ast.Module | ast.FunctionDef) else ())
    )


def _certain(statements: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield the statements that run whenever the first does: none of a branch or a loop."""
    for statement in statements:
        yield statement
        if isinstance(statement, ast.With):
            yield from _certain(statement.body)


COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


class Carried(NamedTuple):
    """An expression that carries the value, whether that is certain, and which element of it if it is a tuple."""

    span: Span
    sure: bool
    element: int | None = None


def _scope(span: Span) -> tuple[str, int]:
    return span.file, getattr(syntax.function_at(span), "lineno", 0)


def _members(span: Span) -> tuple[str, int]:
    """Return the scope of the attributes of a class, seen from one of its methods."""
    owner = _class(span)
    return span.file, -owner.lineno if owner is not None else 0


def _class(span: Span) -> ast.ClassDef | None:
    """Return the class in whose method a span stands."""
    return next((node for node in reversed(syntax.around(span)) if isinstance(node, ast.ClassDef)), None)


def _receiver(span: Span) -> str:
    """Return what the method around a span calls the object that it belongs to; empty outside of methods."""
    owner = _class(span)
    inside = syntax.around(span)
    method = inside[inside.index(owner) + 1 :][:1] if owner is not None else ()
    arguments = [a.arg for node in method if isinstance(node, ast.FunctionDef) for a in node.args.args]
    return arguments[0] if arguments else ""


def _parameters(span: Span) -> list[tuple[tuple[str, int], str, Span, bool]]:
    """Return the parameters that an argument becomes, in functions of the same file, and whether that is certain."""
    functions = syntax.functions_in(span.file)
    found = []
    for call in syntax.calls_around(span):
        called = syntax.text_of(call.func).rpartition(".")[2]
        candidates = [function for function in functions if function.name == called]
        plain = len(candidates) == 1 and isinstance(call.func, ast.Name)
        for function in candidates:
            name = _parameter_of(function, call, span)
            if name is not None:
                place = syntax.span_of(function.body[0], span.file)
                found.append(((span.file, function.lineno), name, place, plain))
    return found


def _parameter_of(function: ast.FunctionDef, call: ast.Call, span: Span) -> str | None:
    """Return the parameter that takes the argument at a span, None if the span is not in a plain argument."""
    names = syntax.parameter_names(function)
    for position, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            return None
        if syntax.span_of(argument, span.file).contains(span):
            return names[position] if position < len(names) else None
    return next((k.arg for k in call.keywords if syntax.span_of(k.value, span.file).contains(span)), None)


def _stored_names(statement: ast.stmt | None, here: Carried) -> list[tuple[str, bool]]:
    """Return the names that a statement gives the value to, and whether it is certain that they take it.

    An element under a literal key has a name of its own, `d['a']`; its container carries the value only possibly.
    """
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.For):
        targets = [statement.target]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        method = statement.value.func
        if isinstance(method, ast.Attribute) and method.attr in MUTATORS:
            targets = [method.value]
    node = syntax.expression_at(here.span)
    written = [k.value for k in node.keywords if k.arg == "out"] if isinstance(node, ast.Call) else []
    exact = syntax.assigned_names(here.span) if any(isinstance(t, ast.Tuple) for t in targets) else ()
    if exact:
        return [(name, True) for name in exact]
    names: list[tuple[str, bool]] = []
    for target in (*targets, *written):
        parts = target.elts if isinstance(target, ast.Tuple | ast.List) else [target]
        if len(parts) > 1 and here.element is not None and here.element < len(parts):
            parts = [parts[here.element]]
        for part in parts:
            names += _names_of(part, certain=len(parts) == 1)
    return names


def _names_of(target: ast.expr, *, certain: bool) -> list[tuple[str, bool]]:
    names = []
    while isinstance(target, ast.Subscript | ast.Starred):
        if isinstance(target, ast.Subscript) and syntax.has_name_as_key(target):
            names.append((syntax.text_of(target), certain))
            certain = False
        target = target.value
    if isinstance(target, ast.Name | ast.Attribute):
        names.append((syntax.text_of(target), certain))
    return names


def _readings(node: ast.AST) -> list[ast.expr]:
    """Return the names, attributes and elements that an expression reads; `d['a']` does not read the rest of `d`."""
    parts = [n for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)]
    containers = {id(n.value) for n in parts if isinstance(n, ast.Subscript) and syntax.has_name_as_key(n)}
    return [n for n in parts if id(n) not in containers]


def _body(span: Span) -> ast.AST | None:
    return syntax.function_at(span) or syntax.parse_file(span.file)


def _assignments(body: ast.AST | None, name: str) -> int:
    """Count the statements of a scope that assign a name."""
    return sum(
        syntax.text_of(node) == name
        for node in (syntax.walk_scope(body) if body is not None else ())
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)
    )


def _reads(body: ast.AST | None, span: Span, name: str) -> list[Span]:
    """Return the places in a scope that read a name, as it is known at a place."""
    found = (
        [n for n in _readings(body) if isinstance(getattr(n, "ctx", None), ast.Load) and syntax.text_of(n) == name]
        if body is not None
        else []
    )
    places = [syntax.span_of(node, span.file) for node in found]
    if isinstance(body, ast.ClassDef):
        return [place for place in places if _root(name) == _receiver(place)]
    return [place for place in places if _scope(place) == _scope(span) or _root(name) not in _bound_in(place)]


def _root(name: str) -> str:
    """Return the plain name that an attribute or element belongs to."""
    return name.partition(".")[0].partition("[")[0]


def _bound_in(span: Span) -> set[str]:
    """Return the names that the function around a span binds itself: they hide the module's."""
    function = syntax.function_at(span)
    if function is None:
        return set()
    arguments = {n.arg for n in ast.walk(function.args) if isinstance(n, ast.arg)}
    stored = {n.id for n in syntax.walk_scope(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    shared = {n for s in syntax.walk_scope(function) if isinstance(s, ast.Global | ast.Nonlocal) for n in s.names}
    return (arguments | stored) - shared
