"""What an edit is built from: the question, the place that a finding blames, the route that it ends."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

from gradtape.diagnostics import Span, syntax
from gradtape.explain.edits.pen import Pen
from gradtape.explain.search import NO_ROUTE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gradtape.explain.cause import Context
    from gradtape.explain.graph import Operation
    from gradtape.explain.search import Route


T = TypeVar("T")


class Case(NamedTuple):
    """One finding, as far as an edit needs it."""

    context: Context
    at: Span
    route: Route = NO_ROUTE

    @property
    def file(self) -> str:
        """The file of the place."""
        return self.at.file

    @property
    def pen(self) -> Pen:
        """Writes at that place; a new one, which knows of no missing import yet."""
        return Pen(self.context, self.at)

    @property
    def node(self) -> ast.expr | None:
        """The expression whose text is exactly the place."""
        found = syntax.expression_at(self.at)
        return found if found is not None and syntax.span_of(found, self.file) == self.at else None

    @property
    def call(self) -> ast.Call | None:
        """The call whose text is exactly the place, or that is what a statement there computes."""
        if isinstance(self.node, ast.Call):
            return self.node
        value = getattr(self.statement, "value", None)
        return value if isinstance(value, ast.Call) else None

    @property
    def statement(self) -> ast.stmt | None:
        """The statement around the place."""
        return syntax.statement_at(self.at)

    @property
    def function(self) -> ast.AST | None:
        """The function around the place, or the whole module."""
        return syntax.function_at(self.at) or syntax.parse_file(self.file)

    @property
    def operation(self) -> Operation | None:
        """The operation on the route that ran at the place."""
        return self.route.ran_at(self.at)

    def once(self, what: str, find: Callable[[], T]) -> T:
        """Return what the text at the place alone decides, whatever was asked: many sources have one reason."""
        found: T = self.context.run.once((what, self.at), find)
        return found

    def moved(self, at: Span) -> Case:
        """Return the same case at another place."""
        return self._replace(at=at)


def statements_of(scope: ast.AST) -> Iterator[ast.stmt]:
    """Yield the statements of a function or module in the order of their lines, without those of nested functions."""
    found = [node for node in syntax.walk_scope(scope) if isinstance(node, ast.stmt)]
    yield from sorted(found, key=lambda s: (s.lineno, s.col_offset))


def parts(node: ast.AST) -> Iterator[ast.expr]:
    """Yield the expressions in a piece of code, itself first, the outer before the inner."""
    stack = [node]
    while stack:
        here = stack.pop(0)
        if isinstance(here, ast.expr):
            yield here
        stack = [*ast.iter_child_nodes(here), *stack]


def simple_name(node: ast.expr) -> str:
    """Return the last part of the name of what a call calls: `sqrt` for `tf.math.sqrt(x)` and for `x.sqrt()`."""
    return syntax.text_of(node.func).rpartition(".")[2] if isinstance(node, ast.Call) else ""


def is_constant(node: ast.expr | None, value: object) -> bool:
    """Whether an expression is a value that is written down."""
    return isinstance(node, ast.Constant) and node.value == value


def assigned_before(scope: ast.AST, name: str, line: int) -> ast.expr | None:
    """Return the value that a scope gives to a name last before a line; None where it is not simply assigned."""
    given = [value for at, value in _assigned(scope).get(name, ()) if at < line]
    return given[-1] if given else None


@lru_cache(maxsize=256)
def _assigned(scope: ast.AST) -> dict[str, list[tuple[int, ast.expr | None]]]:
    """Find the values that a scope gives to names, with their lines; None for what is not simply assigned."""
    found: dict[str, list[tuple[int, ast.expr | None]]] = {}
    for statement in statements_of(scope):
        simple = {syntax.text_of(t) for t in statement.targets} if isinstance(statement, ast.Assign) else set[str]()
        for name in simple:
            found.setdefault(name, []).append((statement.lineno, getattr(statement, "value", None)))
        for name in set() if hasattr(statement, "body") else syntax.names_in(statement, ast.Store) - simple:
            found.setdefault(name, []).append((statement.lineno, None))
    return found


def never_read(function: ast.FunctionDef) -> list[str]:
    """Return the parameters that a function does not read."""
    read = {n.id for n in ast.walk(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    return [n for n in syntax.parameter_names(function) if n not in read and not n.startswith("_")]


def defined_in(file: str, call: ast.Call) -> ast.FunctionDef | None:
    """Return the function of the same file that a call goes to, known by its name."""
    found = _functions(syntax.parse_file(file)).get(_last_name(call.func), [])
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=64)
def _functions(tree: ast.Module | None) -> dict[str, list[ast.FunctionDef]]:
    found: dict[str, list[ast.FunctionDef]] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.FunctionDef):
            found.setdefault(node.name, []).append(node)
    return found


def _last_name(node: ast.expr) -> str:
    return syntax.text_of(node).rpartition(".")[2]
