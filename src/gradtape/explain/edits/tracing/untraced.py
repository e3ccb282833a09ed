"""Edits where Python wants a plain number of a traced value: a place in a list, a window, a text, a whole number."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name, statements_of
from gradtape.explain.edits.tracing import choices, picked, sized

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen


def traced_instead(case: Case) -> Suggestion | None:
    """Let JAX do with the traced value what Python was to do with its number."""
    pen, node = case.pen, case.node
    if pen.dialect != "jax" or case.context.question.failure is None:
        return None
    told = _printed(case, pen) or _kept_for_later(case, pen)
    if told or node is None:  # in a text, no expression has a place of its own
        return builders.likely(*told, *pen.imports)
    ways = (_decided, _picked, _window, _whole)
    changes: Changes = next((found for way in ways if (found := way(case, pen, node))), ()) or picked.kept(case)
    return builders.likely(*changes, *pen.imports) if changes else sized.padded(case)


def _decided(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Choose by `where` where what becomes a number decides: a compiled function cannot test an array, either."""
    del pen
    test, inner = getattr(case.statement, "test", None), _unconverted(node)
    if inner is node or not isinstance(test, ast.expr) or not syntax.span_of(test, case.file).contains(case.at):
        return ()
    chosen = choices.chosen_by_where(case)
    number, array = builders.written(node, case.file), builders.operand(inner, case.file)
    return tuple(Change(c.span, c.text.replace(number, array)) for c in chosen.changes) if chosen is not None else ()


