"""Small changes of a function's source, each a mistake that somebody could make when writing a derivative."""

from __future__ import annotations

import ast
import copy
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from gradtape.ops import OPS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    Function = ast.Lambda | ast.FunctionDef

NEIGHBOURS = {
    "sin": "cos",
    "cos": "sin",
    "sinh": "cosh",
    "cosh": "sinh",
    "tan": "tanh",
    "exp": "expm1",
    "exp2": "exp",
    "expm1": "exp",
    "log": "log1p",
    "log1p": "log",
    "sqrt": "cbrt",
    "square": "sqrt",
    "rsqrt": "sqrt",
    "max": "min",
    "min": "max",
    "maximum": "minimum",
    "minimum": "maximum",
    "greater": "less",
    "less": "greater",
    "greater_equal": "less_equal",
    "less_equal": "greater_equal",
    "equal": "not_equal",
    "not_equal": "equal",
    "logical_and": "logical_or",
    "logical_or": "logical_and",
    "sum": "mean",
    "mean": "sum",
    "cumsum": "cumprod",
    "tril": "triu",
    "triu": "tril",
    "zeros_like": "ones_like",
    "ones_like": "zeros_like",
    "floor": "ceil",
    "ceil": "floor",
    "real": "imag",
    "imag": "real",
}
"""What is easily written for another, under `xp`."""

UNCHANGED_SHAPE = {
    *("sin", "cos", "sinh", "cosh", "tan", "tanh", "exp", "log", "sqrt", "square", "abs", "sign", "negative"),
    *("conjugate", "stop_gradient", "flip", "real", "logical_not", "tril", "triu", "reciprocal", "gamma", "digamma"),
}
"""Functions whose call may be forgotten and still leave something of the right shape."""

COMMUTATIVE = {
    *("add", "multiply", "maximum", "minimum", "logical_and", "logical_or", "equal", "not_equal", "hypot", "swapaxes"),
    *("cumprod", "range", "max", "min"),
}
"""Functions that may exchange their last two arguments."""

WORTH_SHOWING = 16
"""A change is shown with what is around it up to this length of source."""

OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub,
    ast.Sub: ast.Add,
    ast.Mult: ast.Div,
    ast.Div: ast.Mult,
    ast.Pow: ast.Mult,
}
COMPARISONS: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def changes(function: Function) -> Iterator[tuple[str, Function]]:
    """Yield each change: what became of what, and the changed function.

    Parameters
    ----------
    function : ast.Lambda or ast.FunctionDef
        Left as it is.
    """
    nodes = nodes_of(function)
    around = {child: node for node in nodes for child in ast.iter_child_nodes(node)}
    for number, node in enumerate(nodes):
        parent = around.get(node)
        if isinstance(parent, ast.keyword) and parent.arg == "strict":
            continue
        shown = node
        while len(ast.unparse(shown)) < WORTH_SHOWING and isinstance(around.get(shown), ast.expr):
            shown = around[shown]
        for make in CHANGES.get(type(node), ()):
            for other in make(node):
                changed = replaced(function, number, other)
                became = other if shown is node else nodes_of(changed)[nodes.index(shown)]
                yield f"{ast.unparse(shown)}  =>  {ast.unparse(became)}", changed
    yield from exchanged_names(function)


def nodes_of(function: Function) -> list[ast.AST]:
    """Return the nodes of a function's body, outer ones first: what changes inside a node leaves its number alone."""
    body = function.body if isinstance(function.body, list) else [function.body]
    return [n for part in breadth_first(body) for n in part]


def breadth_first(level: Sequence[ast.AST]) -> Iterator[Sequence[ast.AST]]:
    """Yield the nodes of a tree level by level."""
    while level:
        yield level
        level = [child for node in level for child in ast.iter_child_nodes(node)]


def replaced(function: Function, number: int, other: ast.AST) -> Function:
    """Return a copy of a function in which the node of that number is another."""
    changed = copy.deepcopy(function)
    node = nodes_of(changed)[number]
    ast.copy_location(other, node)
    return _Replace(node, other).visit(changed)  # type: ignore[no-any-return]


class _Replace(ast.NodeTransformer):
    def __init__(self, old: ast.AST, new: ast.AST) -> None:
        self.old, self.new = old, new

    def visit(self, node: ast.AST) -> Any:
        return self.new if node is self.old else super().visit(node)


