"""Edits where a value leaves the tape: leave the conversion out, call the framework's own function instead."""

from __future__ import annotations

import ast
import math
import sys
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, defined_in, parts, simple_name, statements_of
from gradtape.explain.edits.finite.masks import ELEMENTWISE
from gradtape.explain.edits.outside import (
    beside,
    filled,
    foreign,
    library,
    lists,
    overwritten,
    remaining,
    static,
    stretches,
    to_tensorflow,
)
from gradtape.explain.edits.outside.conversions import (
    all_inside,
    inside_any,
    is_conversion,
    is_plain,
    kept,
    kept_inside,
    method_as_function,
    outer_only,
    outermost,
    without_conversion,
    worked_on,
)
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.edits.recording import trained
from gradtape.explain.edits.smooth import draws
from gradtape.explain.edits.smooth.picking import is_index
from gradtape.explain.edits.tracing import untraced

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes


ZEROS = {"zeros", "ones", "empty", "full", "eye", "zeros_like", "ones_like", "empty_like", "array", "copy", "arange"}
"""NumPy's functions that make an array and that PyTorch has under the same name."""

TENSORS = {"from_numpy", "tensor", "as_tensor", "asarray", "Tensor", "FloatTensor", "DoubleTensor"}
"""PyTorch's functions that make a tensor of plain values, and one without a history of another tensor."""


def stay(case: Case) -> Suggestion | None:
    """Keep a value on the tape where it left, and in what the function computes from it on the way back."""
    written = lists.listed(case) or trained.loss_itself(case)
    if written:
        return builders.likely(*written)
    pen = case.pen
    known = static.known_before(case) if pen.dialect == "jax" else ()
    if known:
        return builders.likely(*known)
    traced = untraced.traced_instead(case) or library.instead(case)
    if traced is not None:
        return traced
    node = outermost(case.node, case.at) if case.node is not None else None
    if node is None:
        return None
    if pen.dialect == "tensorflow" and _is_called_by_others(case, pen):
        return None
    writes = overwritten.writes_after(case) if pen.dialect == "tensorflow" else []
    if writes:
        return _overwritten(case, pen, node, writes)
    if foreign.is_counted(case.statement, case.file):
        return None
    if is_index(case, node) or (pen.dialect == "jax" and untraced.wants_number(case, node)):
        return None
    solved = _solved_on_tape(case, node) if pen.dialect == "gradtape" else ()
    if solved:
        return builders.likely(*solved)
    drawn = draws.of_noise(case) if pen.dialect == "tensorflow" else ()
    if drawn:
        return builders.likely(*drawn)
    stretch = stretches.differentiated(case) if stretches.into_foreign(case) else ()
    if stretch:
        return builders.sketch(*stretch)
    changes = kept(pen, node, case.file)
    call, question = case.call, case.context.question
    failed = question.failure is not None and pen.dialect != "jax"  # whose error ends the function, gradient or not
    if failed and call is not None and foreign.is_foreign(call, case.file, pen):
        return builders.likely(*foreign.detached(call, {question.target_name}, case.file))
    later = _numbers_later(case, pen, node)
    if not changes or later is None:
        return _known_instead(case, node) or builders.sketch(*stretches.differentiated(case))
    rounded = filled.rounded_around(case, pen, node)
    if rounded is None:
        return None
    changes = (*changes, *rounded)
    more = [*changes, *later, *_around(case, pen, node), *_on_the_way_back(case, pen, node), *entries(case, pen)]
    more += (*_alike(case, pen, node), *_in_callers(case, pen))
    more += beside.arrays_as_tensors(case, pen, node, _later(case, node))
    if _into_array(case):  # which would forget the value a second time
        array = array_on_tape(case)
        if not array:
            return None
        more += array
    calls = _foreign_calls(case, pen, node)
    if pen.dialect == "gradtape":  # other libraries may do with a tensor what NumPy does; Python's own cannot
        if any(foreign.is_of_python(call, case.file) for call in calls):
            return None
    elif pen.dialect == "tensorflow":
        if remaining.is_plain_left(case, node, tuple(more)):
            return builders.sketch(*stretches.differentiated(case))
    elif calls:
        wrapped = _differentiated(case, pen, node, calls)
        if not wrapped:
            return builders.sketch(*stretches.differentiated(case))
        return builders.sketch(*outer_only([*more, *wrapped]), *pen.imports)
    return builders.likely(*outer_only(more), *pen.imports)


