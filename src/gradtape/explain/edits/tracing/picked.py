"""Edits where a program of JAX's picks elements whose number nobody knows before: all are kept, and a mask chooses.

What picks may be a mask, the places where a mask holds, or a stretch with a traced end.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

COUNTED = {"mean", "std", "var"}
"""Reductions that must know which elements count; a sum of zeros needs no telling."""

SUMS = {"sum", "nansum", "count_nonzero"}

BOUNDS = {"max": "-jnp.inf", "min": "jnp.inf"}
"""Reductions that need a value for the case that nothing is picked."""

REDUCTIONS = {*COUNTED, "sum", "prod", "any", "all", *BOUNDS}
"""Functions of JAX that can be told which elements to take."""

PLACES = {"nonzero", "flatnonzero", "argwhere", "where"}
"""Functions that, given a mask alone, return where it holds."""

NOT_NUMBERS = {"isnan", "isfinite", "isinf"}


class Pick(NamedTuple):
    """An expression that picks elements, and the text of the mask that says which."""

    node: ast.Subscript
    mask: str


def kept(case: Case) -> Changes:
    """Return the changes that keep all elements wherever the function of the place picks some by a traced value."""
    scope, file, pen, node = case.function, case.file, case.pen, case.node
    if scope is None or pen.dialect != "jax" or node is None:
        return ()
    inside = list(dict.fromkeys(n for s in statements_of(scope) for n in parts(s)))
    masked = [n for n in inside if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)]
    masked = [n for n in masked if n is node or _is_mask(n.slice, scope)] if _picks_by_mask(node) else []
    by_place = _by_place(case, node, inside)
    picks = [Pick(n, builders.written(n.slice, file)) for n in masked]
    picks += [*by_place.picks, *_stretches(pen, node, inside, file)]
    found: list[Change] = [*by_place.changes]
    for pick in picks:
        same = [p.node for p in picks if p.mask == pick.mask]
        changes = _reduced_where(case, pen, pick, same) or _kept_whole(case, pen, pick)
        if not changes and pick.node in masked and not _is_like(pick.node, node):
            continue  # a mask of plain numbers may stay
        if not changes:
            return ()
        found += changes
    return (*dict.fromkeys(found), *pen.imports) if picks else ()


def _picks_by_mask(node: ast.expr) -> bool:
    return isinstance(node, ast.Subscript) and not isinstance(node.slice, ast.Slice | ast.Tuple)


def _is_like(node: ast.Subscript, failed: ast.expr) -> bool:
    """Whether an expression picks by the mask that could not be used, or by its opposite."""
    masks = [n.slice for n in (node, failed) if isinstance(n, ast.Subscript)]
    bare = [m.operand if isinstance(m, ast.UnaryOp) and isinstance(m.op, ast.Invert) else m for m in masks]
    return len({syntax.text_of(m) for m in bare}) == 1


def _is_mask(node: ast.expr, scope: ast.AST) -> bool:
    """Whether an expression surely holds truth values of an array."""
    if isinstance(node, ast.Name):
        made = assigned_before(scope, node.id, node.lineno)
        return made is not None and not isinstance(made, ast.Name) and _is_mask(made, scope)
    if isinstance(node, ast.UnaryOp):
        return isinstance(node.op, ast.Invert)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.BitAnd | ast.BitOr) and _is_mask(node.left, scope)
    return isinstance(node, ast.Compare) or simple_name(node) in NOT_NUMBERS


class _Places(NamedTuple):
    """What picks by the places where a mask holds, and the changes that put the mask in the places' place."""

    picks: list[Pick]
    changes: Changes


def _by_place(case: Case, failed: ast.expr, inside: Iterable[ast.expr]) -> _Places:
    """Find what is picked by the places that could not be counted; none if they are used for anything else."""
    file = case.file
    call = next((n for n in parts(failed) if isinstance(n, ast.Call) and _gives_places(n, file)), None)
    nothing = _Places([], ())
    if call is None:
        return nothing
    mask, whole = builders.written(call.args[0], file), _first_axis(call, file)
    outer = builders.parent_of(whole, file)
    if isinstance(outer, ast.Subscript) and outer.slice is whole:
        return _Places([Pick(outer, mask)], ())
    target = outer.targets[0] if isinstance(outer, ast.Assign) and len(outer.targets) == 1 else None
    alone = target.elts[0] if isinstance(target, ast.Tuple) and len(target.elts) == 1 else None
    name = alone if alone is not None else target
    flat, taken = simple_name(call) == "flatnonzero", whole is not call
    if not isinstance(name, ast.Name) or target is None or (alone is None and taken == flat) or (alone and taken):
        return nothing  # a tuple of places, or a row of them
    reads = [n for n in inside if isinstance(n, ast.Name) and n.id == name.id and isinstance(n.ctx, ast.Load)]
    around = [builders.parent_of(n, file) for n in reads]
    picks = [n for n in around if isinstance(n, ast.Subscript) and syntax.text_of(n.slice) == name.id]
    if len(picks) < len(reads):
        return nothing
    bare = builders.replace(target, file, name.id) if alone is not None else ()
    return _Places([Pick(n, name.id) for n in picks], (*bare, *builders.replace(whole, file, mask)))


