"""What a name stands for at a place in a file, as Python's scopes have it: a module, a value, or something unknown.

The text decides where it can. A name that nothing in the text binds (a notebook's cell reads what another cell
imported, or a star import brought it) is looked up in the namespace that the text ran in.
"""

from __future__ import annotations

import ast
import builtins
import sys
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import syntax

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gradtape.diagnostics.spans import Span

FOLLOWED = 6
"""How many assignments and arguments are followed from a name to the import behind it."""

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
COMPREHENSIONS = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp


class Binding(NamedTuple):
    """One way in which a scope gives a name its meaning.

    Parameters
    ----------
    module : str
        The dotted name of what is imported; empty where the name gets a value.
    whole : str
        What else the import loads: `jax.numpy` where `import jax.numpy` gives the name `jax`.
    value : ast.expr or None
        The expression of a plain assignment, or the default of a parameter.
    function : ast.AST or None
        The function whose parameter it is.
    """

    module: str = ""
    whole: str = ""
    value: ast.expr | None = None
    function: ast.AST | None = None


def stands_for(node: ast.expr, file: str) -> str | None:
    """Return the full name of what an expression names through an import: `numpy.floor` for `np.floor`.

    None for a value, and for what cannot be told.
    """
    return _stands_for(node, file, FOLLOWED)


def _stands_for(node: ast.expr, file: str, depth: int) -> str | None:
    attributes: list[str] = []
    while isinstance(node, ast.Attribute):
        attributes.insert(0, node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or not depth:
        return None
    found = _resolved(node.id, syntax.span_of(node, file))
    names = {_meaning(binding, node.id, file, depth - 1) for binding in found if not _is_none(binding.value)}
    if not found and not hasattr(builtins, node.id):
        names = {_in_namespace(file, node.id)}
    module = names.pop() if len(names) == 1 else None
    return ".".join([module, *attributes]) if module else None


def _is_none(value: ast.expr | None) -> bool:
    """Whether a name gets None: what `except ImportError` leaves in the place of a module."""
    return isinstance(value, ast.Constant) and value.value is None


def _meaning(binding: Binding, name: str, file: str, depth: int) -> str | None:
    if binding.module:
        return binding.module
    if binding.function is None:
        return _stands_for(binding.value, file, depth) if binding.value is not None else None
    calls = calls_of(file, binding.function) if isinstance(binding.function, ast.FunctionDef) else []
    given = [given_for(call, binding.function, name) for call in calls if isinstance(binding.function, ast.FunctionDef)]
    meant = [value if value is not None else binding.value for value in given] or [binding.value]
    names = {_stands_for(value, file, depth) if value is not None else None for value in meant}
    return names.pop() if len(names) == 1 else None


def is_module(node: ast.expr, file: str) -> bool:
    """Whether an expression is the name of a module, or a part of one: `np`, `tf.nn`."""
    return stands_for(node, file) is not None


def is_written_down(node: ast.AST, file: str) -> bool:
    """Whether a piece of code reads no names but those of modules: what it gives stands in the text."""
    return not any(isinstance(n, ast.Name) and not is_module(n, file) for n in ast.walk(node))


def imported_as(file: str, module: str, at: Span | None = None) -> str | None:
    """Return the name under which a module can be used at a place: `gt` after `import gradtape as gt`.

    Parameters
    ----------
    file : str
    module : str
    at : Span or None
        None for the top of the file.

    Returns
    -------
    str or None
        None if nothing of that name is the module there.
    """
    tree = syntax.parse_file(file)
    if tree is None:
        return None
    for scope in _scopes_at(at, tree):
        for name, bindings in _bindings(scope).items():
            given = next((b for b in bindings if module in {b.module, b.whole}), None)
            if given is not None and given in _resolved_in(name, at, tree):
                return name + module.removeprefix(given.module)
    found = [name for name, value in _namespace(file).items() if _is_called(value, module)]
    return next((name for name in found if not _resolved_in(name, at, tree)), None)


def is_free(file: str, name: str, at: Span) -> bool:
    """Whether a name can be given to an import at the top of a file and read at a place: nothing else has it."""
    tree = syntax.parse_file(file)
    return tree is not None and not _resolved_in(name, at, tree) and name not in _bindings(tree)


def free_name(file: str, wanted: str) -> str:
    """Return a name that the file does not use: the wanted one, with a number where it is taken."""
    tree = syntax.parse_file(file)
    taken = _names_of(tree) if tree is not None else frozenset()
    name, count = wanted, 1
    while name in taken:
        count += 1
        name = f"{wanted}_{count}"
    return name


def calls_of(file: str, function: ast.FunctionDef) -> list[ast.Call]:
    """Return the calls of the same file that go to a function, by its name; to `__init__` by that of its class.

    What a layer computes is called by the names of the objects.
    """
    tree = syntax.parse_file(file)
    found = _calls(tree).get(_makers(tree).get(function, function.name), [])
    return [*found, *_calls_of_objects(file, function)] if function.name in FORWARD else found


FORWARD = ("call", "__call__", "forward")
"""The methods by which a layer computes."""


def _calls_of_objects(file: str, function: ast.FunctionDef) -> list[ast.Call]:
    """Return the calls of the objects of a class, known by the names that they are assigned to."""
    tree = syntax.parse_file(file)
    classes = [n for n in syntax.nodes_of(tree) if isinstance(n, ast.ClassDef)] if tree is not None else []
    holder = next((n for n in classes if function in n.body), None)
    calls = [c for found in _calls(tree).values() for c in found if isinstance(c.func, ast.Name | ast.Attribute)]
    return [c for c in calls if holder is not None and holder.name in _made_by(c.func, file)]


def _made_by(node: ast.expr, file: str) -> list[str]:
    return syntax.made_by(syntax.text_of(node), syntax.span_of(node, file))


def maker_of(file: str, call: ast.Call) -> ast.FunctionDef | None:
    """Return the `__init__` of the class of the same file that a call makes an object of."""
    name = syntax.text_of(call.func).rpartition(".")[2]
    found = [method for method, holder in _makers(syntax.parse_file(file)).items() if holder == name]
    return found[0] if len(found) == 1 else None


@lru_cache(maxsize=64)
def _makers(tree: ast.Module | None) -> dict[ast.FunctionDef, str]:
    """Return the name of the class for every `__init__`."""
    holders = [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)] if tree is not None else []
    return {
        method: holder.name
        for holder in holders
        for method in holder.body
        if isinstance(method, ast.FunctionDef) and method.name == "__init__"
    }


