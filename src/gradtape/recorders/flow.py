"""The way of a value after it left the tape, read from the source: which names and calls carry it."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from gradtape.arrays.record import Event
    from gradtape.diagnostics import Span

MUTATORS = {"append", "extend", "add", "insert", "update", "setdefault"}


class Flow:
    """The names, and the calls, that carry a value which left at one place; each with whether that is certain.

    The flow ends where a recorded operation takes the value: what that makes is a tensor, and the graph knows it.
    """

    def __init__(self, event: Event, recorded: frozenset[Span]) -> None:
        self.span = event.site.span
        self._recorded = recorded
        self.carriers: dict[tuple[str, int], dict[str, bool]] = defaultdict(dict)
        self.expressions: list[tuple[Span, bool]] = []
        self._callers = event.callers
        self._absorb(self.span, sure=True)

    def reaches(self, node: ast.expr, span: Span) -> bool | None:
        """Whether an expression reads the value: True certainly, False possibly, None not at all."""
        whole = syntax.span_of(node, span.file)
        answers = [sure for place, sure in self.expressions if whole.contains(place)]
        names = self.carriers.get(_scope(span), {}) | self.carriers.get((span.file, 0), {})
        answers += [
            names[text]
            for part in ast.walk(node)
            if isinstance(part, ast.Name | ast.Attribute | ast.Subscript) and (text := ast.unparse(part)) in names
        ]
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

    def _absorb(self, span: Span, *, sure: bool) -> None:
        """Follow a carrying expression to whatever its statement does with it."""
        pending = [(span, sure)]
        while pending:
            here, certain = pending.pop()
            if any(place == here for place, _ in self.expressions):
                continue
            self.expressions.append((here, certain))
            for scope, name, place in _parameters(here):
                self._carry(scope, name, place, certain, pending)
            statement = syntax.statement_at(here)
            if self._taken_by_tensor(getattr(statement, "value", None), here):
                continue
            for name in _stored_names(statement, here):
                self._carry(_scope(here), name, here, certain, pending)
            pending += [(place, certain) for place in self._returned_to(statement, here)]

    def _carry(
        self, scope: tuple[str, int], name: str, place: Span, certain: bool, pending: list[tuple[Span, bool]]
    ) -> None:
        """Let a name carry the value in a scope, and follow the places that read it."""
        if name not in self.carriers[scope]:
            once = certain and _assignments(place, name) <= 1
            self.carriers[scope][name] = once
            pending += [(reader, once) for reader in _reads(place, name)]

    def _taken_by_tensor(self, value: ast.expr | None, span: Span) -> bool:
        """Whether an expression goes into a recorded operation that is the whole value of its statement.

        A comprehension is the place of its iteration alone, and of `r[0] = x` the value left where it was stored.
        """
        if value is None or isinstance(value, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return False
        whole = syntax.span_of(value, span.file)
        return whole in self._recorded and whole.contains(span)

    def _returned_to(self, statement: ast.stmt | None, span: Span) -> list[Span]:
        """Return the calls whose value a returned expression becomes."""
        found: list[Span] = []
        function = syntax.function_at(span)
        if isinstance(statement, ast.Return) or isinstance(function, ast.Lambda):
            found += [
                site.span
                for site in self._callers
                if span.file != site.span.file or site.span.function != span.function
            ][:1]
            name = getattr(function, "name", None)
            tree = syntax.parse_file(span.file)
            if name is not None and tree is not None:
                found += [
                    syntax.span_of(call, span.file)
                    for call in ast.walk(tree)
                    if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] == name
                ]
        return found


def _scope(span: Span) -> tuple[str, int]:
    return span.file, getattr(syntax.function_at(span), "lineno", 0)


def _parameters(span: Span) -> list[tuple[tuple[str, int], str, Span]]:
    """Return the parameters that an argument becomes, in functions of the same file: scope, name, a place in it."""
    tree = syntax.parse_file(span.file)
    functions = [n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef)] if tree is not None else []
    found = []
    for call in syntax.calls_around(span):
        called = ast.unparse(call.func).rpartition(".")[2]
        for function in functions:
            if function.name == called:
                name = _parameter_of(function, call, span)
                if name is not None:
                    found.append(((span.file, function.lineno), name, syntax.span_of(function.body[0], span.file)))
    return found


def _parameter_of(function: ast.FunctionDef, call: ast.Call, span: Span) -> str | None:
    """Return the parameter that takes the argument at a span, None if the span is not in a plain argument."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    if names[:1] in (["self"], ["cls"]):
        names = names[1:]
    for position, argument in enumerate(call.args):
        if isinstance(argument, ast.Starred):
            return None
        if syntax.span_of(argument, span.file).contains(span):
            return names[position] if position < len(names) else None
    return next((k.arg for k in call.keywords if syntax.span_of(k.value, span.file).contains(span)), None)


def _stored_names(statement: ast.stmt | None, span: Span) -> list[str]:
    """Return the names that a statement gives the value of an expression in it to."""
    targets: list[ast.expr] = []
    if isinstance(statement, ast.Assign):
        targets = statement.targets
    elif isinstance(statement, ast.AugAssign | ast.AnnAssign | ast.For):
        targets = [statement.target]
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        method = statement.value.func
        if isinstance(method, ast.Attribute) and method.attr in MUTATORS:
            targets = [method.value]
    if isinstance(statement, ast.Assign) and len(targets) == 1 and isinstance(targets[0], ast.Tuple):
        exact = syntax.assigned_names(span)
        if exact:
            return list(exact)
    names = []
    for target in targets:
        for part in target.elts if isinstance(target, ast.Tuple | ast.List) else [target]:
            while isinstance(part, ast.Subscript | ast.Starred):
                part = part.value  # noqa: PLW2901
            if isinstance(part, ast.Name | ast.Attribute):
                names.append(ast.unparse(part))
    return names


def _body(span: Span) -> ast.AST | None:
    return syntax.function_at(span) or syntax.parse_file(span.file)


def _assignments(span: Span, name: str) -> int:
    """Count the statements of a scope that assign a name."""
    body = _body(span)
    return sum(
        ast.unparse(node) == name
        for node in (syntax.walk_scope(body) if body is not None else ())
        if isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store)
    )


def _reads(span: Span, name: str) -> list[Span]:
    """Return the places in a scope that read a name."""
    body = _body(span)
    return [syntax.span_of(node, span.file) for node in syntax.mentions(body, name)] if body is not None else []
