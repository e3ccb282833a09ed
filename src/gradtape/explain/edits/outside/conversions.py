"""Leaves conversions out, and calls the framework's functions for plain ones, in one expression and all inside it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, TypeGuard

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.edits.outside import filled, foreign, to_torch
from gradtape.explain.edits.pen import Pen, function_name
from gradtape.explain.edits.question.dtypes import is_whole
from gradtape.explain.names import MATH

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes


CONVERSIONS = {"float", "int", "complex", "asarray", "array", "ascontiguousarray", "asanyarray", "float32", "float64"}
"""Functions that only turn a value into a plain one."""

METHODS = {"numpy", "item", "tolist", "detach", "cpu", "eval", "__array__", "__float__"}
"""Methods that only turn a value into a plain one."""


def is_plain(call: ast.Call, file: str) -> bool:
    """Whether a call goes to a function of NumPy's or `math`, or makes a number."""
    return function_name(call.func, file) is not None or syntax.text_of(call.func) == "float"


METHOD_NAMES = {
    "mean": "mean", "std": "std", "var": "var", "sum": "sum", "min": "min", "max": "max", "prod": "prod",
    "T": "transpose", "reshape": "reshape", "transpose": "transpose",
    "clip": "clip", "cumsum": "cumsum", "squeeze": "squeeze", "astype": "tf.cast", "ravel": "ravel", "flatten": "ravel",
}  # fmt: skip
"""Methods of arrays that tensors of TensorFlow do not have, and NumPy's function for each."""


