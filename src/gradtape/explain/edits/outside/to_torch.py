"""Calls of NumPy's functions, and methods of its arrays, as PyTorch wants them: other names, arguments and defaults."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

ARGUMENTS = {
    "clip": {"a_min": "min", "a_max": "max"},
    "diagonal": {"axis1": "dim1", "axis2": "dim2"},
    "flip": {"axis": "dims"},
    "roll": {"shift": "shifts", "axis": "dims"},
    "rot90": {"axes": "dims"},
    "std": {"ddof": "correction"},
    "tensordot": {"axes": "dims"},
    "tile": {"reps": "dims"},
    "tril": {"k": "diagonal"},
    "triu": {"k": "diagonal"},
    "var": {"ddof": "correction"},
}
"""NumPy's names of arguments by function, and PyTorch's; `axis` and `keepdims` it takes where it has `dim`."""

SEQUENCES = {"flip": (1, "axis"), "reshape": (1, "newshape"), "tile": (1, "reps")}
"""Functions that want a sequence where NumPy takes one number as well: the position of it, and its name."""

OF_TENSORS = {"arctan2", "copysign", "fmax", "fmin", "hypot", "logaddexp", "maximum", "minimum"}
"""Functions that take tensors alone, where NumPy takes numbers."""


def function(pen: Pen, call: ast.Call, name: str, file: str) -> Changes:
    """Return the changes that call PyTorch's function for NumPy's; those of the values in it are left to others."""
    axis = builders.argument(call, 1, "axis")
    if name in {"max", "min"} and axis is not None:  # which give places as well
        return builders.rename_call(call, file, pen.call(f"a{name}").removesuffix("()"))
    if name == "transpose":
        return _transposed(pen, call, file)
    if name == "sort":
        end = syntax.span_of(call, file)
        values = insertion(file, end.end_line, end.end_column, ".values")
        return (*builders.rename_call(call, file, pen.say("torch.sort")), values)
    text = pen.call(name).removesuffix("()")
    return (*builders.rename_call(call, file, text), *_arguments(pen, call, name, file))


def _arguments(pen: Pen, call: ast.Call, name: str, file: str) -> Changes:
    """Return the changes of the arguments of a function that has another name already."""
    words = ARGUMENTS.get(name, {})
    found: list[Change] = []
    for keyword in call.keywords:
        if keyword.arg in words:
            found += _renamed(keyword, file, words[keyword.arg])
    if name in {"std", "var"} and not any(k.arg == "ddof" for k in call.keywords):
        found += builders.add_argument(call, file, "correction=0")  # PyTorch divides by one less
    if name in {"cumsum", "cumprod"} and builders.argument(call, 1, "axis") is None and call.args:
        found += _followed_by(call.args[0], file, ".flatten()")
        found += builders.add_argument(call, file, "0")
    if name == "round" and len(call.args) == 2:
        found += _between(call.args[1], file, "decimals=", "")
    if name == "meshgrid" and not any(k.arg == "indexing" for k in call.keywords):
        found += builders.add_argument(call, file, 'indexing="xy"')
    if name == "percentile" and len(call.args) > 1:
        found += _followed_by(call.args[1], file, " / 100")
    if name in SEQUENCES:
        found += _as_sequence(call, name, file)
    if name in OF_TENSORS:
        numbers = [a for a in call.args if _is_number(a)]
        found += [c for a in numbers for c in _between(a, file, pen.say("torch.as_tensor("), ")")]
    return tuple(found)


def _transposed(pen: Pen, call: ast.Call, file: str) -> Changes:
    """Write `x.T` for `np.transpose(x)`, and `torch.permute(x, axes)` where it has these."""
    axes = builders.argument(call, 1, "axes")
    if axes is None and call.args:
        return (*builders.keep_part(call, call.args[0], file), *_followed_by(call.args[0], file, ".T"))
    return (
        *builders.rename_call(call, file, pen.say("torch.permute")),
        *(c for k in call.keywords if k.arg == "axes" for c in _renamed(k, file, "dims")),
    )


def _renamed(keyword: ast.keyword, file: str, name: str) -> Changes:
    span = syntax.span_of(keyword, file)
    return (Change(Span(file, span.line, span.column, span.line, span.column + len(keyword.arg or "")), name),)


def _as_sequence(call: ast.Call, name: str, file: str) -> Changes:
    position, word = SEQUENCES[name]
    given = builders.argument(call, position, word)
    if given is None:
        whole = f"tuple(range({builders.operand(call.args[0], file)}.ndim))" if name == "flip" and call.args else ""
        return builders.add_argument(call, file, whole) if whole else ()
    return _between(given, file, "(", ",)") if _is_number(given) else ()


def _is_number(node: ast.expr) -> bool:
    inner = node.operand if isinstance(node, ast.UnaryOp) else node
    return isinstance(inner, ast.Constant) and isinstance(inner.value, int | float)


def _between(node: ast.expr, file: str, before: str, after: str) -> Changes:
    span = syntax.span_of(node, file)
    opened = insertion(file, span.line, span.column, before)
    return (opened, insertion(file, span.end_line, span.end_column, after)) if after else (opened,)


def _followed_by(node: ast.expr, file: str, text: str) -> Changes:
    """Put a text behind an expression, in parentheses where it has several parts."""
    simple = builders.operand(node, file) == builders.written(node, file)
    span = syntax.span_of(node, file)
    return (insertion(file, span.end_line, span.end_column, text),) if simple else _between(node, file, "(", f"){text}")


# -- methods ----------------------------------------------------------------------------------------------------------

DTYPES = {"float16", "float32", "float64", "float", "complex64", "complex128"}
METHODS = {"copy": "clone", "dot": "matmul", "repeat": "repeat_interleave"}
"""Methods of arrays, and those of tensors that give the same for the same arguments."""


def method(pen: Pen, call: ast.expr, file: str) -> Changes:
    """Return the changes by which a method of an array, called on what is a tensor now, becomes one of tensors."""
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return ()
    if scopes.is_module(call.func.value, file):
        return ()
    name = call.func.attr
    end = syntax.span_of(call.func, file)
    last = Span(file, end.end_line, end.end_column - len(name), end.end_line, end.end_column)
    along = builders.argument(call, 0, "axis") is not None
    renamed = f"a{name}" if name in {"max", "min"} and along else METHODS.get(name)
    if renamed is not None:
        return (Change(last, renamed),)
    if name in {"std", "var"}:
        return _arguments(pen, call, name, file)
    if name == "transpose":
        whole = syntax.span_of(call, file)
        bare = Change(Span(file, last.line, last.column, whole.end_line, whole.end_column), "T")
        return (Change(last, "permute"),) if call.args else (bare,)
    if name in {"cumsum", "cumprod"} and not call.args and not call.keywords:
        return (Change(last, f"flatten().{name}"), *builders.add_argument(call, file, "0"))
    if name == "round" and len(call.args) == 1:
        return _between(call.args[0], file, "decimals=", "")
    if name == "astype" and len(call.args) == 1:
        return _cast(pen, call, last, file)
    return ()


def _cast(pen: Pen, call: ast.Call, last: Span, file: str) -> Changes:
    """Write `x.to(torch.float32)` for `x.astype(np.float32)`; what rounds has no derivative whoever does it."""
    dtype = syntax.text_of(call.args[0]).rpartition(".")[2].strip("'\"")
    if dtype not in DTYPES:
        return ()
    given = pen.say(f"torch.{'float64' if dtype == 'float' else dtype}")
    return (Change(last, "to"), *builders.replace(call.args[0], file, given))
