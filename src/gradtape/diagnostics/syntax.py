"""What the source text says around a span: the call's arguments, the names that a statement assigns, branches.

Source is read for display and for names only; whether a gradient flows never depends on it.
"""

from __future__ import annotations

import ast
from bisect import bisect_left, bisect_right
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import sources
from gradtape.diagnostics.spans import Span

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator
    from types import CodeType

type_of_function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


_TREES: dict[str, tuple[list[str], ast.Module | None]] = {}
"""Syntax trees by file, with the lines that they were made from."""


def parse_file(file: str) -> ast.Module | None:
    """Return the syntax tree of a file, None where there is no source or it does not parse."""
    lines = sources.lines(file)
    known = _TREES.get(file)
    if known is None or known[0] is not lines:
        try:
            tree = ast.parse("".join(lines), file) if lines else None
        except (SyntaxError, ValueError):
            tree = None
        known = _TREES[file] = (lines, tree)
    return known[1]


@lru_cache(maxsize=64)
def nodes_of(tree: ast.Module) -> tuple[ast.AST, ...]:
    """Return all nodes of a file, walked once for all who ask."""
    return tuple(ast.walk(tree))


@lru_cache(maxsize=65_536)
def span_of(node: ast.AST, file: str) -> Span:
    """Return the place of a node; columns in characters, as everywhere."""
    return Span(
        file,
        node.lineno,  # type: ignore[attr-defined]
        _column(file, node.lineno, node.col_offset),  # type: ignore[attr-defined]
        node.end_lineno,  # type: ignore[attr-defined]
        _column(file, node.end_lineno, node.end_col_offset),  # type: ignore[attr-defined]
    )


def _column(file: str, line: int, byte_offset: int) -> int:
    lines = sources.lines(file)
    text = lines[line - 1] if line <= len(lines) else ""
    return 1 + (byte_offset if text.isascii() else len(text.encode()[:byte_offset].decode(errors="replace")))


@lru_cache(maxsize=65_536)
def text_of(node: ast.AST) -> str:
    """Return code as Python would write it."""
    return ast.unparse(node)


def around(span: Span) -> tuple[ast.AST, ...]:
    """Return the nodes whose text covers the span, outermost first."""
    tree = parse_file(span.file)
    return () if tree is None else _around_in(tree, span)


@lru_cache(maxsize=16_384)
def _around_in(tree: ast.Module, span: Span) -> tuple[ast.AST, ...]:
    found: list[ast.AST] = []
    here: ast.AST | None = tree
    while here is not None:
        parts = _with_decorators(_children_near(here, span.line))
        here = next((child for child in parts if _covers(child, span)), None)
        if here is not None and hasattr(here, "lineno"):
            found.append(here)
    return tuple(found)