@lru_cache(maxsize=64)
def _calls(tree: ast.Module | None) -> dict[str, list[ast.Call]]:
    found: dict[str, list[ast.Call]] = {}
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Call):
            found.setdefault(syntax.text_of(node.func).rpartition(".")[2], []).append(node)
    return found


def given_for(call: ast.Call, function: ast.FunctionDef, parameter: str) -> ast.expr | None:
    """Return what a call gives for a parameter of the function that it goes to."""
    named = next((k.value for k in call.keywords if k.arg == parameter), None)
    if named is not None or any(isinstance(a, ast.Starred) for a in call.args):
        return named
    names = syntax.parameter_names(function)
    position = names.index(parameter) if parameter in names else len(call.args)
    return call.args[position] if position < len(call.args) else None


@lru_cache(maxsize=64)
def _names_of(tree: ast.Module) -> frozenset[str]:
    names = {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}
    names |= {n.arg for n in ast.walk(tree) if isinstance(n, ast.arg)}
    return frozenset(names)


def _resolved(name: str, at: Span) -> tuple[Binding, ...]:
    tree = syntax.parse_file(at.file)
    return _resolved_in(name, at, tree) if tree is not None else ()


def _resolved_in(name: str, at: Span | None, tree: ast.Module) -> tuple[Binding, ...]:
    """Return what gives a name its meaning at a place: the bindings in the innermost scope that has any."""
    for scope in _scopes_at(at, tree):
        if name in _declared(scope, ast.Global):
            return _bindings(tree).get(name, ())
        found = _bindings(scope).get(name, ())
        if found and name not in _declared(scope, ast.Nonlocal):
            return found
    return ()


def _scopes_at(at: Span | None, tree: ast.Module) -> list[ast.AST]:
    """Return the scopes that a place can see, innermost first; a class is seen from its own statements only."""
    path = syntax.around(at) if at is not None else ()
    found = [node for node, inner in pairwise((*path, None)) if node is not None and _opens_for(node, inner)]
    nearest = next((node for node in reversed(found) if not isinstance(node, COMPREHENSIONS)), None)
    seen = [node for node in found if not isinstance(node, ast.ClassDef) or node is nearest]
    return [*reversed(seen), tree]


