"""Edits of callbacks, which run where nothing is recorded: called itself, or with a derivative by differences."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import Span, Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, defined_in, parts, simple_name
from gradtape.explain.edits.outside import foreign, to_tensorflow
from gradtape.explain.edits.outside.conversions import all_inside, outer_only
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes


def without_callback(case: Case) -> Suggestion | None:
    """Call the function itself instead of handing it to a callback, and keep what it computes on the tape.

    Where TensorFlow has no words for all of it, the callback stays and gets a derivative by differences.
    """
    call = case.call
    if call is None or _gives_whole_numbers(case):
        return None
    if case.pen.dialect == "tensorflow":  # which traces what `map_fn` is given, and tells of the whole
        inside = [found for n in parts(call) if (found := _called_back(n, case.file)) is not None]
        return _without_tensorflows(case, inside[0]) if len(inside) == 1 else None
    if len(call.args) < 2:
        return None
    file, pen = case.file, case.pen
    function, given = call.args[0], call.args[1]
    body = function if isinstance(function, ast.Lambda) else defined_in(file, ast.Call(function, [], []))
    if isinstance(given, ast.List | ast.Tuple):
        arguments = ", ".join(builders.written(e, file) for e in given.elts)
    else:
        arguments = ", ".join(builders.written(a, file) for a in call.args[2:])
    changes = [*builders.replace(call, file, f"{builders.operand(function, file)}({arguments})")]
    if isinstance(function, ast.Lambda) and pen.dialect == "jax" and len(call.args) > 2:
        around = _called_on(call, function, call.args[2:], file)
        return builders.likely(*around, *foreign.in_jax_numpy(pen, function, file), *pen.imports)
    if isinstance(body, ast.FunctionDef) and pen.dialect == "jax":
        changes += foreign.in_jax_numpy(pen, body, file)
    elif isinstance(body, ast.FunctionDef):
        changes += [c for part in body.body for c in all_inside(pen, part, file)]
    return builders.likely(*outer_only(changes), *pen.imports)


CALLING_BACK = {"numpy_function", "py_function", "py_func"}


class Callback(NamedTuple):
    """A call by which TensorFlow calls back what computes with arrays."""

    call: ast.Call
    function: ast.expr
    given: ast.expr
    dtype: ast.expr | None
    way: str
    """The name of TensorFlow's function."""
    decorator: ast.expr | None = None
    """What makes the function itself a callback: `@tf.numpy_function(Tout=tf.float32)`."""


def _called_back(node: ast.expr, file: str) -> Callback | None:
    """Return the callback that an expression calls: directly, by a partial of it, or by a function decorated so."""
    if not isinstance(node, ast.Call):
        return None
    words = [builders.argument(node, k, word) for k, word in enumerate(("func", "inp", "Tout"))]
    function, given, dtype = words
    way = simple_name(node)
    if way not in CALLING_BACK:
        made = syntax.values_given_to(syntax.text_of(node.func), syntax.span_of(node, file))
        partly = _partial_of(made[0]) if len(made) == 1 else None
        own = defined_in(file, node) if not scopes.stands_for(node.func, file) else None
        if partly is None and own is not None:
            return _decorated(node, own, file)
        if partly is None:
            return None
        way, dtype = partly
    if function is None or given is None:
        return None
    return Callback(node, function, given, dtype, way)


def _partial_of(node: ast.expr) -> tuple[str, ast.expr | None] | None:
    """Return the name of the callback that an expression gives with its dtype: `functools.partial(f, Tout=...)`."""
    way = simple_name(node)
    if way == "partial" and isinstance(node, ast.Call) and len(node.args) == 1:
        way = syntax.text_of(node.args[0]).rpartition(".")[2]
    if way not in CALLING_BACK or not isinstance(node, ast.Call) or {k.arg for k in node.keywords} - {"Tout"}:
        return None
    return way, builders.argument(node, 2, "Tout")


def _decorated(call: ast.Call, own: ast.FunctionDef, file: str) -> Callback | None:
    """Return the callback that a call of a decorated function is, if nobody else calls it."""
    partly = _partial_of(own.decorator_list[0]) if len(own.decorator_list) == 1 else None
    given = builders.argument(call, 0, "inp")
    if partly is None or given is None or to_tensorflow.calls_of(own, file) != [call]:
        return None
    return Callback(call, call.func, given, partly[1], partly[0], own.decorator_list[0])


def _without_tensorflows(case: Case, back: Callback) -> Suggestion | None:
    """Do so for `tf.numpy_function` and `tf.py_function`."""
    file, pen = case.file, case.pen
    call, function, given = back.call, back.function, back.given
    body = function if isinstance(function, ast.Lambda) else defined_in(file, ast.Call(function, [], []))
    steps = body is not None and to_tensorflow.has_steps(body, file)
    closed = not isinstance(given, ast.List | ast.Tuple) or bool(given.elts)
    inside = _with_tensors(pen, body, back, file, closed=closed) if not steps else None
    if inside is None and not closed and isinstance(body, ast.FunctionDef):  # no tensor goes in: there is no difference
        inside = tuple(c for part in body.body for c in all_inside(pen, part, file))
    if inside is None or not isinstance(given, ast.List | ast.Tuple):
        return builders.sketch(*_by_differences(pen, back, file, steps=steps), *pen.imports)
    if isinstance(function, ast.Lambda) and given.elts and call.args[:1] == [function]:
        return builders.likely(*_called_on(call, function, given.elts, file), *inside, *pen.imports)
    arguments = ", ".join(builders.written(e, file) for e in given.elts)
    text = f"{_named(pen, function, file)}({arguments})"
    if _is_unpacked(case):  # what it returns need not be tensors
        text = pen.say("tf.nest.map_structure(tf.convert_to_tensor, {x})", x=text)
    return builders.likely(*outer_only([*builders.replace(call, file, text), *inside]), *pen.imports)


