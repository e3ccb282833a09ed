"""Edits that let a plain value stay one inside a compiled function: `static_argnames` of `jax.jit`."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.scopes import given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, parts, simple_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Suggestion
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

MOST = 6
"""Through how many calls a parameter is followed to the function that is compiled."""


def known_before(case: Case) -> Changes:
    """Keep an argument out of the trace that says how often or whether, and is a plain number, text or truth value."""
    scope, pen = case.function, case.pen
    deciding = _deciding(case)
    if not isinstance(scope, ast.FunctionDef) or not deciding:
        return ()
    real = isinstance(case.node, ast.Call) and syntax.text_of(case.node.func) == "int"
    names = [n for n in syntax.parameter_names(scope) + [a.arg for a in scope.args.kwonlyargs] if n in deciding]
    for name in names:
        for function, parameter in _followed(case.file, scope, name):
            asked = parameter == case.context.source.name
            changes = _kept_static(pen, function, parameter, case.file, real=real) if not asked else ()
            if changes:
                return (*changes, *pen.imports)
    return ()


def kept_out(case: Case) -> Suggestion | None:
    """Keep a text, or another plain value, out of the trace that was handed to a compiled function."""
    failure, pen = case.context.question.failure, case.pen
    named = re.search(r"at path (\w+)", failure.text) if failure is not None else None
    function = re.search(r"argument to <function (?:\w+\.)*(\w+) at", failure.text) if failure is not None else None
    if named is None or function is None:
        return None
    own = [f for f in syntax.functions_in(case.file) if f.name == function[1]]
    changes = _kept_static(pen, own[0], named[1], case.file) if len(own) == 1 else ()
    return builders.likely(*changes, *pen.imports) if changes else None


def _deciding(case: Case) -> set[str]:
    """Return the names that decide at the place: those of a number of rounds, a size, or a test that is only a name."""
    statement, node = case.statement, case.node
    if isinstance(statement, ast.For) and syntax.span_of(statement.iter, case.file).contains(case.at):
        return syntax.names_in(statement.iter, ast.Load)
    test = getattr(statement, "test", None)
    test = test.operand if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else test
    if isinstance(test, ast.Name):
        return {test.id}
    texts = [n.value for n in ast.walk(test) if isinstance(n, ast.Constant)] if isinstance(test, ast.Compare) else []
    if isinstance(test, ast.Compare) and any(isinstance(value, str) for value in texts):
        return syntax.names_in(test, ast.Load)
    if isinstance(node, ast.Subscript) and any(isinstance(n, ast.Slice) for n in parts(node.slice)):
        return syntax.names_in(node.slice, ast.Load)
    if isinstance(node, ast.Call) and simple_name(node) == "fori_loop":
        return {name for bound in node.args[:2] for name in syntax.names_in(bound, ast.Load)}
    if isinstance(node, ast.Call) and syntax.text_of(node.func) == "int":
        return syntax.names_in(node, ast.Load)
    around = [n for n in syntax.around(case.at) if isinstance(n, ast.Call)]
    sizes = [n for n in [*around, *([node] if node is not None else [])] if simple_name(n) in SIZED]
    return syntax.names_in(sizes[-1], ast.Load) if sizes else set()


SIZED = {"zeros", "ones", "full", "empty", "arange", "eye", "tri", "range", "reshape", "linspace", "one_hot", "repeat",
         "split", "array_split", "tile", "broadcast_to", "top_k", "bincount", "segment_sum"}  # fmt: skip
"""Functions whose arguments are sizes, or decide on one."""


def _followed(file: str, function: ast.FunctionDef, name: str) -> Iterator[tuple[ast.FunctionDef, str]]:
    """Yield a function with the parameter, then those that hand it on."""
    here, parameter = function, name
    for _ in range(MOST):
        yield here, parameter
        for call in scopes.calls_of(file, here):
            given, around = given_for(call, here, parameter), _around(call, file)
            own = isinstance(given, ast.Name) and around is not None and given.id in syntax.parameter_names(around)
            if isinstance(given, ast.Name) and around is not None and own and around is not here:
                here, parameter = around, given.id
                break
        else:
            return


def _around(call: ast.Call, file: str) -> ast.FunctionDef | None:
    """Return the function around a call that has a name."""
    path = reversed(builders.path_to(call, file))
    return next((n for n in path if isinstance(n, ast.FunctionDef)), None)


def _kept_static(pen: Pen, function: ast.FunctionDef, name: str, file: str, *, real: bool = False) -> Changes:
    """Add a parameter to the static ones of a compiled function, if every call gives it a value that can be one.

    A `real` one is made a whole number by the program itself.
    """
    given = [given_for(call, function, name) for call in calls_of(file, function)]
    if not given or not all(_is_plain(value, file, real=real) for value in given if value is not None):
        return ()
    names = f'static_argnames=("{name}",)'
    for decorator in function.decorator_list:
        if not isinstance(decorator, ast.Call):
            if _is_jit(decorator):
                text = pen.say("functools.partial({jit}, {names})", jit=builders.written(decorator, file), names=names)
                return builders.replace(decorator, file, text)
        elif any(_is_jit(n) for n in parts(decorator)):
            return () if _has_static(decorator) else builders.add_argument(decorator, file, names)
    tree = syntax.parse_file(file)
    for call in ast.walk(tree) if tree is not None else ():
        free = isinstance(call, ast.Call) and _is_jit(call.func) and call.args and not _has_static(call)
        if isinstance(call, ast.Call) and free and function.name in syntax.names_in(call.args[0], ast.Load):
            return builders.add_argument(call, file, names)
    return ()


def calls_of(file: str, function: ast.FunctionDef) -> list[ast.Call]:
    """Return the calls of a function, and those of what a transformation makes of it: `jax.grad(f)(x)`, `step(x)`."""
    tree = syntax.parse_file(file)
    nodes = list(ast.walk(tree)) if tree is not None else []

    def made_of_it(node: ast.expr) -> bool:
        inside = parts(node) if isinstance(node, ast.Call) else ()
        return any(isinstance(n, ast.Name) and n.id == function.name for n in inside)

    other = {t.id for n in nodes if isinstance(n, ast.Assign) and made_of_it(n.value) and _transforms(n.value, function)
             for t in n.targets if isinstance(t, ast.Name)}  # fmt: skip
    through = [n for n in nodes if isinstance(n, ast.Call) and _transforms(n.func, function) and made_of_it(n.func)]
    named = [n for n in nodes if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id in other]
    return [*scopes.calls_of(file, function), *through, *named]


def _transforms(node: ast.expr, function: ast.FunctionDef) -> bool:
    """Whether a call makes another function of one: `jax.jit(f)`, not `f(x)` nor `jax.jit(f)(x)`."""
    if isinstance(node, ast.Name):
        return node.id == function.name
    return isinstance(node, ast.Call) and not isinstance(node.func, ast.Call) and bool(node.args) and (
        syntax.text_of(node.func) != function.name and _transforms(node.args[0], function)
    )  # fmt: skip


def _is_plain(node: ast.expr, file: str, *, real: bool = False) -> bool:
    """Whether a value is surely a whole number, a text or a truth value; a number of any kind where `real` will do."""
    scope = syntax.function_at(syntax.span_of(node, file)) or syntax.parse_file(file)
    if isinstance(node, ast.Name) and scope is not None:
        made = assigned_before(scope, node.id, node.lineno)
        return made is not None and not isinstance(made, ast.Name) and _is_plain(made, file, real=real)
    if isinstance(node, ast.Call):
        return syntax.text_of(node.func) == "len"
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float | str if real else int | str)


def _is_jit(node: ast.expr) -> bool:
    return syntax.text_of(node).rpartition(".")[2] == "jit"


def _has_static(call: ast.Call) -> bool:
    return any(k.arg in {"static_argnames", "static_argnums"} for k in call.keywords)
