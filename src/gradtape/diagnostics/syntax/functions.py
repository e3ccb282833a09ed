"""Functions of a file: what they keep, call and return, and their parameters."""

from __future__ import annotations

import ast
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics.syntax.names import mentions, names_in, walk_scope
from gradtape.diagnostics.syntax.tree import function_at, parse_file, text_of

if TYPE_CHECKING:
    from collections.abc import Collection
    from types import CodeType

    from gradtape.diagnostics.spans import Span


CACHES = {"cache", "lru_cache", "cached_property"}
"""Decorators that keep what a function gives for its next call."""


def cached_by(span: Span) -> ast.expr | None:
    """Return the decorator by which the function around a place keeps its results."""
    function = function_at(span)
    marks = function.decorator_list if isinstance(function, ast.FunctionDef) else []
    called = [(mark, mark.func if isinstance(mark, ast.Call) else mark) for mark in marks]
    return next((mark for mark, name in called if text_of(name).rpartition(".")[2] in CACHES), None)


def is_method(call: ast.Call, file: str) -> bool:
    """Whether a call goes to a method of a value: what stands before the dot is nothing that the file imports."""
    tree = parse_file(file)
    names = names_in(call.func, ast.Load)
    return isinstance(call.func, ast.Attribute) and (tree is None or names.isdisjoint(_imported(tree)))


@lru_cache(maxsize=64)
def _imported(tree: ast.Module) -> frozenset[str]:
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom))
    return frozenset((alias.asname or alias.name).partition(".")[0] for node in found for alias in node.names)


def functions_in(file: str) -> tuple[ast.FunctionDef, ...]:
    """Return all functions and methods of a file."""
    tree = parse_file(file)
    return () if tree is None else _functions_of(tree)


@lru_cache(maxsize=256)
def _functions_of(tree: ast.Module) -> tuple[ast.FunctionDef, ...]:
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def called_in(node: ast.AST) -> set[str]:
    """Return the last names of what code calls: `branch` for `self.branch(x)`."""
    return {text_of(call.func).rpartition(".")[2] for call in ast.walk(node) if isinstance(call, ast.Call)}


def leads_to(node: ast.AST, text: str, methods: Collection[ast.FunctionDef]) -> list[ast.expr]:
    """Return the expressions below a node that read `text`, or that call one of some methods which does in the end."""
    found = mentions(node, text)
    if found:
        return found
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    for call in calls:
        name = text_of(call.func).rpartition(".")[2]
        others = [m for m in methods if m.name != name]
        found += [call for m in methods if m.name == name and leads_to(m, text, others)]
    return found


def results_of(code: CodeType) -> list[ast.expr]:
    """Return the expressions that a function returns, as its source has them; a lambda's body."""
    tree = parse_file(code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            return [node.body]
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return [n.value for n in walk_scope(node) if isinstance(n, ast.Return) and n.value is not None]
    return []


def parameter_names(function: ast.FunctionDef) -> list[str]:
    """Return the names that the positional arguments of a call take, without `self`."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def parameters_for(file: str, function: ast.AST | None, names: list[str]) -> list[str]:
    """Return the parameters under which a function gets one of the names, in the calls of the same file."""
    tree = parse_file(file)
    if tree is None or not isinstance(function, ast.FunctionDef):
        return []
    parameters = parameter_names(function)
    found = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and text_of(call.func).rpartition(".")[2] == function.name:
            found += [p for p, a in zip(parameters, call.args, strict=False) if text_of(a) in names]
            found += [k.arg for k in call.keywords if k.arg is not None and text_of(k.value) in names]
    return found