def method_as_function(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Write a method of arrays as the function, or the method, that tensors have instead."""
    if pen.dialect == "torch":
        return to_torch.method(pen, node, file)
    name = node.func if isinstance(node, ast.Call) else node
    if pen.dialect != "tensorflow" or not isinstance(name, ast.Attribute) or name.attr not in METHOD_NAMES:
        return ()
    if scopes.is_module(name.value, file) or (isinstance(node, ast.Attribute) and name.attr != "T"):
        return ()
    if name.attr == "astype" and isinstance(node, ast.Call) and any(is_whole(a) for a in node.args):
        return ()
    changes = builders.as_function(node, file, pen.call(METHOD_NAMES[name.attr]).removesuffix("()"))
    several = isinstance(node, ast.Call) and name.attr in {"reshape", "transpose"} and len(node.args) > 1
    return (*changes, *_as_list(node.args, file)) if changes and several and isinstance(node, ast.Call) else changes


def _as_list(arguments: list[ast.expr], file: str) -> Changes:
    """Put brackets around arguments that NumPy takes one by one and TensorFlow as a list."""
    first, last = (syntax.span_of(arguments[k], file) for k in (0, -1))
    return (insertion(file, first.line, first.column, "["), insertion(file, last.end_line, last.end_column, "]"))


def all_inside(pen: Pen, node: ast.AST, file: str) -> Changes:
    """Return the changes of everything plain in a piece of code, methods included."""
    inner = [n for n in ast.walk(node) if isinstance(n, ast.expr)]
    return (*inside_any(pen, node, file), *(c for n in inner for c in method_as_function(pen, n, file)))


def outer_only(changes: list[Change]) -> list[Change]:
    """Leave out changes inside others, and changes that are there twice."""
    unique = list(dict.fromkeys(changes))
    return [c for c in unique if not any(o is not c and o.conflicts(c) and o.span.contains(c.span) for o in unique)]


def inside_any(pen: Pen, node: ast.AST, file: str) -> Changes:
    """Return the changes of all that is plain in a piece of code, methods of arrays left out."""
    if isinstance(node, ast.expr):
        return kept_inside(pen, node, file)
    return tuple(c for child in ast.iter_child_nodes(node) for c in inside_any(pen, child, file))


def kept(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes that keep what one expression computes on the tape."""
    if _is_prediction(node):
        return _called_itself(pen, node, file)
    if is_conversion(node, file) and not _is_written_out(node):
        inside = [c for child in ast.iter_child_nodes(node) for c in inside_any(pen, child, file)]
        return tuple(outer_only([*without_conversion(pen, node, file), *inside]))
    if isinstance(node, ast.Call):
        name = _known(pen, node, file)
        if pen.dialect == "jax" and all(scopes.is_written_down(a, file) for a in node.args):
            return ()  # a plain number of plain numbers
        solved = foreign.solved_in_jax(node, file, pen) if pen.dialect == "jax" else ()
        if solved:
            own = [f for f in syntax.functions_in(file) if f.name == syntax.text_of(node.args[0])]
            return (*solved, *(c for f in (node.args[0], *own) for c in foreign.in_jax_numpy(pen, f, file)))
        of_scipy = foreign.in_jax(node, file) if pen.dialect == "jax" else ""
        if of_scipy:
            module = f"jax.scipy.{of_scipy.partition('.')[0]}"
            known = scopes.imported_as(file, module)
            inside = [c for a in (*node.args, *(k.value for k in node.keywords)) for c in kept_inside(pen, a, file)]
            return (
                *builders.rename_call(node, file, f"{known or module}.{of_scipy.partition('.')[2]}"),
                *inside,
                *(() if known else builders.add_import(file, f"import {module}")),
            )
        if pen.dialect == "tensorflow" and function_name(node.func, file) == "corrcoef":
            return _correlation(pen, node, file)
        if name is not None:
            axes = AXES.get(name) if pen.dialect == "tensorflow" else None
            complex_ = pen.dialect == "tensorflow" and name in OF_COMPLEX and len(node.args) == 1
            renamed = builders.rename_call(node, file, pen.call(name).removesuffix("()"))
            return (
                *(to_torch.function(pen, node, name, file) if pen.dialect == "torch" else renamed),
                *(_of_list(pen, node, name, file) or (c for a in node.args for c in kept_inside(pen, a, file))),
                *(builders.add_argument(node, file, f"axes={axes}") if axes is not None else ()),
                *(_as_complex(pen, node.args[0], file) if complex_ else ()),
            )
    return ()


CORRELATION = (
    "tf.reduce_mean(({a} - tf.reduce_mean({a})) * ({b} - tf.reduce_mean({b}))) "
    "/ (tf.math.reduce_std({a}) * tf.math.reduce_std({b}))"
)


def _correlation(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Write the correlation of two samples, `np.corrcoef(a, b)[0, 1]`, by means: TensorFlow has no function for it."""
    pick = builders.parent_of(call, file)
    given = [(worked_on(n, file) if is_conversion(n, file) else n) for n in call.args]
    if not isinstance(pick, ast.Subscript) or len(given) != 2 or call.keywords:
        return ()
    names = [n.id for n in given if isinstance(n, ast.Name)]
    if syntax.text_of(pick.slice).strip("()") not in {"0, 1", "1, 0"} or len(names) != 2:
        return ()
    a, b = names
    return (*builders.replace(pick, file, pen.say(CORRELATION, a=a, b=b)), *pen.imports)


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


OF_COMPLEX = {"fft.fft", "fft.fft2"}
"""NumPy's functions that take real numbers where TensorFlow's take complex ones only."""


def _as_complex(pen: Pen, node: ast.expr, file: str) -> Changes:
    span = syntax.span_of(node, file)
    return (
        insertion(file, span.line, span.column, pen.say("tf.cast(")),
        insertion(file, span.end_line, span.end_column, pen.say(", tf.complex64)")),
    )


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


def kept_inside(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes for the outermost conversions and plain functions inside an argument."""
    found = kept(pen, node, file)
    if found:
        return found
    return tuple(
        c for child in ast.iter_child_nodes(node) if isinstance(child, ast.expr) for c in kept_inside(pen, child, file)
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


def without_conversion(pen: Pen, node: ast.expr, file: str) -> Changes:
    """Return the changes that leave a conversion out; of a list of tensors they make one tensor."""
    inner = worked_on(node, file)
    if inner is None:
        return ()
    wanted = filled.wanted_around(pen, node, file)
    if wanted is not None:
        given = [n for n in wanted.numbers.values() if is_conversion(n, file)]
        return filled.with_tensors(pen, wanted, {n: part for n in given if (part := worked_on(n, file)) is not None})
    if isinstance(inner, ast.List | ast.ListComp) and pen.knows("stack"):
        alone = isinstance(node, ast.Call) and len(node.args) < 2  # a dtype is no axis
        if (
            alone
            and isinstance(node, ast.Call)
            and not any(isinstance(e, ast.List) for e in getattr(inner, "elts", ()))
        ):
            bare = node.args[:1] == [inner]
            rest = [k for k in node.keywords if k.arg == "dtype" or pen.dialect == "torch"] if bare else []
            dropped = [c for k in rest for c in builders.drop_argument(node, file, k.arg or "")]
            return (*builders.rename_call(node, file, pen.call("stack").removesuffix("()")), *dropped)
        return builders.replace(node, file, stacked(pen, inner, file))
    if pen.dialect in {"jax", "tensorflow"} and isinstance(node, ast.Call) and _is_list(inner, file):
        dtype = [c for k in node.keywords if k.arg == "dtype" for c in builders.drop_argument(node, file, "dtype")]
        return (*builders.rename_call(node, file, pen.call("stack").removesuffix("()")), *dtype)
    return builders.keep_part(node, inner, file)


def _is_list(node: ast.expr, file: str) -> bool:
    return isinstance(node, ast.Name) and syntax.is_list(node.id, syntax.span_of(node, file))


def stacked(pen: Pen, node: ast.expr, file: str) -> str:
    """Write a list of tensors as one tensor, lists inside lists too."""
    if not isinstance(node, ast.List):
        return pen.call("stack", builders.written(node, file))
    nested = any(isinstance(e, ast.List) for e in node.elts)
    if not nested:
        return pen.call("stack", builders.with_changes(node, file, _with_points(node, file)))
    return pen.call("stack", f"[{', '.join(stacked(pen, e, file) for e in node.elts)}]")


def _with_points(node: ast.List, file: str) -> Changes:
    """Write a point behind the whole numbers of a list, which TensorFlow does not stack with others."""
    whole = [n for n in node.elts if isinstance(n, ast.Constant) and type(n.value) is int]
    return tuple(c for n in whole for c in builders.as_float(n, file))


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
