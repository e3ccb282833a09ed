"""Edits where a value leaves the tape: leave the conversion out, call the framework's own function instead."""

from __future__ import annotations

import ast
import math
import sys
from typing import TYPE_CHECKING, TypeGuard

from gradtape.diagnostics import Span, Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders, filled, foreign, library, lists, static, untraced
from gradtape.explain.edits.case import Case, assigned_before, defined_in, parts, simple_name, statements_of
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.edits.picking import is_index
from gradtape.explain.edits.sources import is_whole
from gradtape.explain.names import MATH

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.explain.edits.builders import Changes

CONVERSIONS = {"float", "int", "complex", "asarray", "array", "ascontiguousarray", "asanyarray", "float32", "float64"}
"""Functions that only turn a value into a plain one."""

ZEROS = {"zeros", "ones", "empty", "full", "eye", "zeros_like", "ones_like", "empty_like", "array", "copy", "arange"}
"""NumPy's functions that make an array and that PyTorch has under the same name."""

TENSORS = {"from_numpy", "tensor", "as_tensor", "asarray", "Tensor", "FloatTensor", "DoubleTensor"}
"""PyTorch's functions that make a tensor of plain values, and one without a history of another tensor."""

METHODS = {"numpy", "item", "tolist", "detach", "cpu", "eval", "__array__", "__float__"}
"""Methods that only turn a value into a plain one."""


def stay(case: Case) -> Suggestion | None:
    """Keep a value on the tape where it left, and in what the function computes from it on the way back."""
    written = lists.listed(case)
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
    if is_index(case, node) or (pen.dialect == "jax" and untraced.wants_number(case, node)):
        return None
    solved = _solved_on_tape(case, node) if pen.dialect == "gradtape" else ()
    if solved:
        return builders.likely(*solved)
    changes = kept(pen, node, case.file)
    call, question = case.call, case.context.question
    failed = question.failure is not None and pen.dialect != "jax"  # whose error ends the function, gradient or not
    if failed and call is not None and foreign.is_foreign(call, case.file, pen):
        return builders.likely(*foreign.detached(call, {question.target_name}, case.file))
    later = _numbers_later(case, pen, node)
    if not changes or later is None:
        return _known_instead(case, node)
    rounded = filled.rounded_around(case, pen, node)
    if rounded is None:
        return None
    changes = (*changes, *rounded)
    more = [*changes, *later, *_around(case, pen, node), *_on_the_way_back(case, pen, node), *entries(case, pen)]
    more += (*_alike(case, pen, node), *_in_callers(case, pen))
    if _into_array(case):  # which would forget the value a second time
        array = array_on_tape(case)
        if not array:
            return None
        more += array
    calls = _foreign_calls(case, pen, node)
    if pen.dialect == "gradtape":  # other libraries may do with a tensor what NumPy does; Python's own cannot
        if any(foreign.is_of_python(call, case.file) for call in calls):
            return None
    elif calls:
        wrapped = _differentiated(case, pen, node, calls)
        return builders.sketch(*outer_only([*more, *wrapped]), *pen.imports) if wrapped else None
    return builders.likely(*outer_only(more), *pen.imports)


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
    """Return the changes that make the array, which the statement writes into, one that is on the tape."""
    made, pen = _array_written(case), case.pen
    if made is None:
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
    return [call for call in found if not is_conversion(call, case.file)]


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
    plain = _filled(start, node) | syntax.names_in(start, ast.Store)
    asked = case.context.question.call.span
    after = asked.line if asked.file == case.file and asked.line > start.lineno else math.inf
    for statement in statements_of(scope):
        if not start.lineno < statement.lineno <= after or hasattr(statement, "body"):
            continue
        if plain & syntax.names_in(statement, ast.Load):
            yield statement, plain
            plain |= syntax.names_in(statement, ast.Store)


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
            within = [c for part in (body.body if body is not None else ()) for c in all_inside(pen, part, case.file)]
            others = [a for a in outer.args if a is not inner] if within else []
            found += [*within, *(c for a in others for c in _inside(pen, a, case.file))]
        found += _method(pen, outer, case.file)
        inner = outer
    return tuple(found)


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
        and (_is_plain(n, case.file) or foreign.in_jax(n, case.file))
        and any(names & syntax.names_in(a, ast.Load) for a in n.args)
    ]
    return tuple(c for n in same for c in kept(pen, n, case.file))