def _with_decorators(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Yield nodes, before each definition its decorators: they stand outside of it, and above its text."""
    for node in nodes:
        yield from getattr(node, "decorator_list", ())
        yield node


def _children_near(node: ast.AST, line: int) -> Iterable[ast.AST]:
    """Return the children of a node that may cover a line: of a long block only the last statements to begin there."""
    block = getattr(node, "body", None)
    if not isinstance(block, list) or len(block) < LONG_BLOCK:
        return ast.iter_child_nodes(node)
    place = bisect_right(block, line, key=lambda statement: statement.lineno)
    # several statements may share a line: `a = 1; b = 2`
    first = bisect_left(block, block[place - 1].lineno, key=lambda statement: statement.lineno) if place else 0
    parts = (part for name, part in ast.iter_fields(node) if name != "body")
    others = (node for part in parts for node in (part if isinstance(part, list) else [part]))
    above = [decorator for below in block[place : place + 1] for decorator in getattr(below, "decorator_list", ())]
    return (*(node for node in others if isinstance(node, ast.AST)), *block[first:place], *above)


LONG_BLOCK = 50
"""From so many statements on a block is searched by halves."""


def _covers(node: ast.AST, span: Span) -> bool:
    """Whether a node's text covers a span; a node without a place (`arguments`) covers what its parts cover."""
    if isinstance(node, ast.stmt | ast.expr | ast.arg | ast.keyword | ast.excepthandler | ast.pattern | ast.alias):
        return node.lineno <= span.line and span_of(node, span.file).contains(span)
    return any(_covers(part, span) for part in ast.iter_child_nodes(node))


def expression_at(span: Span) -> ast.expr | None:
    """Return the expression whose text is exactly the span, else the smallest one around it."""
    tree = parse_file(span.file)
    return None if tree is None else _expression_in(tree, span)


@lru_cache(maxsize=16_384)
def _expression_in(tree: ast.Module, span: Span) -> ast.expr | None:
    found = [node for node in _around_in(tree, span) if isinstance(node, ast.expr)]
    exact = [n for n in found if span_of(n, span.file).contains(span) and span.contains(span_of(n, span.file))]
    return exact[0] if exact else found[-1] if found else None


def statement_at(span: Span) -> ast.stmt | None:
    """Return the innermost statement around a span."""
    found = [node for node in around(span) if isinstance(node, ast.stmt)]
    return found[-1] if found else None


def function_at(span: Span) -> type_of_function | None:
    """Return the innermost function or lambda around a span, None at the top of a module."""
    found = [node for node in around(span) if isinstance(node, type_of_function)]
    return found[-1] if found else None


CACHES = {"cache", "lru_cache", "cached_property"}
"""Decorators that keep what a function gives for its next call."""


def cached_by(span: Span) -> ast.expr | None:
    """Return the decorator by which the function around a place keeps its results."""
    function = function_at(span)
    marks = function.decorator_list if isinstance(function, ast.FunctionDef) else []
    called = [(mark, mark.func if isinstance(mark, ast.Call) else mark) for mark in marks]
    return next((mark for mark, name in called if text_of(name).rpartition(".")[2] in CACHES), None)


def is_method(call: ast.Call, file: str) -> bool:
    """Whether a call goes to a method of a value: what stands before the dot is nothing that the file imports."""
    tree = parse_file(file)
    names = names_in(call.func, ast.Load)
    return isinstance(call.func, ast.Attribute) and (tree is None or names.isdisjoint(_imported(tree)))


@lru_cache(maxsize=64)
def _imported(tree: ast.Module) -> frozenset[str]:
    found = (n for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom))
    return frozenset((alias.asname or alias.name).partition(".")[0] for node in found for alias in node.names)


def operand_at(span: Span, position: int, count: int) -> ast.expr | None:
    """Return the source text of one operand of the operation at a span; None for a literal."""
    node: ast.AST | None = expression_at(span)
    if node is None:
        statement = statement_at(span)
        node = statement.value if isinstance(statement, ast.AugAssign) else None
    if isinstance(node, ast.BinOp):
        node = (node.left, node.right)[min(position, 1)]
    elif isinstance(node, ast.Compare) and len(node.comparators) == 1:
        node = (node.left, node.comparators[0])[min(position, 1)]
    elif (
        isinstance(node, ast.Call)
        and len(node.args) >= count
        and not any(isinstance(a, ast.Starred) for a in node.args)
    ):
        node = node.args[position]
    elif isinstance(node, ast.Call) and len(node.args) == count - 1 and is_method(node, span.file):
        node = [*(n for n in [getattr(node.func, "value", None)] if n is not None), *node.args][position]
    literal = isinstance(node, ast.Constant) or (
        isinstance(node, ast.UnaryOp) and isinstance(node.operand, ast.Constant)
    )
    return None if literal or not isinstance(node, ast.expr) else node


def decision_at(span: Span) -> str:
    """Return what asks an expression for its truth or number: `` `if` ``, `` `max` ``; "Python" if it is not seen."""
    for node in reversed(around(span)):
        if isinstance(node, ast.If | ast.IfExp) and span_of(node.test, span.file).contains(span):
            return "`if`"
        if isinstance(node, ast.While) and span_of(node.test, span.file).contains(span):
            return "`while`"
        if isinstance(node, ast.For) and span_of(node.iter, span.file).contains(span):
            return "`for`"
        if isinstance(node, ast.Assert):
            return "`assert`"
        if isinstance(node, ast.BoolOp):
            return "`and`" if isinstance(node.op, ast.And) else "`or`"
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return "`not`"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return f"`{node.func.id}`"
    return "Python"


def filled_once(span: Span) -> ast.If | None:
    """Return the branch that lets a statement run only while what it stores is not there: `if self.h is None:`."""
    names = set(assigned_names(span))
    branch = next((node for node in reversed(around(span)) if isinstance(node, ast.If)), None)
    if branch is None or branch.orelse or len(branch.body) != 1 or span_of(branch.test, span.file).contains(span):
        return None
    return branch if names & names_in(branch.test, ast.Load) else None


def share_a_loop(a: Span, b: Span) -> bool:
    """Whether two places stand in the same `for` or `while`: each round of it passes both."""
    loops = [span_of(node, a.file) for node in around(a) if isinstance(node, ast.For | ast.While)]
    return any(loop.contains(b) for loop in loops)


