"""Names: what a statement assigns, where a name is read, what it was given."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics.syntax.tree import around, function_at, nodes_of, parse_file, span_of, statement_at, text_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics.spans import Span


def has_name_as_key(node: ast.Subscript) -> bool:
    """Whether an element is picked by a literal string, `d['a']`: as good as a name of its own."""
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def key_at(span: Span) -> ast.Constant | None:
    """Return the key under which a dict that is written out holds what stands at a place."""
    for node in reversed(around(span)):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found = next((key for key, value in pairs if span_of(value, span.file).contains(span)), None)
            return found if isinstance(found, ast.Constant) else None
    return None


def assigned_names(span: Span) -> tuple[str, ...]:
    """Return the names that the statement around an expression gives to its value: `("w",)` for `w = w - lr * g`.

    Only a value that is the whole right-hand side (or a call around the expression) gets the name; of `a, b = f(), g()`
    each element gets its own.
    """
    statement = statement_at(span)
    if isinstance(statement, ast.Assign):
        pairs = [(target, statement.value) for target in statement.targets]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
        pairs = [(statement.target, statement.value)]
    else:
        walrus = [n for n in around(span) if isinstance(n, ast.NamedExpr)]
        pairs = [(n.target, n.value) for n in walrus]
    return tuple(name for target, value in pairs for name in _names_for(target, value, span))


def _names_for(target: ast.expr, value: ast.expr, span: Span) -> Iterator[str]:
    if not span_of(value, span.file).contains(span):
        return
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            for t, v in zip(target.elts, value.elts, strict=True):
                yield from _names_for(t, v, span)
        return
    yield text_of(target)


def mentions(node: ast.AST, text: str) -> list[ast.expr]:
    """Return the expressions below a node that are spelled like `text` (`w`, `self.kernel`) and read it."""
    return [
        n
        for n in ast.walk(node)
        if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(n.ctx, ast.Load)
        and text_of(n) == text
    ]


def walk_scope(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's (or module's) own scope, without the bodies of functions and classes in it."""
    stack = list(ast.iter_child_nodes(root))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def values_given_to(name: str, span: Span) -> list[ast.expr]:
    """Return the expressions that a name or attribute is assigned in a file, in the scopes that a place can see."""
    tree = parse_file(span.file)
    given = _given(tree).get(name, []) if tree is not None else []
    if "." in name or not given:
        return [value for _, value in given]
    seen = {None, *around(span)}
    return [value for node, value in given if function_at(span_of(node, span.file)) in seen]


@lru_cache(maxsize=64)
def _given(tree: ast.Module) -> dict[str, list[tuple[ast.AST, ast.expr]]]:
    """Find what each name of a file is assigned, with the assignments, looked for once for all who ask."""
    found: dict[str, list[tuple[ast.AST, ast.expr]]] = {}
    for node in nodes_of(tree):
        pairs: list[tuple[ast.expr, ast.expr]] = []
        if isinstance(node, ast.Assign):
            pairs = assigned_pairs(node)
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            pairs = [(node.target, node.value)]
        for target, value in pairs:
            found.setdefault(text_of(target), []).append((node, value))
    return found


def assigned_pairs(statement: ast.Assign) -> list[tuple[ast.expr, ast.expr]]:
    """Pair what a statement assigns with what it gets: `a, b = 1, []` is two assignments."""
    return [pair for target in statement.targets for pair in _one_by_one(target, statement.value)]


def _one_by_one(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return [(target, value)]
    starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    return [] if starred else list(zip(target.elts, value.elts, strict=False))


GENERATORS = frozenset({"default_rng", "Generator", "RandomState"})
"""What makes a random generator of NumPy's."""


def made_by(name: str, span: Span) -> list[str]:
    """Return the functions whose result a name or attribute holds, as far as the file tells."""
    return [text_of(value.func) for value in values_given_to(name, span) if isinstance(value, ast.Call)]


def is_list(name: str, span: Span) -> bool:
    """Whether a name or attribute holds a list wherever the file assigns it, other than by what stands at the place."""
    given = [value for value in values_given_to(name, span) if not span_of(value, span.file).contains(span)]
    kinds = ast.List | ast.Tuple | ast.ListComp
    return bool(given) and all(
        isinstance(value, kinds) or (isinstance(value, ast.Call) and text_of(value.func) in {"list", "tuple"})
        for value in given
    )


def names_in(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """Return the names and attributes that code reads (`ast.Load`) or assigns (`ast.Store`)."""
    return {
        text_of(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, context)
    }