def _is_plain(call: ast.Call, file: str) -> bool:
    return function_name(call.func, file) is not None or syntax.text_of(call.func) == "float"


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


METHOD_NAMES = {
    "mean": "mean", "std": "std", "var": "var", "sum": "sum", "min": "min", "max": "max", "prod": "prod",
    "T": "transpose", "reshape": "reshape", "transpose": "transpose",
    "clip": "clip", "cumsum": "cumsum", "squeeze": "squeeze", "astype": "tf.cast",
}  # fmt: skip
"""Methods of arrays that tensors of TensorFlow do not have, and NumPy's function for each."""


def _method(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Write a method of arrays as the function that tensors have instead."""
    name = node.func if isinstance(node, ast.Call) else node
    if pen.dialect != "tensorflow" or not isinstance(name, ast.Attribute) or name.attr not in METHOD_NAMES:
        return ()
    if scopes.is_module(name.value, file) or (isinstance(node, ast.Attribute) and name.attr != "T"):
        return ()
    if name.attr == "astype" and isinstance(node, ast.Call) and any(is_whole(a) for a in node.args):
        return ()
    return builders.as_function(node, file, pen.call(METHOD_NAMES[name.attr]).removesuffix("()"))


def all_inside(pen: Pen, node: ast.AST, file: str) -> Changes:
    """Return the changes of everything plain in a piece of code, methods included."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.expr)]
    return (*_inside_any(pen, node, file), *(c for n in inner for c in _method(pen, n, file)))


def _known_instead(case: Case, node: ast.expr) -> Suggestion | None:
    """Call the function that computes the same on the tape, if the records know one."""
    instead = next((b.instead for _, link in case.route.broken for b in link.breaks if b.instead), "")
    if not isinstance(node, ast.Call) or not instead or instead.endswith("*"):
        return None
    return builders.safe(*foreign.renamed(node, instead, case.pen))


def _on_the_way_back(case: Case, pen: Pen, node: ast.expr) -> Changes:
    """Return the changes of later statements of the function, up to the question, that compute with what left."""
    found: list[Change] = []
    for statement, plain in _later(case, node):
        found += [c for part in ast.iter_child_nodes(statement) for c in _inside_any(pen, part, case.file)]
        found += [c for n in parts(statement) if _starts_with(n, plain) for c in _method(pen, n, case.file)]
    return tuple(found)


def _starts_with(node: ast.expr, names: set[str]) -> bool:
    """Whether a method of one of these names is called: `e.sum()`."""
    return isinstance(node, ast.Call) and syntax.text_of(getattr(node.func, "value", node)) in names


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
            found += _without_conversion(pen, entered, case.file)
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
            found += [
                *builders.rename_call(node, case.file, pen.call("stack").removesuffix("()")),
                *builders.drop_argument(node, case.file, "dtype"),
            ]
        elif (
            isinstance(node, ast.expr) and is_conversion(node, case.file) and syntax.span_of(node, case.file) != case.at
        ):
            found += _without_conversion(pen, node, case.file)
    return tuple(found)


def _of_several(call: ast.Call, case: Case) -> bool:
    """Whether a call makes one constant of a list, which takes no tensors."""
    given = call.args[0] if simple_name(call) == "constant" and len(call.args) == 1 else None
    if isinstance(given, ast.Name):
        return syntax.is_list(given.id, syntax.span_of(given, case.file))
    return isinstance(given, ast.List | ast.ListComp)


def outer_only(changes: list[Change]) -> list[Change]:
    """Leave out changes inside others, and changes that are there twice."""
    unique = list(dict.fromkeys(changes))
    return [c for c in unique if not any(o is not c and o.conflicts(c) and o.span.contains(c.span) for o in unique)]


def _inside_any(pen: Pen, node: ast.AST, file: str) -> Changes:
    if isinstance(node, ast.expr):
        return _inside(pen, node, file)
    return tuple(c for child in ast.iter_child_nodes(node) for c in _inside_any(pen, child, file))


def kept(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes that keep what one expression computes on the tape."""
    if _is_prediction(node):
        return _called_itself(pen, node, file)
    if is_conversion(node, file) and not _is_written_out(node):
        inside = [c for child in ast.iter_child_nodes(node) for c in _inside_any(pen, child, file)]
        return tuple(outer_only([*_without_conversion(pen, node, file), *inside]))
    if isinstance(node, ast.Call):
        name = _known(pen, node, file)
        if pen.dialect == "jax" and all(_is_literal(a, file) for a in node.args):
            return ()  # a plain number of plain numbers
        solved = foreign.solved_in_jax(node, file, pen) if pen.dialect == "jax" else ()
        if solved:
            own = [f for f in syntax.functions_in(file) if f.name == syntax.text_of(node.args[0])]
            return (*solved, *(c for f in (node.args[0], *own) for c in foreign.in_jax_numpy(pen, f, file)))
        of_scipy = foreign.in_jax(node, file) if pen.dialect == "jax" else ""
        if of_scipy:
            module = f"jax.scipy.{of_scipy.partition('.')[0]}"
            known = scopes.imported_as(file, module)
            inside = [c for a in (*node.args, *(k.value for k in node.keywords)) for c in _inside(pen, a, file)]
            return (
                *builders.rename_call(node, file, f"{known or module}.{of_scipy.partition('.')[2]}"),
                *inside,
                *(() if known else builders.add_import(file, f"import {module}")),
            )
        if name is not None:
            axes = AXES.get(name) if pen.dialect == "tensorflow" else None
            return (
                *builders.rename_call(node, file, pen.call(name).removesuffix("()")),
                *(_of_list(pen, node, name, file) or (c for a in node.args for c in _inside(pen, a, file))),
                *(builders.add_argument(node, file, f"axes={axes}") if axes is not None else ()),
            )
    return ()


def _is_literal(node: ast.expr, file: str) -> bool:
    """Whether an expression has no names in it but those of modules."""
    return not any(isinstance(n, ast.Name) and not scopes.is_module(n, file) for n in parts(node))


JOINING = {"concatenate", "concat", "stack", "vstack", "hstack", "dstack", "column_stack", "block", "meshgrid"}
"""Functions that take a list of arrays, in every framework."""


def _of_list(pen: Pen, call: ast.Call, name: str, file: str) -> Changes:
    """Stack a list of tensors that NumPy's function takes for one array: the framework's takes none."""
    given = call.args[0] if call.args and pen.dialect in {"torch", "jax"} and name not in JOINING else None
    if not isinstance(given, ast.Name | ast.Attribute) or not syntax.is_list(
        syntax.text_of(given), syntax.span_of(given, file)
    ):
        return ()
    return builders.replace(given, file, pen.call("stack", builders.written(given, file)))


AXES = {"dot": 1, "outer": 0}
"""Over how many axes `tf.tensordot` sums for products that NumPy has functions for."""


def _is_written_out(node: ast.expr) -> bool:
    """Whether a conversion makes an array of numbers that the program has written out: nothing to keep."""
    given = node.args[0] if isinstance(node, ast.Call) and node.args else None
    numbers = ast.List | ast.Tuple | ast.Constant | ast.UnaryOp | ast.Load | ast.USub
    return given is not None and all(isinstance(n, numbers) for n in ast.walk(given))


PREDICTIONS = {"predict", "predict_on_batch"}


def _is_prediction(node: ast.expr) -> TypeGuard[ast.Call]:
    """Whether a model of Keras's is asked for plain arrays."""
    return isinstance(node, ast.Call) and simple_name(node) in PREDICTIONS and bool(node.args)


def _called_itself(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Call the model where its `predict` is called: `model(x)` for `model.predict(x, verbose=0)`."""
    if pen.dialect != "tensorflow" or not isinstance(call.func, ast.Attribute):
        return ()
    first, end = syntax.span_of(call.args[0], file), syntax.span_of(call, file)
    rest = Span(file, first.end_line, first.end_column, end.end_line, end.end_column - 1)
    return (
        *builders.rename_call(call, file, builders.written(call.func.value, file)),
        *((Change(rest, ""),) if rest.text.strip() else ()),
    )


def _inside(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes for the outermost conversions and plain functions inside an argument."""
    found = kept(pen, node, file)
    if found:
        return found
    return tuple(
        c for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) for c in _inside(pen, child, file)
    )


def _known(pen: Pen, call: ast.Call, file: str) -> str | None:
    """Return NumPy's name of the plain function that is called, if the framework has it under another name."""
    name = function_name(call.func, file)
    if name is None:
        return None
    if (scopes.stands_for(call.func, file) or "").startswith("math."):
        name = MATH.get(name, name)
    elif pen.dialect == "gradtape":
        return None  # NumPy's functions stay on our own tape
    return name if pen.knows(name) else None


def is_conversion(node: ast.expr, file: str) -> bool:
    """Whether an expression only makes a plain value of another one."""
    if not isinstance(node, ast.Call):
        return False
    if isinstance(node.func, ast.Name):
        return node.func.id in {"float", "int", "complex"} and bool(node.args)
    if not isinstance(node.func, ast.Attribute):
        return False
    if scopes.is_module(node.func.value, file):
        of_jax = (scopes.stands_for(node.func, file) or "").startswith("jax.")  # whose own functions are traced
        return node.func.attr in CONVERSIONS and bool(node.args) and not of_jax
    return node.func.attr in METHODS and not node.args


def worked_on(node: ast.expr, file: str) -> ast.expr | None:
    """Return what a conversion, or several around each other, make a plain value of."""
    inner = builders.worked_on(node, file)
    while inner is not None and is_conversion(inner, file):
        inner = builders.worked_on(inner, file)
    return inner


def _without_conversion(pen: Pen, node: ast.expr, file: str) -> Changes:
    inner = worked_on(node, file)
    if inner is None:
        return ()
    wanted = filled.wanted_around(pen, node, file)
    if wanted is not None:
        given = [n for n in wanted.numbers.values() if is_conversion(n, file)]
        return filled.with_tensors(pen, wanted, {n: part for n in given if (part := worked_on(n, file)) is not None})
    if isinstance(inner, ast.List | ast.ListComp) and pen.knows("stack"):
        if isinstance(node, ast.Call) and not any(isinstance(e, ast.List) for e in getattr(inner, "elts", ())):
            bare = node.args[:1] == [inner]
            rest = [k for k in node.keywords if k.arg == "dtype" or pen.dialect == "torch"] if bare else []
            dropped = [c for k in rest for c in builders.drop_argument(node, file, k.arg or "")]
            return (*builders.rename_call(node, file, pen.call("stack").removesuffix("()")), *dropped)
        return builders.replace(node, file, stacked(pen, inner, file))
    if pen.dialect == "jax" and isinstance(node, ast.Call) and _is_list(inner, file):
        dtype = [c for k in node.keywords if k.arg == "dtype" for c in builders.drop_argument(node, file, "dtype")]
        return (*builders.rename_call(node, file, pen.call("stack").removesuffix("()")), *dtype)
    return builders.keep_part(node, inner, file)


def _is_list(node: ast.expr, file: str) -> bool:
    return isinstance(node, ast.Name) and syntax.is_list(node.id, syntax.span_of(node, file))


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


def stacked(pen: Pen, node: ast.expr, file: str) -> str:
    """Write a list of tensors as one tensor, lists inside lists too."""
    if not isinstance(node, ast.List):
        return pen.call("stack", builders.written(node, file))
    nested = any(isinstance(e, ast.List) for e in node.elts)
    if not nested:
        return pen.call("stack", builders.written(node, file))
    return pen.call("stack", f"[{', '.join(stacked(pen, e, file) for e in node.elts)}]")


def outermost(node: ast.expr | None, span: Span) -> ast.expr | None:
    """Go out from a conversion to the last of its kind: of `x.detach().numpy()` all of it goes."""
    if node is None or syntax.span_of(node, span.file) != span:
        return None
    path = builders.path_to(node, span.file)
    while path:
        around = path.pop()
        if isinstance(around, ast.Attribute) and path and getattr(path[-1], "func", None) is around:
            around = path.pop()
        if not isinstance(around, ast.Call) or not is_conversion(around, span.file):
            break
        node = around
    return node