def exchanged_names(function: Function) -> Iterator[tuple[str, Function]]:
    """Exchange each argument of a rule with the next one, wherever they are used."""
    names = [a.arg for a in function.args.args if a.arg != "xp"]
    used = {n.id for n in ast.walk(function) if isinstance(n, ast.Name)}
    for one, two in pairwise(names):
        if one in used or two in used:
            changed = copy.deepcopy(function)
            for node in ast.walk(changed):
                if isinstance(node, ast.Name) and node.id in {one, two}:
                    node.id = two if node.id == one else one
            yield f"{one} and {two} exchanged", changed


def operators(node: ast.BinOp) -> Iterator[ast.AST]:
    """Change an operator, and drop either side."""
    other = OPERATORS.get(type(node.op))
    if other is not None:
        yield ast.BinOp(node.left, other(), node.right)
        yield node.left
    if isinstance(node.op, ast.Add | ast.Mult | ast.Sub):
        yield node.right


def signs(node: ast.UnaryOp) -> Iterator[ast.AST]:
    """Drop a sign or a `not`."""
    yield node.operand


def constants(node: ast.Constant) -> Iterator[ast.AST]:
    """Change a number a little, and a truth value."""
    value = node.value
    if isinstance(value, bool):
        yield ast.Constant(not value)
    elif isinstance(value, int):
        yield ast.Constant(value + 1)
    elif isinstance(value, float | complex):
        yield ast.Constant(value * 1.01 if value else 1.0)


def comparisons(node: ast.Compare) -> Iterator[ast.AST]:
    """Turn a comparison round."""
    if len(node.ops) == 1 and type(node.ops[0]) in COMPARISONS:
        yield ast.Compare(node.left, [COMPARISONS[type(node.ops[0])]()], node.comparators)


def choices(node: ast.IfExp) -> Iterator[ast.AST]:
    """Choose one side always."""
    yield node.body
    yield node.orelse


def connectives(node: ast.BoolOp) -> Iterator[ast.AST]:
    """Exchange `and` and `or`."""
    yield ast.BoolOp(ast.Or() if isinstance(node.op, ast.And) else ast.And(), node.values)


def calls(node: ast.Call) -> Iterator[ast.AST]:
    """Call a neighbour, forget the call, exchange two arguments, forget a parameter."""
    of_xp = (
        isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) and node.func.value.id == "xp"
    )
    name = node.func.attr if isinstance(node.func, ast.Attribute) and of_xp else ""
    if name in NEIGHBOURS:
        neighbour = ast.Attribute(ast.Name("xp", ast.Load()), NEIGHBOURS[name], ast.Load())
        yield ast.Call(neighbour, node.args, node.keywords)
    if name in UNCHANGED_SHAPE and node.args:
        yield node.args[0]
    start = 1 if node.args and isinstance(node.args[0], ast.Name) and node.args[0].id == "xp" else 0
    for k in range(start, len(node.args) - (2 if name in COMMUTATIVE else 1)):
        if ast.dump(node.args[k]) != ast.dump(node.args[k + 1]):
            args = list(node.args)
            args[k], args[k + 1] = args[k + 1], args[k]
            yield ast.Call(node.func, args, node.keywords)
    for k, keyword in enumerate(node.keywords):
        if keyword.arg == "strict" or is_default(name, keyword):
            continue
        yield ast.Call(node.func, node.args, node.keywords[:k] + node.keywords[k + 1 :])


def is_default(name: str, keyword: ast.keyword) -> bool:
    """Whether a parameter of an operation is given the value that it has anyway."""
    row = OPS.get(name)
    if row is None or not isinstance(keyword.value, ast.Constant):
        return False
    return keyword.arg in row.defaults and row.defaults[keyword.arg] == keyword.value.value


CHANGES: dict[type[ast.AST], tuple[Callable[[Any], Iterator[ast.AST]], ...]] = {
    ast.BinOp: (operators,),
    ast.UnaryOp: (signs,),
    ast.Constant: (constants,),
    ast.Compare: (comparisons,),
    ast.IfExp: (choices,),
    ast.BoolOp: (connectives,),
    ast.Call: (calls,),
}