def _is_called_by_others(case: Case, pen: Pen) -> bool:
    """Whether a library calls the function in which a value leaves: what that gives goes to the library."""
    around = syntax.around(case.at)
    inner = next((n for n in reversed(around) if isinstance(n, ast.Lambda | ast.FunctionDef)), None)
    if isinstance(inner, ast.FunctionDef):
        calls = foreign.calls_given(inner.name, case.file)
    else:
        calls = [n for n in around if isinstance(n, ast.Call) and any(a is inner for a in n.args)]
    return any(foreign.is_foreign(call, case.file, pen) for call in calls)


def _overwritten(case: Case, pen: Pen, node: ast.expr, writes: list[overwritten.Write]) -> Suggestion | None:
    """Keep on the tape what nobody overwrites, where a value left to have elements written."""
    chosen = overwritten.chosen(case, node, writes)
    later = _on_the_way_back(case, pen, node, writes[-1].lineno)
    return builders.likely(*outer_only([*chosen, *later, *entries(case, pen)]), *pen.imports) if chosen else None


def _solved_on_tape(case: Case, node: ast.expr) -> Changes:
    """Let our own solver search, or integrate, where SciPy's makes a number of what the user's function gives."""
    function = case.function if isinstance(case.function, ast.FunctionDef) else None
    around = [n for n in builders.path_to(node, case.file) if isinstance(n, ast.Call)]
    given = foreign.calls_given(function.name, case.file) if function is not None else []
    for call in (node, *reversed(around), *given):
        name = foreign.on_our_tape(call, case.file)
        if name and isinstance(call, ast.Call):
            return (
                *foreign.renamed(call, name, case.pen),
                *(kept(case.pen, node, case.file) if call is not node else ()),
            )
    return ()


def _into_array(case: Case) -> bool:
    """Whether what left is written into an element of an array of NumPy's, or of what a caller gave: maybe one."""
    if case.pen.dialect == "jax":
        return False
    made, scope = _array_written(case), case.function
    if made is not None:
        return isinstance(made, ast.Call) and function_name(made.func, case.file) is not None
    given = syntax.parameter_names(scope) if isinstance(scope, ast.FunctionDef) else []
    return any(syntax.text_of(place.value) in given for place in one_array(case.statement))


def _array_written(case: Case) -> ast.expr | None:
    """Return what made the array that the statement writes into, in the function or else in the module."""
    places, scope = one_array(case.statement), case.function
    array = places[0].value if places else None
    if not isinstance(array, ast.Name) or scope is None:
        return None
    tree = syntax.parse_file(case.file)
    if isinstance(scope, ast.FunctionDef) and tree is not None and array.id not in _bound(scope):
        return assigned_before(tree, array.id, sys.maxsize)
    return assigned_before(scope, array.id, case.at.line)