def _with_tensors(
    pen: Pen, body: ast.FunctionDef | ast.Lambda | None, back: Callback, file: str, *, closed: bool
) -> Changes | None:
    """Return the changes by which what is called back computes with tensors; None where it cannot."""
    if body is None:
        name = function_name(back.function, file)
        return () if name is not None and pen.knows(name) else None
    if back.decorator is not None and isinstance(body, ast.FunctionDef):
        inside = to_tensorflow.translated(pen, body, file, closed=closed, decorated=True)
        return (*builders.drop_decorator(back.decorator, file), *inside) if inside is not None else None
    called = isinstance(body, ast.FunctionDef) and to_tensorflow.calls_of(body, file)
    return None if called else to_tensorflow.translated(pen, body, file, closed=closed)


def _gives_whole_numbers(case: Case) -> bool:
    """Whether what the callback gives would have no slope whoever computed it."""
    broken = case.operation.breaks if case.operation is not None else ()
    return any(b.kind is BreakKind.NO_DERIVATIVE for breaks in broken for b in breaks)


def _called_on(call: ast.Call, function: ast.expr, given: list[ast.expr], file: str) -> Changes:
    """Call a function that a call was handed on arguments of that call, and leave all three as they are written."""
    whole, named = syntax.span_of(call, file), syntax.span_of(function, file)
    first, last = syntax.span_of(given[0], file), syntax.span_of(given[-1], file)
    return (
        Change(Span(file, whole.line, whole.column, named.line, named.column), "("),
        Change(Span(file, named.end_line, named.end_column, first.line, first.column), ")("),
        Change(Span(file, last.end_line, last.end_column, whole.end_line, whole.end_column), ")"),
    )


def _named(pen: Pen, function: ast.expr, file: str) -> str:
    """Write what is called: TensorFlow's function where the callback itself is one of NumPy's."""
    name = function_name(function, file)
    if name is not None and pen.dialect == "tensorflow" and pen.knows(name):
        return pen.call(name).removesuffix("()")
    return builders.operand(function, file)


BY_DIFFERENCES = '''

def by_differences(function, given, dtype, reach=0.0):
    """Call a function of plain arrays, differentiated by differences: write its own derivative here if there is one."""
    several = isinstance(dtype, (list, tuple))

    def results(*plain):
        return function(*plain) if several else [function(*plain)]

    def slopes(*came_and_plain):
        came, plain = came_and_plain[: -len(given)], came_and_plain[-len(given) :]
        found = [np.zeros_like(value) for value in plain]
        for k, value in enumerate(plain):
            for place in np.ndindex(value.shape if value.dtype.kind == "f" else (0,)):
                ahead, behind, step = value.copy(), value.copy(), 1e-3 * max(1.0, abs(value[place]))
                step = max(step, reach * (np.std(value) or 1.0))
                ahead[place] += step
                behind[place] -= step
                pairs = zip(results(*plain[:k], ahead, *plain[k + 1 :]), results(*plain[:k], behind, *plain[k + 1 :]))
                found[k][place] = sum(np.sum((a - b) * c) for (a, b), c in zip(pairs, came)) / (2 * step)
        return found

    @tf.custom_gradient
    def recorded(*values):
        result = tf.numpy_function(function, values, dtype)
        return result, lambda *came: tf.numpy_function(slopes, [*came, *values], [v.dtype for v in values])

    return recorded(*map(tf.convert_to_tensor, given))

'''.rstrip()
"""What calls back and has a derivative, whatever computes it; two calls more per number. `reach` steps over stairs."""

REACH = "1.0"
"""How far it looks, in standard deviations, where what is computed has steps."""


def _by_differences(pen: Pen, back: Callback, file: str, *, steps: bool) -> Changes:
    """Call `by_differences` in the place of a callback; none for what gets nothing."""
    function, given, dtype = back.function, back.given, back.dtype
    empty = isinstance(given, ast.List | ast.Tuple) and not given.elts
    if dtype is None or empty or isinstance(function, ast.Starred):
        return ()
    text = builders.written(function, file)
    if back.way == "py_function":  # which hands over tensors
        inner = scopes.free_name(file, "given")
        plain = "np.asarray({f}(*map(tf.constant, {g})))"
        if isinstance(dtype, ast.List | ast.Tuple):
            plain = "[np.asarray(part) for part in {f}(*map(tf.constant, {g}))]"
        text = pen.say(f"lambda *{{g}}: {plain}", f=builders.operand(function, file), g=inner)
    changes, new = helper(pen, file)
    text = ", ".join((text, builders.written(given, file), builders.written(dtype, file)))
    text = f"{text}, reach={REACH}" if steps else text
    bare = builders.drop_decorator(back.decorator, file) if back.decorator is not None else ()
    return (*builders.replace(back.call, file, f"{new}({text})"), *bare, *changes)


def helper(pen: Pen, file: str) -> tuple[Changes, str]:
    """Return the changes that write `by_differences` at the top of a file, and its name there."""
    name = scopes.free_name(file, "by_differences")
    text = BY_DIFFERENCES.replace("by_differences", name)
    for module in ("np", "tf"):
        own = pen.say(f"{module}.x").removesuffix(".x")
        text = text.replace(f"{module}.", f"{own}.")
    return builders.add_import(file, text), name


def _is_unpacked(case: Case) -> bool:
    """Whether a statement gives several names what it computes."""
    statement = case.statement
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List)