def _gives_places(call: ast.Call, file: str) -> bool:
    full = scopes.stands_for(call.func, file) or ""
    return full.startswith("jax.numpy.") and simple_name(call) in PLACES and len(call.args) == 1 and not call.keywords


def _first_axis(call: ast.Call, file: str) -> ast.expr:
    """Return the call with the subscript that takes the places along the first axis: `[0]`, or `[:, 0]`."""
    outer = builders.parent_of(call, file)
    taken = syntax.text_of(outer.slice) if isinstance(outer, ast.Subscript) and outer.value is call else ""
    return outer if isinstance(outer, ast.Subscript) and taken in {"0", "(:, 0)", ":, 0"} else call


def _stretches(pen: Pen, failed: ast.expr, inside: Iterable[ast.expr], file: str) -> list[Pick]:
    """Find the stretches that begin or end at the traced place of one that could not be taken."""
    ends = syntax.names_in(failed.slice, ast.Load) if isinstance(failed, ast.Subscript) else set()
    if not _stretch(pen, failed, file):
        return []
    like = [n for n in inside if isinstance(n, ast.Subscript) and ends & syntax.names_in(n.slice, ast.Load)]
    return [Pick(n, mask) for n in like if (mask := _stretch(pen, n, file))]


def _stretch(pen: Pen, node: ast.expr, file: str) -> str:
    """Write the mask of a stretch, `x[a:b]`, along the first axis."""
    window = node.slice if isinstance(node, ast.Subscript) else None
    if not isinstance(node, ast.Subscript) or not isinstance(window, ast.Slice) or window.step is not None:
        return ""
    bounds = [n for n in (window.lower, window.upper) if n is not None]
    if not isinstance(node.value, ast.Name) or any(isinstance(n, ast.UnaryOp) for n in bounds):
        return ""
    places = pen.call("arange", f"len({node.value.id})")
    signs = ((window.lower, ">="), (window.upper, "<"))
    tests = [f"{places} {sign} {builders.operand(n, file)}" for n, sign in signs if n is not None]
    return " & ".join(f"({test})" for test in tests) if len(tests) > 1 else "".join(tests)


# -- one reduction ----------------------------------------------------------------------------------------------------


def _reduced_where(case: Case, pen: Pen, pick: Pick, same: list[ast.Subscript]) -> Changes:
    """Let a reduction take the elements that a mask picks: `sum(x, where=m)` for `sum(x[m])` and `x[m].sum()`."""
    file, scope = case.file, case.function
    for outer in reversed(builders.path_to(pick.node, file)):
        if not isinstance(outer, ast.Call) or simple_name(outer) not in REDUCTIONS:
            continue
        method = isinstance(outer.func, ast.Attribute) and builders.is_method(outer, file)
        values = outer.func.value if method and isinstance(outer.func, ast.Attribute) else next(iter(outer.args), None)
        if values is None or any(k.arg == "where" for k in outer.keywords):
            return ()
        picks = [n for n in parts(values) if n in same]
        if pick.node not in picks:
            continue
        tame = all(_is_tame(n, picks) for n in parts(values)) and not _asks_for_numbers(pick, scope)
        changed = [c for n in picks for c in _whole(pen, n, pick.mask, file, tame=tame)]
        bound = BOUNDS.get(simple_name(outer))
        start = f", initial={pen.say(bound)}" if bound is not None else ""
        return (*changed, *builders.add_argument(outer, file, f"where={pick.mask}{start}"))
    return ()


def _whole(pen: Pen, node: ast.Subscript, mask: str, file: str, *, tame: bool) -> Changes:
    """Take all elements; those that the mask leaves out become a number that every function is well at."""
    if tame:
        return builders.keep_part(node, node.value, file)
    return builders.replace(node, file, pen.call("where", mask, builders.written(node.value, file), "1.0"))


