"""Edits of whole numbers among the arguments of a JAX function that was differentiated: some are meant to be whole."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name
from gradtape.explain.edits.question import leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Suggestion
    from gradtape.diagnostics.changes import Change
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
    """Whether the source is a leaf that the function asked about does not read: a count, or the state of an optimizer.

    It may stay whole beside parameters.
    """
    return not case.context.source.name.isidentifier() and not list(_read(case))


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


def _read(case: Case) -> Iterator[ast.expr]:
    """Yield where the function asked about, or one it calls, reads the source: by its name, or by its last key."""
    tree, name = syntax.parse_file(case.file), case.context.source.name
    key = re.search(r"\[(?:'([^']*)'|(\d+))\]$|\.(\w+)$", name)
    asked = asked_function(case)
    scopes_read: list[ast.AST] = [asked] if asked is not None else [tree] if tree is not None else []
    if asked is not None and key is not None:
        scopes_read = _called_from(asked, case.file)
    for node in (n for scope in scopes_read for n in ast.walk(scope)):
        if isinstance(node, ast.expr) and _reads(node, name, key):
            yield node
        if key is not None and key[2] and isinstance(node, ast.Tuple) and isinstance(node.ctx, ast.Store):
            yield from node.elts[int(key[2]) : int(key[2]) + 1]  # a loop, or a name for each element


def _called_from(function: ast.FunctionDef, file: str) -> list[ast.AST]:
    """Return a function and those of its file that it calls, by their names, and so on."""
    found: list[ast.AST] = [function]
    for here in found:
        names = {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(here)}
        found += [f for f in syntax.functions_in(file) if f.name in names and f not in found]
    return found


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
    narrowed = leaves.by_one_part(case, _place_of_argument(case))
    if narrowed:
        return builders.likely(*narrowed)
    allowed = [c for call in calls for c in builders.set_argument(call, case.file, "allow_int", "True")]
    used = _without_slopes(case)
    return builders.likely(*allowed, *used) if used is not None else None


def _place_of_argument(case: Case) -> int:
    """Return which argument of the function the source is, or is a part of; -1 if that is not known."""
    asked = asked_function(case)
    names = syntax.parameter_names(asked) if asked is not None else []
    return names.index(_argument(case)) if _argument(case) in names else -1


def _without_slopes(case: Case) -> Changes | None:
    """Let what computes with all gradients of a tree pass over those of whole numbers; None where that is not clear.

    They have the dtype `float0`, with which nothing can be computed.
    """
    file, statement, call, pen = case.file, case.statement, case.call, case.pen
    if statement is None or call is None:
        return ()
    found: list[Change] = []
    others = False
    for read in leaves.gradients_read(case):
        outer = builders.parent_of(read, file)
        if not isinstance(outer, ast.Call) or read not in outer.args:
            continue
        if simple_name(outer) not in MAPS:
            others = True
            continue
        body, position = outer.args[0], outer.args.index(read) - 1
        names = [a.arg for a in body.args.args] if isinstance(body, ast.Lambda) else []
        if not isinstance(body, ast.Lambda) or not 0 <= position < len(names):
            return None
        test = pen.say("{d}.dtype != jax.dtypes.float0", d=names[position])
        text = f"{builders.operand(body.body, file)} if {test} else {names[0]}"
        found += builders.replace(body.body, file, text)
    if others:
        place, name = _place_of_argument(case), leaves.gradients_name(case)
        if not 0 <= place < len(call.args):
            return None
        leaf = pen.say("lambda p, d: jnp.zeros_like(p) if d.dtype == jax.dtypes.float0 else d")
        tree = builders.written(call.args[place], file)
        found += builders.insert_after(
            statement, file, pen.say("{g} = jax.tree.map({f}, {t}, {g})", g=name, f=leaf, t=tree)
        )
    return (*dict.fromkeys(found), *pen.imports)


MAPS = {"tree_map", "map"}
"""Functions that do the same with all leaves of trees."""


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