def has_name_as_key(node: ast.Subscript) -> bool:
    """Whether an element is picked by a literal string, `d['a']`: as good as a name of its own."""
    return isinstance(node.slice, ast.Constant) and isinstance(node.slice.value, str)


def key_at(span: Span) -> ast.Constant | None:
    """Return the key under which a dict that is written out holds what stands at a place."""
    for node in reversed(around(span)):
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            found = next((key for key, value in pairs if span_of(value, span.file).contains(span)), None)
            return found if isinstance(found, ast.Constant) else None
    return None


def in_comprehension(span: Span) -> bool:
    """Whether a place stands in a list, set or dict comprehension or a generator: it runs once per element."""
    return any(isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) for node in around(span))


NO_VALUE = {"len", "isinstance", "print", "range", "type", "str", "repr", "format", "hasattr", "id"}
"""Functions whose answer has nothing to do with how large their argument is."""

NO_VALUE_ATTRIBUTES = {"shape", "size", "ndim", "dtype"}


CONVERSIONS = {"float", "int", "complex", "bool"}


def _converts(node: ast.expr) -> bool:
    """Whether an expression does nothing but turn its argument into a number: it changes nothing else."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CONVERSIONS


def value_goes_on(span: Span, into: Span | None = None) -> bool:
    """Whether an expression's value takes part in what its statement computes, or in what stands at `into` around it.

    It does not where only its length or shape is asked for, where it is compared, decides a branch, or is printed, and
    where a number that nobody keeps is the whole statement.
    """
    for node in around(span):
        if into is not None and not into.contains(span_of(node, span.file)):
            continue  # what becomes of the whole: `print(tape.gradient(loss, w))` reads the loss
        if isinstance(node, ast.Expr) and span == span_of(node.value, span.file) and _converts(node.value):
            return False
        if isinstance(node, ast.Compare | ast.JoinedStr):
            return False
        if isinstance(node, ast.IfExp | ast.If | ast.While) and span_of(node.test, span.file).contains(span):
            return False
        if isinstance(node, ast.Attribute) and node.attr in NO_VALUE_ATTRIBUTES and span != span_of(node, span.file):
            return False
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else None
        if called in NO_VALUE and span != span_of(node, span.file):
            return False
    return True


def calls_around(span: Span) -> list[ast.Call]:
    """Return the calls in whose arguments a span stands, innermost first."""
    found = [node for node in around(span) if isinstance(node, ast.Call)]
    return [call for call in reversed(found) if not span_of(call.func, span.file).contains(span)]


def assigned_names(span: Span) -> tuple[str, ...]:
    """Return the names that the statement around an expression gives to its value: `("w",)` for `w = w - lr * g`.

    Only a value that is the whole right-hand side (or a call around the expression) gets the name; of `a, b = f(), g()`
    each element gets its own.
    """
    statement = statement_at(span)
    if isinstance(statement, ast.Assign):
        pairs = [(target, statement.value) for target in statement.targets]
    elif isinstance(statement, ast.AnnAssign | ast.AugAssign) and statement.value is not None:
        pairs = [(statement.target, statement.value)]
    else:
        walrus = [n for n in around(span) if isinstance(n, ast.NamedExpr)]
        pairs = [(n.target, n.value) for n in walrus]
    return tuple(name for target, value in pairs for name in _names_for(target, value, span))


def _names_for(target: ast.expr, value: ast.expr, span: Span) -> Iterator[str]:
    if not span_of(value, span.file).contains(span):
        return
    if isinstance(target, ast.Tuple | ast.List):
        if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
            for t, v in zip(target.elts, value.elts, strict=True):
                yield from _names_for(t, v, span)
        return
    yield text_of(target)


def argument_texts(call: Span, position: int, keyword: str, paths: list[str]) -> list[str] | None:
    """Return what the caller wrote for the leaves of one argument of a call; None where that cannot be read.

    Parameters
    ----------
    call : Span
        The text of the whole call.
    position, keyword : int, str
        Where the argument stands, either way.
    paths : list of str
        The leaves' places in the structure that was passed, as `tape.structure.flatten` writes them.
    """
    node = expression_at(call)
    argument: ast.expr | None = None
    if isinstance(node, ast.Call):
        argument = next((k.value for k in node.keywords if k.arg == keyword), None)
        if argument is None and position < len(node.args) and not any(isinstance(a, ast.Starred) for a in node.args):
            argument = node.args[position]
    if argument is None:
        return None
    return [_text_at(argument, path) for path in paths]


def _text_at(node: ast.expr, path: str) -> str:
    """Follow a path such as `[0]['w']` into a literal as far as it is one, and spell out the rest."""
    while path.startswith("["):
        key_text, _, rest = path[1:].partition("]")
        key = ast.literal_eval(key_text)
        if (
            isinstance(node, ast.List | ast.Tuple)
            and isinstance(key, int)
            and not any(isinstance(e, ast.Starred) for e in node.elts)
        ):
            node, path = node.elts[key], rest
        elif isinstance(node, ast.Dict):
            match = [
                v for k, v in zip(node.keys, node.values, strict=True) if isinstance(k, ast.Constant) and k.value == key
            ]
            if not match:
                break
            node, path = match[0], rest
        else:
            break
    text = text_of(node)
    return (
        f"({text}){path}"
        if path and not isinstance(node, ast.Name | ast.Attribute | ast.Subscript | ast.Call)
        else text + path
    )


def mentions(node: ast.AST, text: str) -> list[ast.expr]:
    """Return the expressions below a node that are spelled like `text` (`w`, `self.kernel`) and read it."""
    return [
        n
        for n in ast.walk(node)
        if isinstance(n, ast.Name | ast.Attribute | ast.Subscript)
        and isinstance(n.ctx, ast.Load)
        and text_of(n) == text
    ]


def functions_in(file: str) -> tuple[ast.FunctionDef, ...]:
    """Return all functions and methods of a file."""
    tree = parse_file(file)
    return () if tree is None else _functions_of(tree)


@lru_cache(maxsize=256)
def _functions_of(tree: ast.Module) -> tuple[ast.FunctionDef, ...]:
    return tuple(node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def called_in(node: ast.AST) -> set[str]:
    """Return the last names of what code calls: `branch` for `self.branch(x)`."""
    return {text_of(call.func).rpartition(".")[2] for call in ast.walk(node) if isinstance(call, ast.Call)}


def leads_to(node: ast.AST, text: str, methods: Collection[ast.FunctionDef]) -> list[ast.expr]:
    """Return the expressions below a node that read `text`, or that call one of some methods which does in the end."""
    found = mentions(node, text)
    if found:
        return found
    calls = [n for n in ast.walk(node) if isinstance(n, ast.Call)]
    for call in calls:
        name = text_of(call.func).rpartition(".")[2]
        others = [m for m in methods if m.name != name]
        found += [call for m in methods if m.name == name and leads_to(m, text, others)]
    return found


def with_header(span: Span) -> Span:
    """Return the context expression of a `with` statement that a span covers whole; any other span as it is.

    The instruction that enters a context manager has the whole statement as its place.
    """
    statement = statement_at(span)
    if not isinstance(statement, ast.With | ast.AsyncWith) or span_of(statement, span.file).line != span.line:
        return span
    items = [item.context_expr for item in statement.items]
    chosen = next((item for item in items if "Tape" in text_of(item)), items[0])
    return span_of(chosen, span.file)


def walk_scope(root: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a function's (or module's) own scope, without the bodies of functions and classes in it."""
    stack = list(ast.iter_child_nodes(root))
    while stack:
        node = stack.pop()
        yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            stack.extend(ast.iter_child_nodes(node))