def _is_tame(node: ast.expr, picks: list[ast.Subscript]) -> bool:
    """Whether an expression is finite, and has a derivative, at every value of what is picked."""
    if not any(part in picks for part in parts(node)) or node in picks:
        return True
    if isinstance(node, ast.BinOp):
        if isinstance(node.op, ast.Pow):
            return isinstance(node.right, ast.Constant) and isinstance(node.right.value, int) and node.right.value > 0
        return isinstance(node.op, ast.Add | ast.Sub | ast.Mult)
    if isinstance(node, ast.Call):
        return simple_name(node) in {"abs", "square", "tanh", "sin", "cos"}
    return isinstance(node, ast.UnaryOp)


def _asks_for_numbers(pick: Pick, scope: ast.AST | None) -> bool:
    """Whether a mask tells numbers from what is none."""
    tests = [pick.node.slice]
    for name in syntax.names_in(pick.node.slice, ast.Load):
        made = assigned_before(scope, name, pick.node.lineno) if scope is not None else None
        tests += [made] if made is not None else []
    return any(simple_name(n) in NOT_NUMBERS for test in tests for n in parts(test))


# -- a name for what is picked ----------------------------------------------------------------------------------------


def _kept_whole(case: Case, pen: Pen, pick: Pick) -> Changes:
    """Write `e = where(m, x, 0)` for `e = x[m]`, and `mean(e, where=m)` for what is made of it later."""
    file, scope = case.file, case.function
    statement = syntax.statement_at(syntax.span_of(pick.node, file))
    named = isinstance(statement, ast.Assign) and len(statement.targets) == 1 and statement.value is pick.node
    target = statement.targets[0] if isinstance(statement, ast.Assign) and named else None
    if not isinstance(target, ast.Name) or scope is None or isinstance(pick.node.slice, ast.Tuple):
        return ()
    text = pen.call("where", pick.mask, builders.written(pick.node.value, file), "0.0")
    changes: list[Change] = [*builders.replace(pick.node, file, text)]
    names = {target.id}
    for later in (s for s in statements_of(scope) if s.lineno > pick.node.lineno and not hasattr(s, "body")):
        for read in (n for name in sorted(names) for n in syntax.mentions(later, name)):
            outer = _reduced(read, file)
            if outer is None and not _elementwise(later, read, file):
                return ()  # its length counts
            name = simple_name(outer) if outer is not None else ""
            if outer is not None and name in {*COUNTED, *BOUNDS}:
                start = f", initial={pen.say(BOUNDS[name])}" if name in BOUNDS else ""
                changes += builders.add_argument(outer, file, f"where={pick.mask}{start}")
        if isinstance(later, ast.Assign) and any(
            _reduced(n, file) is None for name in names for n in syntax.mentions(later, name)
        ):
            names |= {t.id for t in later.targets if isinstance(t, ast.Name)}
    return tuple(changes)


def _reduced(read: ast.expr, file: str) -> ast.Call | None:
    """Return the call of a sum, a mean or a bound around a name."""
    for outer in reversed(builders.path_to(read, file)):
        if isinstance(outer, ast.Call) and simple_name(outer) in {*COUNTED, *SUMS, *BOUNDS}:
            full = scopes.stands_for(outer.func, file) or ""
            told = any(k.arg == "where" for k in outer.keywords)
            return outer if full.startswith("jax.numpy.") and not told else None
        if isinstance(outer, ast.stmt):
            break
    return None


def _elementwise(statement: ast.stmt, read: ast.expr, file: str) -> bool:
    """Whether a statement makes of a name what has one element for each of its elements, and nothing more."""
    if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Name):
        return False
    return all(_keeps_elements(n, file) for n in _steps(statement, read, file))


def _steps(statement: ast.stmt, read: ast.expr, file: str) -> Iterator[ast.AST]:
    path = builders.path_to(read, file)
    yield from (n for n in path[path.index(statement) + 1 :] if isinstance(n, ast.expr))


def _keeps_elements(node: ast.AST, file: str) -> bool:
    if isinstance(node, ast.BinOp):
        return not isinstance(node.op, ast.MatMult)
    if isinstance(node, ast.Call):
        full = scopes.stands_for(node.func, file) or ""
        return full.rpartition(".")[2] in {"abs", "square", "exp", "log1p", "tanh", "sin", "cos", "where", "clip"}
    return isinstance(node, ast.UnaryOp)