def _bound(function: ast.FunctionDef) -> set[str]:
    """Return the names that are a function's own."""
    stored = {n.id for n in syntax.walk_scope(function) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    return stored.union(syntax.parameter_names(function))


def array_on_tape(case: Case) -> Changes:
    """Return the changes that make the array, which the statement writes into, one on the tape that takes writes."""
    made, pen = _array_written(case), case.pen
    if made is None or pen.dialect == "tensorflow":  # whose tensors take no writes
        return ()
    if pen.dialect == "gradtape":
        text = pen.say("gt.constant({x})", x=builders.written(made, case.file))
        return (*builders.replace(made, case.file, text), *pen.imports)
    changes = kept(pen, made, case.file)
    if not changes and isinstance(made, ast.Call) and pen.dialect == "torch":
        name = syntax.text_of(made.func).rpartition(".")[2]
        if name in ZEROS:
            changes = builders.rename_call(made, case.file, pen.say(f"torch.{name}"))
    if changes and pen.dialect == "torch":
        changes = (*changes, *entries(case, pen))
    return (*changes, *pen.imports) if changes else ()


def one_array(statement: ast.stmt | None) -> list[ast.Subscript]:
    """Return the places that a statement writes to, if all are of one array."""
    target = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
    places = target.elts if isinstance(target, ast.Tuple) else [target]
    found = [place for place in places if isinstance(place, ast.Subscript)]
    return found if len(found) == len(places) and len({syntax.text_of(p.value) for p in found}) == 1 else []


def _foreign_calls(case: Case, pen: Pen, node: ast.expr) -> list[ast.Call]:
    """Return the calls of functions that no framework sees into and that get what left, later ones included."""
    around = [n for n in builders.path_to(node, case.file) if isinstance(n, ast.Call)]
    found = [n for n in around if node is not n.func and foreign.is_foreign(n, case.file, pen)]
    for statement, names in _later(case, node):
        found += foreign.calls_with([statement], names, case.file, pen)
    return [call for call in found if not is_conversion(call, case.file) and not kept(pen, call, case.file)]


def _differentiated(case: Case, pen: Pen, node: ast.expr, calls: list[ast.Call]) -> Changes:
    """Give the one foreign function that gets what left a derivative by differences."""
    inner = worked_on(node, case.file)
    if len(calls) != 1 or inner is None:
        return ()
    names = {name for _, plain in _later(case, node) for name in plain}
    left = builders.written(node, case.file)
    given = [a for a in calls[0].args if left in builders.written(a, case.file) or syntax.text_of(a) in names]
    if len(given) != 1:
        return ()
    text = builders.written(given[0], case.file).replace(left, builders.operand(inner, case.file))
    return foreign.by_differences(calls[0], given[0], text, case.file, pen)


def _later(case: Case, node: ast.expr) -> Iterator[tuple[ast.stmt, set[str]]]:
    """Yield later statements of the function, up to the question, that compute with what left, and its names there."""
    scope = case.function
    start = case.statement
    if scope is None or start is None:
        return
    plain = _filled(start, node) | _made_from(start, {node})
    asked = case.context.question.call.span
    after = asked.line if asked.file == case.file and asked.line > start.lineno else math.inf
    for statement in statements_of(scope):
        if isinstance(statement, ast.For) and case.pen.dialect == "tensorflow":
            reads = plain & syntax.names_in(statement.iter, ast.Load)
            plain |= syntax.names_in(statement.target, ast.Store) if reads else set()
        if not start.lineno < statement.lineno <= after or hasattr(statement, "body"):
            continue
        if plain & syntax.names_in(statement, ast.Load):
            yield statement, plain
            plain |= _made_from(statement, plain)
            if case.pen.dialect == "tensorflow":  # whose functions take lists of tensors
                plain |= {
                    name for n in parts(statement) for name in _filled(statement, n) if syntax.text_of(n) in plain
                }


def _made_from(statement: ast.stmt, given: AbstractSet[str | ast.expr]) -> set[str]:
    """Return what a statement makes from some names, or from an expression: `a, b = f(x), g(y)` makes two things."""
    if not isinstance(statement, ast.Assign):
        return syntax.names_in(statement, ast.Store)
    reads = [
        syntax.names_in(target, ast.Store)
        for target, value in syntax.assigned_pairs(statement)
        if any(n in given or syntax.text_of(n) in given for n in parts(value))
    ]
    return set().union(*reads)


def _around(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Return the changes of the plain functions and methods that a value goes into in its own statement."""
    found: list[Change] = []
    inner: ast.AST = node
    for outer in reversed(builders.path_to(node, case.file)):
        if not isinstance(outer, ast.expr):
            break
        if isinstance(outer, ast.Call) and outer.func is not inner:
            found += kept(pen, outer, case.file) if not is_conversion(outer, case.file) else ()
            body = defined_in(case.file, outer) if inner in outer.args else None
            within = _in_body(case, pen, outer, body, inner) if body is not None else []
            others = [a for a in outer.args if a is not inner] if within else []
            found += [*within, *(c for a in others for c in kept_inside(pen, a, case.file))]
        found += method_as_function(pen, outer, case.file)
        inner = outer
    return tuple(found)


def _in_body(case: Case, pen: Pen, call: ast.Call, body: ast.FunctionDef, given: ast.AST) -> list[Change]:
    """Return the changes of what is plain in a function that gets a value, but for what the value does not go into."""
    changes = [c for part in body.body for c in all_inside(pen, part, case.file)]
    plain = {name for name in syntax.parameter_names(body) if scopes.given_for(call, body, name) is given}
    idle: list[Span] = []
    for statement in statements_of(body) if plain else ():
        if plain & syntax.names_in(statement, ast.Load):
            plain |= _made_from(statement, plain)
        idle += _of_numbers(case, pen, statement, plain)
    return [c for c in changes if not any(span.contains(c.span) for span in idle)]


def _alike(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Return the changes of the other plain functions that get the same values: an error stops at the first."""
    scope = case.function
    names = {n for a in getattr(node, "args", ()) for n in syntax.names_in(a, ast.Load)}
    if pen.dialect != "jax" or case.context.question.failure is None or scope is None:
        return ()
    calls = dict.fromkeys(n for s in statements_of(scope) for n in parts(s) if isinstance(n, ast.Call))
    same = [
        n
        for n in calls
        if n is not node
        and (is_plain(n, case.file) or foreign.in_jax(n, case.file))
        and any(names & syntax.names_in(a, ast.Load) for a in n.args)
    ]
    return tuple(c for n in same for c in kept(pen, n, case.file))


def _in_callers(case: Case, pen: Pen) -> Changes:
    """Return the changes of the plain functions that get what the function gives back: an error stops at the first."""
    if pen.dialect != "jax" or case.context.question.failure is None:
        return ()
    found: list[Change] = []
    waiting = [case.function]
    for function in waiting:  # which grows
        for call in scopes.calls_of(case.file, function) if isinstance(function, ast.FunctionDef) else ():
            caller = case.moved(syntax.span_of(call, case.file))
            if isinstance(caller.function, ast.FunctionDef) and caller.function is not function:
                found += (*_around(caller, pen, call), *_on_the_way_back(caller, pen, call))
                waiting += [caller.function] if caller.function not in waiting else []
    return tuple(found)


def _known_instead(case: Case, node: ast.expr) -> Suggestion | None:
    """Call the function that computes the same on the tape, if the records know one."""
    instead = next((b.instead for _, link in case.route.broken for b in link.breaks if b.instead), "")
    if not isinstance(node, ast.Call) or not instead or instead.endswith("*"):
        return None
    return builders.safe(*foreign.renamed(node, instead, case.pen))


def _on_the_way_back(case: Case, pen: Pen, node: ast.expr, since: int = 0) -> Changes:
    """Return the changes of later statements of the function, up to the question, that compute with what left."""
    found: list[Change] = []
    for statement, plain in _later(case, node):
        if statement.lineno <= since:
            continue
        idle = _of_numbers(case, pen, statement, plain)
        shown = pen.dialect == "tensorflow" and simple_name(getattr(statement, "value", ast.Constant(None))) == "print"
        changed = ast.iter_child_nodes(statement) if not shown else ()
        changes = [c for part in changed for c in inside_any(pen, part, case.file)]
        works_on = _computes_with if pen.dialect in {"torch", "tensorflow"} else _starts_with
        methods = [n for n in parts(statement) if works_on(n, plain)]
        changes += [c for n in methods for c in method_as_function(pen, n, case.file)]
        for call in parts(statement) if pen.dialect == "tensorflow" else ():
            if not isinstance(call, ast.Call) or not plain & syntax.names_in(call, ast.Load):
                continue
            if _of_several(call, case):
                changes += _stacked(pen, call, case.file)
            changes += _in_function(case, pen, call)
        found += [c for c in changes if not any(span.contains(c.span) for span in idle)]
    return tuple(found)


def _in_function(case: Case, pen: Pen, call: ast.Call) -> Changes:
    """Return the changes of the function of the file that gets the value in a call: of all of it, or none."""
    body = defined_in(case.file, call)
    if body is None or body is case.function:
        return ()
    return to_tensorflow.translated(pen, body, case.file, closed=True) or ()


def _of_numbers(case: Case, pen: Pen, statement: ast.stmt, plain: set[str]) -> list[Span]:
    """Return the plain calls in a statement that no tensor goes into, `np.sqrt(n)`: tensors' functions take no numbers.

    Parameters
    ----------
    case : Case
    pen : Pen
    statement : stmt
    plain : set of str
        The names of what left, and of what was computed from it.
    """
    if pen.dialect not in {"tensorflow", "torch"}:
        return []
    left, names = [e.site.span for e in case.context.run.left], set(plain)
    for each in (n for n in ast.walk(statement) if isinstance(n, ast.comprehension)):
        if names & syntax.names_in(each.iter, ast.Load):
            names |= syntax.names_in(each.target, ast.Store)
    calls = [n for n in parts(statement) if isinstance(n, ast.Call)]
    calls = [n for n in calls if _makes_plain(n, case)]
    spans = [syntax.span_of(n, case.file) for n in calls if not names & syntax.names_in(n, ast.Load)]
    return [span for span in spans if not any(span.contains(other) for other in left)]


def _makes_plain(call: ast.Call, case: Case) -> bool:
    """Whether a call makes a plain value, and where it goes that is wanted; PyTorch wants tensors beside tensors."""
    name = function_name(call.func, case.file)
    of_numpy = name is not None if case.pen.dialect == "tensorflow" else name in ELEMENTWISE
    return of_numpy or is_conversion(call, case.file)


def _starts_with(node: ast.expr, names: set[str]) -> bool:
    """Whether a method of one of these names is called, or an attribute is taken of it: `e.sum()`, `e.T`."""
    method = node.func if isinstance(node, ast.Call) else node
    return isinstance(method, ast.Attribute) and syntax.text_of(method.value) in names


def _computes_with(node: ast.expr, names: set[str]) -> bool:
    """Whether a method is called of what is computed from one of these names: `(e @ e.T).max(0)`."""
    method = node.func if isinstance(node, ast.Call) else None
    return isinstance(method, ast.Attribute) and not names.isdisjoint(syntax.names_in(method.value, ast.Load))


def _filled(statement: ast.stmt, node: ast.expr) -> set[str]:
    """Return the lists that a value is put into: `losses` in `losses.append(float(loss))`."""
    return {
        syntax.text_of(n.func.value)
        for n in ast.walk(statement)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Attribute)
        and n.func.attr in {"append", "extend", "insert"}
        and any(part is node for part in ast.walk(n))
    }


def entries(case: Case, pen: Pen) -> Changes:
    """Return the changes where values that left come in as constants."""
    found: list[Change] = []
    torch = pen.dialect == "torch"  # there an operation copies the array, and is no break itself
    for link in case.route if torch else [link for _, link in case.route.broken]:
        place = link.operation.site.span
        entered = case.moved(place).node if place.file == case.file else None
        if torch and isinstance(entered, ast.Call) and simple_name(entered) in TENSORS:
            found += without_conversion(pen, entered, case.file)
            continue
        # the place itself, and the calls it was in: what they return may be converted there
        for at in (place, *(site.span for site in link.operation.callers)) if link.breaks else ():
            found += _conversions_around(case, pen, at)
    return tuple(found)


def _conversions_around(case: Case, pen: Pen, place: Span) -> Changes:
    """Return the changes that leave out the conversions in which a place stands."""
    found: list[Change] = []
    for node in reversed(syntax.around(place)) if place.file == case.file else ():
        if pen.dialect == "tensorflow" and isinstance(node, ast.Call) and _of_several(node, case):
            found += _stacked(pen, node, case.file)
        elif (
            isinstance(node, ast.expr) and is_conversion(node, case.file) and syntax.span_of(node, case.file) != case.at
        ):
            found += without_conversion(pen, node, case.file)
    return tuple(found)


def _stacked(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Stack tensors where a call makes one constant of them."""
    renamed = builders.rename_call(call, file, pen.call("stack").removesuffix("()"))
    return (*renamed, *builders.drop_argument(call, file, "dtype"))


def _of_several(call: ast.Call, case: Case) -> bool:
    """Whether a call makes one constant of a list, which takes no tensors."""
    given = call.args[0] if simple_name(call) == "constant" and len(call.args) == 1 else None
    if isinstance(given, ast.Name):
        return syntax.is_list(given.id, syntax.span_of(given, case.file))
    return isinstance(given, ast.List | ast.ListComp)


def _numbers_later(case: Case, pen: Pen, node: ast.expr) -> Changes | None:
    """Return the changes of later calls that take what left as a number; None where one cannot do without."""
    found: list[Change] = []
    for statement, plain in _later(case, node) if pen.dialect == "torch" else ():
        for call in parts(statement):
            wanted = filled.wanted_by(call, case.file)
            bare = {n: n for n in wanted.numbers.values() if syntax.text_of(n) in plain} if wanted is not None else {}
            if wanted is not None and bare:
                changes = filled.with_tensors(pen, wanted, bare)
                if not changes:
                    return None
                found += changes
    return tuple(found)