def _picked(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Pick an element of an array, or one of several functions, where a traced value is the place in a list."""
    if not isinstance(node, ast.Subscript) or isinstance(node.slice, ast.Tuple | ast.Slice):
        return ()
    file, index = case.file, builders.written(node.slice, case.file)
    listed, outer = builders.written(node.value, file), builders.parent_of(node, file)
    if isinstance(outer, ast.Call) and outer.func is node:
        given = ", ".join([index, listed, *(builders.written(a, file) for a in outer.args)])
        return builders.replace(outer, file, pen.say("jax.lax.switch({x})", x=given)) if not outer.keywords else ()
    whole = isinstance(node.value, ast.List | ast.Tuple | ast.ListComp) or syntax.is_list(listed, case.at)
    if whole:
        return builders.replace(node.value, file, pen.call("stack", listed))
    alike = [node, *(other for other in _read_at(case, node) if other is not node)]
    return tuple(
        change
        for other in alike
        for change in builders.replace(
            other.value, file, pen.say("jnp.asarray({x})", x=builders.written(other.value, file))
        )
    )


def _read_at(case: Case, node: ast.Subscript) -> list[ast.Subscript]:
    """Find what else the function reads at that traced place: `values[i]` and `knots[i + 1]` beside `knots[i]`."""
    names = syntax.names_in(node.slice, ast.Load)
    inside = (part for s in (statements_of(case.function) if case.function is not None else ()) for part in parts(s))
    return [
        part
        for part in dict.fromkeys(inside)
        if isinstance(part, ast.Subscript)
        and isinstance(part.ctx, ast.Load)
        and isinstance(part.value, ast.Name | ast.Attribute)
        and not isinstance(part.slice, ast.Tuple | ast.Slice)
        and names
        and names <= syntax.names_in(part.slice, ast.Load)
    ]


def _window(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Take a window of a size that is plain, from a place that is traced: `x[i : i + 3]`."""
    window = node.slice if isinstance(node, ast.Subscript) else None
    if not isinstance(node, ast.Subscript) or not isinstance(window, ast.Slice) or window.step is not None:
        return ()
    low, high = window.lower, window.upper
    if low is None or not isinstance(high, ast.BinOp) or not isinstance(high.op, ast.Add):
        return ()
    start, sides = syntax.text_of(low), [high.left, high.right]
    size = [side for side in sides if syntax.text_of(side) != start]
    if len(size) != 1 or syntax.names_in(size[0], ast.Load) & syntax.names_in(low, ast.Load):
        return ()
    given = [builders.written(n, case.file) for n in (node.value, low, size[0])]
    return builders.replace(node, case.file, pen.say("jax.lax.dynamic_slice_in_dim({x})", x=", ".join(given)))


def _printed(case: Case, pen: Pen) -> Changes:
    """Print by `jax.debug.print`, which waits for the numbers: of `f"{x:.2f}"` the values stand behind the text."""
    statement, file = case.statement, case.file
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or syntax.text_of(call.func) != "print" or len(call.args) != 1 or call.keywords:
        return ()
    text, values = call.args[0], list[str]()
    if not isinstance(text, ast.JoinedStr):
        return ()
    pieces = list[str]()
    for part in text.values:
        if isinstance(part, ast.Constant):
            pieces.append(str(part.value).replace("{", "{{").replace("}", "}}"))
            continue
        if not isinstance(part, ast.FormattedValue) or part.conversion != -1:
            return ()
        style = part.format_spec.values if isinstance(part.format_spec, ast.JoinedStr) else []
        if any(not isinstance(s, ast.Constant) for s in style):
            return ()
        spec = "".join(str(s.value) for s in style if isinstance(s, ast.Constant))
        pieces.append(f"{{:{spec}}}" if spec else "{}")
        values.append(ast.unparse(_unconverted(part.value)))
    given = ", ".join([repr("".join(pieces)), *values])
    return builders.replace(call, file, pen.say("jax.debug.print({x})", x=given))


def _unconverted(node: ast.expr) -> ast.expr:
    """Return what becomes a number of Python's: `x` of `float(x)` and of `x.item()`."""
    if not isinstance(node, ast.Call) or node.keywords:
        return node
    if isinstance(node.func, ast.Attribute) and node.func.attr in {"item", "tolist"} and not node.args:
        return node.func.value
    return node.args[0] if syntax.text_of(node.func) == "float" and len(node.args) == 1 else node


def _kept_for_later(case: Case, pen: Pen) -> Changes:
    """Let `jax.debug.callback` put a number into a list that is none of the function's own, when it is there."""
    statement, file, scope = case.statement, case.file, case.function
    call = statement.value if isinstance(statement, ast.Expr) else None
    held = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    if not isinstance(call, ast.Call) or simple_name(call) != "append" or len(call.args) != 1 or held is None:
        return ()
    value, name = _unconverted(call.args[0]), syntax.text_of(held)
    own = {n for s in (statements_of(scope) if scope is not None else ()) for n in syntax.names_in(s, ast.Store)}
    read = len(syntax.mentions(scope, name)) > 1 if scope is not None else True
    if value is call.args[0] or name in own or read or not isinstance(scope, ast.FunctionDef):
        return ()
    if name in syntax.parameter_names(scope):
        return ()
    given = f"{builders.written(call.func, file)}, {builders.written(value, file)}"
    return builders.replace(call, file, pen.say("jax.debug.callback({x})", x=given))


def _whole(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Make an array whole where `int` was to make a number of it."""
    if not isinstance(node, ast.Call) or syntax.text_of(node.func) != "int" or len(node.args) != 1:
        return ()
    inner = node.args[0]
    if wants_number(case, node):
        return ()
    if simple_name(inner) in {"floor", "round", "ceil"} or isinstance(inner, ast.Name | ast.BinOp | ast.Attribute):
        text = builders.written(inner, case.file)
        outer = builders.parent_of(node, case.file)
        listed = _picked(case, pen, outer) if isinstance(outer, ast.Subscript) and outer.slice is node else ()
        return (*builders.replace(node, case.file, pen.say("jnp.asarray({x}).astype(int)", x=text)), *listed)
    return ()


SIZES = {"range", "zeros", "ones", "full", "arange", "linspace", "eye", "round", "int", "len", "str"}
"""Functions that a plain number is for: a count, a size, a text, or one that is rounded."""


COUNTED = {"range", "zeros", "ones", "full", "arange", "linspace", "eye"}
"""Those of them that make nothing but what a size decides, whatever they are a function of."""


def wants_number(case: Case, node: ast.expr) -> bool:
    """Whether what becomes a plain number is a count, a size or a text: an array in its place would not do."""
    outer, scope = builders.parent_of(node, case.file), case.function
    if isinstance(outer, ast.Call) and node in outer.args and syntax.text_of(outer.func) in SIZES:
        return True
    names = set(syntax.assigned_names(case.at))
    inside = dict.fromkeys(n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s))
    counts = [n for n in inside if simple_name(n) in COUNTED and isinstance(n, ast.Call)]
    return any(names & syntax.names_in(a, ast.Load) for n in counts for a in n.args)
