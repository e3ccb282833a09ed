"""Changes of a call: its name, its arguments, what it works on."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.diagnostics.spans import source_lines
from gradtape.explain.edits.builders.expressions import _at, _depth, _tokens, keep_part

if TYPE_CHECKING:
    from gradtape.explain.edits.builders.suggestions import Changes

SETTINGS = {"astype", "cpu", "item", "numpy", "round", "to", "type", "view", "clamp", "clip", "clamp_min", "clamp_max"}
"""Methods that work on the value before the dot, and may be told how."""


ROUNDING = {"round"}
"""Those of them that are told with a plain number: what gets a value is a function, of a module that is not known."""


def rename_call(call: ast.Call, file: str, name: str) -> Changes:
    """Let a call go to another function, with the same arguments."""
    return (Change(syntax.span_of(call.func, file), name),)


def drop_call(call: ast.expr, file: str) -> Changes:
    """Put what a call works on in its place: `x` for `float(x)`, for `x.numpy()`, and for the attribute `x.data`."""
    inner = worked_on(call, file)
    return () if inner is None else keep_part(call, inner, file)


def as_function(node: ast.expr, file: str, name: str) -> Changes:
    """Write a method call as a call of a function: `tf.reshape(x, s)` for `x.reshape(s)`; also the attribute `x.T`."""
    method = node.func if isinstance(node, ast.Call) else node
    if not isinstance(method, ast.Attribute):
        return ()
    whole, called = syntax.span_of(node, file), syntax.span_of(method, file)
    line = next(iter(source_lines(file, called.end_line, called.end_line)), "")
    dot = line.rfind(".", 0, called.end_column - 1 - len(method.attr)) + 1
    first = node.args + [k.value for k in node.keywords] if isinstance(node, ast.Call) else []
    end = (whole.end_line, whole.end_column)
    opened = ")"
    if isinstance(node, ast.Call):
        bracket = line.find("(", called.end_column - 1) + 2
        if bracket < 2:
            return ()
        end, opened = (called.end_line, bracket), ", " if first else ""
    if not dot or called.end_line != end[0]:
        return ()
    return (
        insertion(file, whole.line, whole.column, f"{name}("),
        Change(Span(file, called.end_line, dot, *end), opened),
    )


def arguments_of(call: ast.Call, file: str) -> str:
    """Return what stands behind the name of what a call calls, parentheses included."""
    function, whole = syntax.span_of(call.func, file), syntax.span_of(call, file)
    return Span(file, function.end_line, function.end_column, whole.end_line, whole.end_column).text


def worked_on(node: ast.expr, file: str) -> ast.expr | None:
    """Return the one value that a call or an attribute takes: an argument, or what stands before the dot."""
    if isinstance(node, ast.Attribute):
        return node.value
    if not isinstance(node, ast.Call):
        return None
    if isinstance(node.func, ast.Attribute) and _takes_no_value(node, node.func.attr) and is_method(node, file):
        return node.func.value
    first = node.args[0] if node.args else next((k.value for k in node.keywords if k.arg is not None), None)
    return None if isinstance(first, ast.Starred) else first


def _takes_no_value(call: ast.Call, name: str) -> bool:
    """Whether the arguments of a method are settings, so that what it works on stands before the dot."""
    if name in ROUNDING:
        return all(isinstance(a, ast.Constant) for a in call.args)
    return not call.args or name in SETTINGS


def is_method(call: ast.Call, file: str) -> bool:
    """Whether a call goes to a method of a value, `x.round(2)`, not to a function of a module, `np.round(x)`."""
    return isinstance(call.func, ast.Attribute) and not scopes.is_module(call.func.value, file)


def two_operands(call: ast.Call, file: str) -> tuple[ast.expr, ast.expr] | None:
    """Return what a function of two values works on: the receiver and the argument of `x.pow(y)`, too."""
    first = [call.func.value] if is_method(call, file) and isinstance(call.func, ast.Attribute) else []
    given = [*first, *call.args]
    return (given[0], given[1]) if len(given) == 2 and not isinstance(given[1], ast.Starred) else None


def add_argument(call: ast.Call, file: str, text: str) -> Changes:
    """Give a call one more argument, after those that it has."""
    span = syntax.span_of(call, file)
    tokens = _tokens(span.text)
    if len(tokens) < 2 or tokens[-1].string != ")":
        return ()
    last = tokens[-2]
    place = _at(span, last.end)
    return (insertion(file, *place, text if last.string in "(," else f", {text}"),)


def drop_argument(call: ast.Call, file: str, name: str) -> Changes:
    """Take a keyword argument out of a call, with its comma."""
    keyword = next((k for k in call.keywords if k.arg == name), None)
    if keyword is None:
        return ()
    span, whole = syntax.span_of(keyword, file), syntax.span_of(call, file)
    tokens = _tokens(whole.text)
    places = [(_at(whole, t.start), _at(whole, t.end), t.string) for t in tokens]
    first = next(k for k, (start, _, _) in enumerate(places) if start == (span.line, span.column))
    after = next(k for k, (start, _, _) in enumerate(places) if start >= (span.end_line, span.end_column))
    while places[after][2] == ")" and after < len(places) - 1 and _depth(tokens[first:after]) < 0:
        after += 1
    begin, end = places[first][0], places[after - 1][1]
    if places[first - 1][2] == "," and places[after][2] in ",)":
        begin = places[first - 2][1]
    elif places[after][2] == ",":
        end = places[after + 1][0] if places[after + 1][2] != ")" else places[after][1]
    return (Change(Span(file, *begin, *end), ""),)


def set_argument(call: ast.Call, file: str, name: str, text: str) -> Changes:
    """Give a keyword argument of a call another value, or give it if it is not there."""
    keyword = next((k for k in call.keywords if k.arg == name), None)
    if keyword is None:
        return add_argument(call, file, f"{name}={text}")
    return (Change(syntax.span_of(keyword.value, file), text),)


def rename_argument(keyword: ast.keyword, file: str, text: str) -> Changes:
    """Put another keyword argument in the place of one."""
    return (Change(syntax.span_of(keyword, file), text),)


def argument(call: ast.Call, position: int, name: str) -> ast.expr | None:
    """Return one argument of a call, given by position or by name."""
    named = next((k.value for k in call.keywords if k.arg == name), None)
    if named is not None:
        return named
    given = call.args[: position + 1]
    return given[position] if position < len(given) and not any(isinstance(a, ast.Starred) for a in given) else None
