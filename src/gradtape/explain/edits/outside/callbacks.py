"""Edits of callbacks, which run where nothing is recorded: called itself, or with a derivative by differences."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, defined_in, parts, simple_name, statements_of
from gradtape.explain.edits.outside import foreign
from gradtape.explain.edits.outside.conversions import all_inside, is_conversion, outer_only
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.graph import BreakKind

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes


def without_callback(case: Case) -> Suggestion | None:
    """Call the function itself instead of handing it to a callback, and keep what it computes on the tape.

    Where TensorFlow has no function for what it calls, the callback stays and gets a derivative by differences.
    """
    call = case.call
    if call is None or len(call.args) < 2 or _gives_whole_numbers(case):
        return None
    file, pen = case.file, case.pen
    function, given = call.args[0], call.args[1]
    body = function if isinstance(function, ast.Lambda) else defined_in(file, ast.Call(function, [], []))
    if pen.dialect == "tensorflow" and (_is_plain(pen, body, file) or _is_unknown(pen, function, file)):
        return builders.sketch(*_by_differences(pen, call, file), *pen.imports)
    if isinstance(given, ast.List | ast.Tuple):
        arguments = ", ".join(builders.written(e, file) for e in given.elts)
    else:
        arguments = ", ".join(builders.written(a, file) for a in call.args[2:])
    text = f"{_named(pen, function, file)}({arguments})"
    if pen.dialect == "tensorflow" and _is_unpacked(case):  # what it returns need not be tensors
        text = pen.say("tf.nest.map_structure(tf.convert_to_tensor, {x})", x=text)
    changes = [*builders.replace(call, file, text)]
    if isinstance(function, ast.Lambda) and pen.dialect == "jax" and len(call.args) > 2:
        around = _called_on(call, function, call.args[2:], file)
        return builders.likely(*around, *foreign.in_jax_numpy(pen, function, file), *pen.imports)
    if isinstance(body, ast.FunctionDef) and pen.dialect == "jax":
        changes += foreign.in_jax_numpy(pen, body, file)
    elif isinstance(body, ast.FunctionDef):
        changes += [c for part in body.body for c in all_inside(pen, part, file)]
    return builders.likely(*outer_only(changes), *pen.imports)


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


def _is_unknown(pen: Pen, function: ast.expr, file: str) -> bool:
    """Whether a callback is a function of NumPy's, or of another library, that TensorFlow has no function for."""
    name = function_name(function, file)
    if name is not None:
        return not pen.knows(name)
    return foreign.is_foreign(ast.Call(function, [], []), file, pen)


def _is_plain(pen: Pen, body: ast.FunctionDef | ast.Lambda | None, file: str) -> bool:
    """Whether a function does with its arguments what only arrays can: calls that TensorFlow does not have, writes."""
    if isinstance(body, ast.Lambda):  # which is written once more where it is called
        return any(function_name(n.func, file) for n in parts(body.body) if isinstance(n, ast.Call))
    values = set(syntax.parameter_names(body)) if body is not None else set[str]()
    for statement in statements_of(body) if body is not None else ():
        reads = values & syntax.names_in(statement, ast.Load)
        loops = [n.target for n in ast.walk(statement) if isinstance(n, ast.comprehension)] if reads else []
        reads |= {name for target in loops for name in syntax.names_in(target, ast.Store)}
        if any(isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Store) for n in ast.walk(statement)):
            return True
        calls = [n for n in ast.walk(statement) if isinstance(n, ast.Call) and reads & syntax.names_in(n, ast.Load)]
        if any(_is_unknown(pen, n.func, file) for n in calls if not is_conversion(n, file)):
            return True
        values |= syntax.names_in(statement, ast.Store) if reads else set()
    return False


BY_DIFFERENCES = '''

def by_differences(function, given, dtype):
    """Call a function of plain arrays, differentiated by differences: write its own derivative here if there is one."""

    def slopes(came, *plain):
        found = [np.zeros_like(value) for value in plain]
        for k, value in enumerate(plain):
            for place in np.ndindex(value.shape if value.dtype.kind == "f" else (0,)):
                ahead, behind, step = value.copy(), value.copy(), 1e-3 * max(1.0, abs(value[place]))
                ahead[place] += step
                behind[place] -= step
                risen = function(*plain[:k], ahead, *plain[k + 1 :]) - function(*plain[:k], behind, *plain[k + 1 :])
                found[k][place] = np.sum(risen * came) / (2 * step)
        return found

    @tf.custom_gradient
    def recorded(*values):
        result = tf.numpy_function(function, values, dtype)
        return result, lambda came: tf.numpy_function(slopes, [came, *values], [v.dtype for v in values])

    return recorded(*map(tf.convert_to_tensor, given))

'''.rstrip()
"""What calls back and has a derivative for one result, whatever computes it; two calls more per number."""


def _by_differences(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Call `by_differences` in the place of a callback; none for what gets nothing or gives several values."""
    given = call.args[1]
    several = isinstance(builders.argument(call, 2, "Tout"), ast.List | ast.Tuple)
    empty = isinstance(given, ast.List | ast.Tuple) and not given.elts
    if several or empty or len(call.args) != 3 or call.keywords or isinstance(call.args[0], ast.Starred):
        return ()
    plain: Changes = ()
    if simple_name(call) == "py_function":  # which hands over tensors
        inner = scopes.free_name(file, "given")
        text = pen.say(
            "lambda *{g}: np.asarray({f}(*map(tf.constant, {g})))", f=builders.operand(call.args[0], file), g=inner
        )
        plain = builders.replace(call.args[0], file, text)
    new = scopes.free_name(file, "by_differences")
    text = BY_DIFFERENCES.replace("by_differences", new)
    for module in ("np", "tf"):
        own = pen.say(f"{module}.x").removesuffix(".x")
        text = text.replace(f"{module}.", f"{own}.")
    return (*builders.rename_call(call, file, new), *plain, *builders.add_import(file, text))


def _is_unpacked(case: Case) -> bool:
    """Whether a statement gives several names what it computes."""
    statement = case.statement
    return isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Tuple | ast.List)