def _opens_for(node: ast.AST, inner: ast.AST | None) -> bool:
    """Whether a node has a scope in which a part of it stands: a decorator, a default, the first `in` stand outside."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return inner in node.body
    if isinstance(node, ast.Lambda):
        return inner is node.body
    return isinstance(node, COMPREHENSIONS) and inner is not None and inner is not node.generators[0].iter


@lru_cache(maxsize=4096)
def _declared(scope: ast.AST, kind: type[ast.Global | ast.Nonlocal]) -> frozenset[str]:
    return frozenset(name for node in _own(scope) if isinstance(node, kind) for name in node.names)


@lru_cache(maxsize=4096)
def _bindings(scope: ast.AST) -> dict[str, tuple[Binding, ...]]:
    """Return what a scope binds, by name."""
    found: dict[str, list[Binding]] = {}
    for name, binding in _bound_in(scope):
        found.setdefault(name, []).append(binding)
    return {name: tuple(bindings) for name, bindings in found.items()}


def _bound_in(scope: ast.AST) -> Iterator[tuple[str, Binding]]:
    if isinstance(scope, FUNCTIONS):
        yield from _parameters(scope)
    assigned: dict[int, ast.expr] = {}
    for node in _own(scope):
        if isinstance(node, ast.Assign):
            assigned |= {id(t): node.value for t in node.targets}
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            assigned[id(node.target)] = node.value
        elif isinstance(node, ast.Import | ast.ImportFrom):
            yield from _imported(node)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.name, Binding()
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            yield node.id, Binding(value=assigned.get(id(node)))
        elif isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name is not None:
            yield node.name, Binding()


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> Iterator[tuple[str, Binding]]:
    given = function.args
    ordered = [*given.posonlyargs, *given.args]
    defaults = [*[None] * (len(ordered) - len(given.defaults)), *given.defaults]
    ordered, defaults = [*ordered, *given.kwonlyargs], [*defaults, *given.kw_defaults]
    for parameter, default in zip(ordered, defaults, strict=True):
        yield parameter.arg, Binding(value=default, function=function)
    for rest in (given.vararg, given.kwarg):
        if rest is not None:
            yield rest.arg, Binding()


def _imported(node: ast.Import | ast.ImportFrom) -> Iterator[tuple[str, Binding]]:
    for alias in node.names:
        if isinstance(node, ast.ImportFrom):
            package = "." * node.level + (node.module or "")
            yield alias.asname or alias.name, Binding(f"{package}.{alias.name}")
        elif alias.asname:
            yield alias.asname, Binding(alias.name)
        else:
            yield alias.name.partition(".")[0], Binding(alias.name.partition(".")[0], whole=alias.name)


def _own(scope: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a scope in their order, without those that belong to scopes inside it."""
    yield from _inside(_entrance(scope))


def _entrance(scope: ast.AST) -> Sequence[ast.AST]:
    """Return the parts of a node that stand in the scope which it opens."""
    if isinstance(scope, ast.Lambda):
        return [scope.body]
    if isinstance(scope, COMPREHENSIONS):
        return [g.target for g in scope.generators]  # a walrus in it binds in the function around it
    return getattr(scope, "body", [])


def _inside(parts: Sequence[ast.AST]) -> Iterator[ast.AST]:
    for part in parts:
        yield part
        if isinstance(part, FUNCTIONS | ast.ClassDef):
            outside = [n for n in ast.iter_child_nodes(part) if n not in _entrance(part)]
            yield from _inside(outside)
        elif isinstance(part, COMPREHENSIONS):
            yield from _walruses(part)
        else:
            yield from _inside(list(ast.iter_child_nodes(part)))


def _walruses(comprehension: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(comprehension):
        if isinstance(node, ast.NamedExpr):
            yield from (node, node.target)


def _namespace(file: str) -> dict[str, object]:
    """Return the names of the module that a text ran as; of a text without a file, those of the main module."""
    main = sys.modules.get("__main__")
    for module in (main, *sys.modules.values()) if Path(file).exists() else ():
        if getattr(module, "__file__", None) == file:
            return vars(module)
    return vars(main) if main is not None and not Path(file).exists() else {}


def _is_called(value: object, module: str) -> bool:
    return isinstance(value, ModuleType) and value.__name__ == module


def _in_namespace(file: str, name: str) -> str | None:
    value = _namespace(file).get(name)
    return value.__name__ if isinstance(value, ModuleType) else None