def stored_whole(span: Span) -> Span:
    """Return the whole statement if a span is the place that an assignment writes to, `R[0, 0]` in `R[0, 0] = x`."""
    statement = statement_at(span)
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AugAssign):
        targets = [statement.target]
    targets = [part for target in targets for part in (target.elts if isinstance(target, ast.Tuple) else [target])]
    written = any(isinstance(t, ast.Subscript) and span_of(t, span.file).contains(span) for t in targets)
    return span_of(statement, span.file) if written and statement is not None else span


def dropped_update(statement: ast.stmt | None) -> ast.expr | None:
    """Return the array of a statement that is no more than `a.at[i].set(x)`: a new array that gets no name."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    place = call.func.value if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) else None
    at = place.value if isinstance(place, ast.Subscript) else None
    return at.value if isinstance(at, ast.Attribute) and at.attr == "at" else None


def values_given_to(name: str, span: Span) -> list[ast.expr]:
    """Return the expressions that a name or attribute is assigned in a file, in the scopes that a place can see."""
    tree = parse_file(span.file)
    function = function_at(span)
    found = []
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Assign):
            pairs = [pair for target in node.targets for pair in _one_by_one(target, node.value)]
        elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
            pairs = [(node.target, node.value)]
        else:
            continue
        place = function_at(span_of(node, span.file))
        visible = "." in name or place is None or place is function
        found += [value for target, value in pairs if visible and text_of(target) == name]
    return found


def _one_by_one(target: ast.expr, value: ast.expr) -> list[tuple[ast.expr, ast.expr]]:
    """Pair what is assigned with what it gets: `a, b = 1, []` is two assignments."""
    if not isinstance(target, ast.Tuple | ast.List) or not isinstance(value, ast.Tuple | ast.List):
        return [(target, value)]
    starred = any(isinstance(part, ast.Starred) for part in (*target.elts, *value.elts))
    return [] if starred else list(zip(target.elts, value.elts, strict=False))


def made_by(name: str, span: Span) -> list[str]:
    """Return the functions whose result a name or attribute holds, as far as the file tells."""
    return [text_of(value.func) for value in values_given_to(name, span) if isinstance(value, ast.Call)]


def is_list(name: str, span: Span) -> bool:
    """Whether a name or attribute holds a list wherever the file assigns it."""
    given = values_given_to(name, span)
    kinds = ast.List | ast.Tuple | ast.ListComp
    return bool(given) and all(
        isinstance(value, kinds) or (isinstance(value, ast.Call) and text_of(value.func) in {"list", "tuple"})
        for value in given
    )


def results_of(code: CodeType) -> list[ast.expr]:
    """Return the expressions that a function returns, as its source has them; a lambda's body."""
    tree = parse_file(code.co_filename)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Lambda) and code.co_name == "<lambda>" and node.lineno == code.co_firstlineno:
            return [node.body]
        if isinstance(node, ast.FunctionDef) and node.name == code.co_name:
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            if first == code.co_firstlineno:
                return [n.value for n in walk_scope(node) if isinstance(n, ast.Return) and n.value is not None]
    return []


