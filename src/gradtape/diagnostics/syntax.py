"""What the source text says around a span: the call's arguments, the names that a statement assigns, branches.

Source is read for display and for names only; whether a gradient flows never depends on it.
"""

from __future__ import annotations

import ast
import linecache
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics.spans import Span

if TYPE_CHECKING:
    from collections.abc import Iterator

type_of_function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


@lru_cache(maxsize=64)
def _parse(file: str, text: str) -> ast.Module | None:
    try:
        return ast.parse(text, file)
    except (SyntaxError, ValueError):
        return None


def parse_file(file: str) -> ast.Module | None:
    """Return the syntax tree of a file, None where there is no source or it does not parse."""
    lines = linecache.getlines(file)
    return _parse(file, "".join(lines)) if lines else None


def span_of(node: ast.AST, file: str) -> Span:
    """Return the place of a node; columns in characters, as everywhere."""
    first = linecache.getline(file, node.lineno).encode()  # type: ignore[attr-defined]
    last = linecache.getline(file, node.end_lineno).encode()  # type: ignore[attr-defined]
    return Span(
        file,
        node.lineno,  # type: ignore[attr-defined]
        len(first[: node.col_offset].decode(errors="replace")) + 1,  # type: ignore[attr-defined]
        node.end_lineno,  # type: ignore[attr-defined]
        len(last[: node.end_col_offset].decode(errors="replace")) + 1,  # type: ignore[attr-defined]
    )


def _around(span: Span) -> Iterator[ast.AST]:
    """Yield the nodes whose text covers the span, outermost first."""
    tree = parse_file(span.file)
    here: ast.AST | None = tree
    while here is not None:
        inner = None
        for child in ast.iter_child_nodes(here):
            if hasattr(child, "lineno"):
                if span_of(child, span.file).contains(span):
                    inner = child
                    break
            elif any(
                hasattr(n, "lineno") and span_of(n, span.file).contains(span) for n in ast.iter_child_nodes(child)
            ):
                inner = child
                break
        if inner is not None and hasattr(inner, "lineno"):
            yield inner
        here = inner


def expression_at(span: Span) -> ast.expr | None:
    """Return the expression whose text is exactly the span, else the smallest one around it."""
    found = [node for node in _around(span) if isinstance(node, ast.expr)]
    exact = [n for n in found if span_of(n, span.file).contains(span) and span.contains(span_of(n, span.file))]
    return exact[0] if exact else found[-1] if found else None


def statement_at(span: Span) -> ast.stmt | None:
    """Return the innermost statement around a span."""
    found = [node for node in _around(span) if isinstance(node, ast.stmt)]
    return found[-1] if found else None


def function_at(span: Span) -> type_of_function | None:
    """Return the innermost function or lambda around a span, None at the top of a module."""
    found = [node for node in _around(span) if isinstance(node, type_of_function)]
    return found[-1] if found else None


def calls_around(span: Span) -> list[ast.Call]:
    """Return the calls in whose arguments a span stands, innermost first."""
    found = [node for node in _around(span) if isinstance(node, ast.Call)]
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
        walrus = [n for n in _around(span) if isinstance(n, ast.NamedExpr)]
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
    yield ast.unparse(target)


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
    text = ast.unparse(node)
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
        and ast.unparse(n) == text
    ]


def with_header(span: Span) -> Span:
    """Return the context expression of a `with` statement that a span covers whole; any other span as it is.

    The instruction that enters a context manager has the whole statement as its place.
    """
    statement = statement_at(span)
    if not isinstance(statement, ast.With | ast.AsyncWith) or span_of(statement, span.file).line != span.line:
        return span
    items = [item.context_expr for item in statement.items]
    chosen = next((item for item in items if "Tape" in ast.unparse(item)), items[0])
    return span_of(chosen, span.file)


def imported_as(file: str, module: str) -> str | None:
    """Return the name under which a file imports a module: `gt` for `import gradtape as gt`; None if it does not."""
    tree = parse_file(file)
    for node in ast.walk(tree) if tree is not None else ():
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name == module:
                    return alias.asname or alias.name
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                if f"{node.module}.{alias.name}" == module:
                    return alias.asname or alias.name
    return None


def with_replaced(span: Span, text: str) -> str | None:
    """Return the line of a span with the span's text replaced; None for a span of several lines or without source."""
    line = span.source_line
    if not line or span.line != span.end_line:
        return None
    return line[: span.column - 1] + text + line[span.end_column - 1 :]


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
    written = any(isinstance(t, ast.Subscript) and span_of(t, span.file).contains(span) for t in targets)
    return span_of(statement, span.file) if written and statement is not None else span


def branches_in(file: str, around: ast.AST | None) -> list[ast.If | ast.IfExp | ast.While | ast.For]:
    """Return the conditionals and loops of a function (or of a module's top), nested functions left out."""
    root = around if around is not None else parse_file(file)
    inside = walk_scope(root) if root is not None else ()
    found = [node for node in inside if isinstance(node, ast.If | ast.IfExp | ast.While | ast.For)]
    return sorted(found, key=lambda n: (n.lineno, n.col_offset))
