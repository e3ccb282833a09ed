"""Edits of whole numbers among the arguments of a JAX function that was differentiated: some are meant to be whole."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Suggestion
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

TAKING = {"one_hot", "take", "take_along_axis", "dynamic_slice", "dynamic_index_in_dim", "range", "arange", "fori_loop"}
"""Functions that take a position or a number of times."""

PARAMETERS = re.compile(r"(w|p|params?|theta|weights?|variables|model|net|table|embeddings?|coeffs?|[a-z]+_params)\d*")
"""What people call what is learned."""


def is_position(case: Case) -> bool:
    """Whether the program reads the source as a position, a number of times or a key of a random generator."""
    file = case.file
    for node in _read(case):
        inner: ast.AST = node
        for outer in reversed(builders.path_to(node, file)):
            if isinstance(outer, ast.Subscript) and any(part is inner for part in ast.walk(outer.slice)):
                return True
            if isinstance(outer, ast.Call) and inner is not outer.func and _takes_whole(outer, file):
                return True
            if not isinstance(outer, ast.expr | ast.keyword):
                break
            inner = outer
    return False


def is_idle(case: Case) -> bool:
    """Whether nobody reads the source, nor changes everything that it stands among: whole numbers may stay there."""
    tree = syntax.parse_file(case.file)
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call)] if tree is not None else []
    changed = any(simple_name(n) in WHOLE_TREES for n in calls)
    return not case.context.source.name.isidentifier() and not changed and not list(_read(case))


def is_data(case: Case) -> bool:
    """Whether the source is no parameter by its name, and one other argument of real numbers is."""
    return not PARAMETERS.fullmatch(_argument(case)) and len(_learned(case)) == 1


def _argument(case: Case) -> str:
    """Return the name of the argument that the source is, or is a part of."""
    return re.split(r"[.\[]", case.context.source.name, maxsplit=1)[0]


def _learned(case: Case) -> list[int]:
    """Return the positions of those arguments of real numbers alone that are parameters by their names."""
    function, failure = asked_function(case), case.context.question.failure
    names = syntax.parameter_names(function) if function is not None else []
    real = [int(k) for k in failure.detail.split() if k.isdigit()] if failure is not None else []
    return [k for k in real if k < len(names) and PARAMETERS.fullmatch(names[k])]


WHOLE_TREES = {"tree_map", "map", "apply_updates", "update"}
"""Functions that compute with all leaves of a tree."""


def _read(case: Case) -> Iterator[ast.expr]:
    """Yield where the program reads the source: an argument by its name, a leaf of a tree by its last key."""
    tree, name = syntax.parse_file(case.file), case.context.source.name
    key = re.search(r"\[(?:'([^']*)'|(\d+))\]$|\.(\w+)$", name)
    scope = asked_function(case) if key is None else tree
    for node in ast.walk(scope) if scope is not None else ():
        if isinstance(node, ast.expr) and _reads(node, name, key):
            yield node


def _reads(node: ast.expr, name: str, key: re.Match[str] | None) -> bool:
    if not isinstance(getattr(node, "ctx", None), ast.Load):
        return False
    if key is None:
        return isinstance(node, ast.Name) and node.id == name
    if isinstance(node, ast.Attribute):
        return node.attr == key[3]
    last = node.slice if isinstance(node, ast.Subscript) else None
    return isinstance(last, ast.Constant) and str(last.value) == (key[1] or key[2])


def _takes_whole(call: ast.Call, file: str) -> bool:
    return simple_name(call) in TAKING or (scopes.stands_for(call.func, file) or "").startswith("jax.random.")


def left_whole(case: Case) -> Suggestion | None:
    """Ask for the gradient in another argument, or allow whole numbers beside the others of one argument."""
    calls = list(_transformations(case))
    if not calls:
        return None
    failure = case.context.question.failure
    absent = failure is not None and "argnums" in failure.text
    if case.context.source.name.isidentifier() or absent or is_data(case):
        return builders.likely(*(c for call in calls for c in _without_it(case, call)))
    return builders.likely(*(c for call in calls for c in builders.set_argument(call, case.file, "allow_int", "True")))


def cast(case: Case, made: ast.expr | None) -> Suggestion | None:
    """Make an array floating point behind what made it: draws, data; leave whole what nobody can reach."""
    if isinstance(made, ast.Call | ast.Name | ast.BinOp | ast.Subscript):
        text = builders.operand(made, case.file)
        return builders.likely(*builders.replace(made, case.file, f"{text}.astype(float)"))
    return left_whole(case) if not case.context.source.name.isidentifier() else None


def asked_function(case: Case) -> ast.FunctionDef | None:
    """Return the function whose gradient was asked for, where the file has it."""
    name = case.context.question.target_name
    found = [f for f in syntax.functions_in(case.file) if f.name == name]
    return found[0] if len(found) == 1 else None


def _transformations(case: Case) -> Iterator[ast.Call]:
    """Yield the calls of `grad` and `value_and_grad` for the function that was asked about."""
    tree, name = syntax.parse_file(case.file), case.context.question.target_name
    for call in ast.walk(tree) if tree is not None else ():
        of = parts(call.args[0]) if isinstance(call, ast.Call) and call.args else ()
        if not isinstance(call, ast.Call) or simple_name(call) not in {"grad", "value_and_grad"}:
            continue
        if any(syntax.text_of(n).rpartition(".")[2] == name for n in of):
            yield call


def _without_it(case: Case, call: ast.Call) -> Changes:
    """Leave the argument out of those that are asked for; ask for the learned one where it was alone."""
    function, failure = asked_function(case), case.context.question.failure
    names = syntax.parameter_names(function) if function is not None else []
    name = _argument(case)
    given = builders.argument(call, 1, "argnums")
    if isinstance(given, ast.Tuple) and name in names:
        others = [e for e in given.elts if not (isinstance(e, ast.Constant) and e.value == names.index(name))]
        text = ", ".join(builders.written(e, case.file) for e in others)
        return builders.replace(given, case.file, f"({text},)") if others and len(others) < len(given.elts) else ()
    if failure is not None and "argnums" in failure.text:
        return _counted_from_zero(case, call)
    real = [int(k) for k in failure.detail.split() if k.isdigit()] if failure is not None else []
    chosen = real if len(real) == 1 else _learned(case)
    if len(chosen) != 1:
        return ()
    if given is not None:
        return builders.replace(given, case.file, str(chosen[0]))
    return builders.set_argument(call, case.file, "argnums", str(chosen[0]))


def _counted_from_zero(case: Case, call: ast.Call) -> Changes:
    """Ask for one position less everywhere, where one behind the last was asked for: positions count from 0."""
    given, asked = builders.argument(call, 1, "argnums"), case.call
    elements = given.elts if isinstance(given, ast.Tuple | ast.List) else [given] if given is not None else []
    numbers = [e.value for e in elements if isinstance(e, ast.Constant) and type(e.value) is int]
    if asked is None or len(numbers) < len(elements) or not numbers:
        return ()
    if max(numbers) != len(asked.args) or min(numbers) < 1 or asked.keywords:
        return ()
    return tuple(c for e, k in zip(elements, numbers, strict=True) for c in builders.replace(e, case.file, str(k - 1)))