class Fork(NamedTuple):
    """A conditional or a loop, and the code that runs on each of its sides."""

    node: ast.If | ast.IfExp | ast.While | ast.For
    sides: tuple[tuple[ast.AST, ...], ...]

    def test(self, file: str) -> Span:
        """Return the place of what decides: the condition, or what a loop runs over."""
        return span_of(self.node.iter if isinstance(self.node, ast.For) else self.node.test, file)


LEAVES = ast.Return | ast.Raise | ast.Continue | ast.Break


def forks_in(file: str, around: ast.AST | None) -> list[Fork]:
    """Return the conditionals and loops of a function (or of a module's top), nested functions left out.

    What follows an `if` that ends by leaving (`if plain: return loss`) is its other side.
    """
    root = around if around is not None else parse_file(file)
    inside = [root, *walk_scope(root)] if root is not None else []
    following: dict[int, tuple[ast.AST, ...]] = {}
    for node in inside:
        for block in (getattr(node, name, None) for name in ("body", "orelse", "finalbody")):
            if isinstance(block, list):
                following |= {id(statement): tuple(block[k + 1 :]) for k, statement in enumerate(block)}
    found = []
    for node in inside:
        if isinstance(node, ast.IfExp):
            found.append(Fork(node, ((node.body,), (node.orelse,))))
        elif isinstance(node, ast.If | ast.While | ast.For):
            other: tuple[ast.AST, ...] = tuple(node.orelse)
            if isinstance(node, ast.If) and not other and isinstance(node.body[-1], LEAVES):
                other = following.get(id(node), ())
            found.append(Fork(node, (tuple(node.body), other)))
    return sorted(found, key=lambda fork: (fork.node.lineno, fork.node.col_offset))


def class_at(span: Span) -> str | None:
    """Return the name of the innermost class around a span."""
    found = [node.name for node in around(span) if isinstance(node, ast.ClassDef)]
    return found[-1] if found else None


def names_in(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    """Return the names and attributes that code reads (`ast.Load`) or assigns (`ast.Store`)."""
    return {
        text_of(n) for n in ast.walk(node) if isinstance(n, ast.Name | ast.Attribute) and isinstance(n.ctx, context)
    }


def parameter_names(function: ast.FunctionDef) -> list[str]:
    """Return the names that the positional arguments of a call take, without `self`."""
    names = [a.arg for a in (*function.args.posonlyargs, *function.args.args)]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def parameters_for(file: str, function: ast.AST | None, names: list[str]) -> list[str]:
    """Return the parameters under which a function gets one of the names, in the calls of the same file."""
    tree = parse_file(file)
    if tree is None or not isinstance(function, ast.FunctionDef):
        return []
    parameters = parameter_names(function)
    found = []
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and text_of(call.func).rpartition(".")[2] == function.name:
            found += [p for p, a in zip(parameters, call.args, strict=False) if text_of(a) in names]
            found += [k.arg for k in call.keywords if k.arg is not None and text_of(k.value) in names]
    return found
