"""Changes of a program, built from its syntax tree: replace, wrap, drop, insert, move.

A builder returns the changes that do its work, none where it cannot be done here; what is not touched stays as written.
`suggestion` makes them a suggestion, or refuses where the program would no longer parse.
"""

from __future__ import annotations

import ast
import io
import tokenize
from functools import lru_cache
from typing import TYPE_CHECKING

from gradtape.diagnostics import Applicability, Span, Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change, edits_of, insertion
from gradtape.diagnostics.spans import source_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

Changes = tuple[Change, ...]

OPEN_CONTEXTS = (
    ast.keyword
    | ast.Assign
    | ast.AnnAssign
    | ast.AugAssign
    | ast.Return
    | ast.Expr
    | ast.List
    | ast.Dict
    | ast.ListComp
    | ast.SetComp
    | ast.Lambda
    | ast.If
    | ast.While
)
"""What may hold any expression without parentheses around it."""

CLOSED = ast.Name | ast.Call | ast.Attribute | ast.Subscript | ast.List | ast.Dict | ast.ListComp
"""Expressions that never need parentheses."""

SETTINGS = {"astype", "cpu", "item", "numpy", "round", "to", "type", "view", "clamp", "clip", "clamp_min", "clamp_max"}
"""Methods that work on the value before the dot, and may be told how."""

ROUNDING = {"round"}
"""Those of them that are told with a plain number: what gets a value is a function, of a module that is not known."""

BLOCKS = ("body", "orelse", "finalbody", "handlers")


def suggestion(applicability: Applicability, *changes: Change) -> Suggestion | None:
    """Make one suggestion of changes; None where there are none, or where they do not give a program."""
    edits = edits_of(changes) if changes else None
    return Suggestion(applicability, edits, tuple(changes)) if edits else None


def safe(*changes: Change) -> Suggestion | None:
    """Suggest what mends the finding and changes nothing else."""
    return suggestion(Applicability.SAFE, *changes)


def likely(*changes: Change) -> Suggestion | None:
    """Suggest what most people want here."""
    return suggestion(Applicability.LIKELY, *changes)


def sketch(*changes: Change) -> Suggestion | None:
    """Suggest the shape of a mend."""
    return suggestion(Applicability.SKETCH, *changes)


def written(node: ast.AST, file: str) -> str:
    """Return code as it stands in the file, on as many lines as it has there."""
    return syntax.span_of(node, file).text


def operand(node: ast.AST, file: str) -> str:
    """Return code as it stands in the file, in parentheses unless it needs none anywhere."""
    text = written(node, file)
    return text if isinstance(node, CLOSED) or _is_plain_number(node) else f"({text})"


def with_part(node: ast.expr, part: ast.expr, file: str, text: str) -> str:
    """Return the text of an expression with one part of it written otherwise."""
    whole, inner = syntax.span_of(node, file), syntax.span_of(part, file)
    before = Span(file, whole.line, whole.column, inner.line, inner.column).text
    after = Span(file, inner.end_line, inner.end_column, whole.end_line, whole.end_column).text
    return before + text + after


def term(node: ast.expr, file: str) -> str:
    """Return code as it stands in the file, in parentheses if it cannot be added to something without them."""
    loose = isinstance(node, ast.IfExp | ast.Lambda | ast.Compare | ast.BoolOp | ast.NamedExpr)
    text = written(node, file)
    return f"({text})" if loose or ("\n" in text and not text.endswith(")")) else text


def _is_plain_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, int | float)


def path_to(node: ast.AST, file: str) -> list[ast.AST]:
    """Return the nodes around a node, outermost first, without itself."""
    found = list(syntax.around(syntax.span_of(node, file)))
    return found[: found.index(node)] if node in found else found


def parent_of(node: ast.AST, file: str) -> ast.AST | None:
    """Return what a node stands in."""
    path = path_to(node, file)
    return path[-1] if path else None


def replace(node: ast.expr, file: str, text: str) -> Changes:
    """Put an expression in the place of another, in parentheses where it needs them there."""
    span = syntax.span_of(node, file)
    return (Change(span, text if _fits(node, span, text) else f"({text})"),)


@lru_cache(maxsize=256)  # a hundred sources may have the same reason
def closed(text: str) -> bool | None:
    """Whether an expression can stand anywhere as it is; None if it is none, or another one without its parentheses."""
    try:
        new: ast.expr = ast.parse(f"({text}\n)", mode="eval").body
        bare = ast.parse(text, mode="eval").body
    except SyntaxError:
        return None  # several lines, or no expression: the check of the whole will tell
    if type(new) is not type(bare):
        return None
    word = isinstance(new, ast.Constant) and (new.value is None or isinstance(new.value, bool))
    return word or isinstance(new, CLOSED) or _is_wrapped(text)


def _fits(node: ast.expr, span: Span, text: str) -> bool:
    is_closed = closed(text)
    if is_closed is not False:
        return is_closed is True
    parent = parent_of(node, span.file)
    if isinstance(parent, ast.Call):
        return node in parent.args
    if isinstance(parent, ast.Subscript):
        return node is parent.slice
    if isinstance(parent, ast.ListComp | ast.SetComp):
        return node is parent.elt  # not what it loops over, nor its conditions
    if isinstance(parent, ast.Dict) and node in parent.values and parent.keys[parent.values.index(node)] is None:
        return False  # what is unpacked into a dict
    return isinstance(parent, OPEN_CONTEXTS) or _in_parentheses(span)


def _is_wrapped(text: str) -> bool:
    """Whether one pair of parentheses holds a whole text."""
    tokens = _tokens(text)
    if not tokens or tokens[0].string != "(" or tokens[-1].string != ")":
        return False
    return all(_depth(tokens[: k + 1]) > 0 for k in range(len(tokens) - 1))


def _in_parentheses(span: Span) -> bool:
    before = source_lines(span.file, span.line, span.line)
    after = source_lines(span.file, span.end_line, span.end_line)
    return bool(
        before
        and after
        and before[0][: span.column - 1].rstrip().endswith("(")
        and after[0][span.end_column - 1 :].lstrip().startswith(")")
    )


def rename_call(call: ast.Call, file: str, name: str) -> Changes:
    """Let a call go to another function, with the same arguments."""
    return (Change(syntax.span_of(call.func, file), name),)


def drop_call(call: ast.expr, file: str) -> Changes:
    """Put what a call works on in its place: `x` for `float(x)`, for `x.numpy()`, and for the attribute `x.data`."""
    inner = worked_on(call, file)
    return () if inner is None else keep_part(call, inner, file)


def keep_part(node: ast.expr, part: ast.expr, file: str) -> Changes:
    """Take away what stands around a part of an expression, so that the part itself can change as well."""
    whole, kept = syntax.span_of(node, file), syntax.span_of(part, file)
    text = written(part, file)
    left, right = ("", "") if _fits(node, whole, text) else ("(", ")")
    return (
        Change(Span(file, whole.line, whole.column, kept.line, kept.column), left),
        Change(Span(file, kept.end_line, kept.end_column, whole.end_line, whole.end_column), right),
    )


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


def as_float(node: ast.expr, file: str) -> Changes:
    """Write every whole number in a literal with a point: `3.0` for `3`, `[1.0, -2.0]` for `[1, -2]`."""
    if isinstance(node, ast.Constant) and type(node.value) is int:
        text = written(node, file)
        return (
            Change(syntax.span_of(node, file), f"{text}.0" if text.replace("_", "").isdecimal() else f"float({text})"),
        )
    inside: Sequence[ast.expr] = ()
    if isinstance(node, ast.List | ast.Tuple):
        inside = node.elts
    elif isinstance(node, ast.UnaryOp):
        inside = (node.operand,)
    return tuple(change for part in inside for change in as_float(part, file))


def block_of(statement: ast.stmt, file: str) -> list[ast.stmt]:
    """Return the statements of the block that a statement stands in, itself among them; empty if it is not found."""
    holders: list[ast.AST | None] = [*reversed(path_to(statement, file)), syntax.parse_file(file)]
    for holder in holders:
        for name in BLOCKS:
            block = getattr(holder, name, None)
            if isinstance(block, list) and statement in block:
                return block
    return []


def indent_of(statement: ast.stmt, file: str) -> str:
    """Return the white space before the line on which a statement starts."""
    line = next(iter(source_lines(file, first_line(statement), first_line(statement))), "")
    return line[: len(line) - len(line.lstrip())]


def first_line(statement: ast.stmt) -> int:
    """Return the line where a statement begins, its decorators included."""
    decorators: list[ast.expr] = getattr(statement, "decorator_list", [])
    return min([statement.lineno, *(d.lineno for d in decorators)])


def _starts_its_line(statement: ast.stmt, file: str) -> bool:
    span = syntax.span_of(statement, file)
    return not span.source_line[: span.column - 1].strip()


def _ends_its_line(statement: ast.stmt, file: str) -> bool:
    span = syntax.span_of(statement, file)
    rest = next(iter(source_lines(file, span.end_line, span.end_line)), "")[span.end_column - 1 :]
    return not rest.strip() or rest.lstrip().startswith("#")


def insert_before(statement: ast.stmt, file: str, *code: str) -> Changes:
    """Put statements before another one: on lines of their own, or on its line where it shares that with others."""
    if not _starts_its_line(statement, file):
        if not all(_fits_in_a_line(text) for text in code):
            return ()
        span = syntax.span_of(statement, file)
        return (insertion(file, span.line, span.column, "; ".join(code) + "; "),)
    indent = indent_of(statement, file)
    lines = [line for text in code for line in text.split("\n")]
    first = first_line(statement)
    if first == 1:
        return (insertion(file, first, len(indent) + 1, "".join(f"{line}\n{indent}" for line in lines)),)
    above = next(iter(source_lines(file, first - 1, first - 1)), "")
    return (insertion(file, first - 1, len(above) + 1, "".join(f"\n{indent}{line}" for line in lines)),)


def insert_after(statement: ast.stmt, file: str, *code: str) -> Changes:
    """Put statements after another one, in the same block."""
    span = syntax.span_of(statement, file)
    alone = _starts_its_line(statement, file) or not _is_simple(statement)
    if not (alone and _ends_its_line(statement, file)):
        if not all(_fits_in_a_line(text) for text in code) or not _is_simple(statement):
            return ()
        return (insertion(file, span.end_line, span.end_column, "".join(f"; {text}" for text in code)),)
    indent = indent_of(statement, file)
    last = next(iter(source_lines(file, span.end_line, span.end_line)), "")
    lines = [line for text in code for line in text.split("\n")]
    return (insertion(file, span.end_line, len(last) + 1, "".join(f"\n{indent}{line}" for line in lines)),)


def _fits_in_a_line(text: str) -> bool:
    """Whether statements may stand behind a semicolon: they have no block, and no comment behind them."""
    try:
        return "\n" not in text and "#" not in text and all(_is_simple(s) for s in ast.parse(text).body)
    except SyntaxError:
        return False


def _is_simple(statement: ast.stmt) -> bool:
    return not isinstance(getattr(statement, "body", None), list)


def remove(statement: ast.stmt, file: str) -> Changes:
    """Take a statement away, its whole line where it stands alone; `pass` stays where a block would be empty."""
    span = syntax.span_of(statement, file)
    if block_of(statement, file) == [statement]:
        return (Change(span, "pass"),)
    if _starts_its_line(statement, file) and _ends_its_line(statement, file):
        return (Change(Span(file, first_line(statement), 1, span.end_line + 1, 1), ""),)
    line = next(iter(source_lines(file, span.end_line, span.end_line)), "")
    rest = line[span.end_column - 1 :]
    after = len(rest) - len(rest.lstrip("; \t")) if rest.lstrip().startswith(";") else 0
    if after and rest[after:]:
        return (Change(Span(file, span.line, span.column, span.end_line, span.end_column + after), ""),)
    before = span.source_line[: span.column - 1]
    kept = len(before.rstrip().removesuffix(";").rstrip()) if before.rstrip().endswith(";") else span.column - 1
    return (Change(Span(file, span.line, kept + 1, span.end_line, span.end_column + after), ""),)


def replace_statement(statement: ast.stmt, file: str, text: str) -> Changes:
    """Put a text in the place of a statement."""
    return (Change(syntax.span_of(statement, file), text),)


def lines_of(statement: ast.stmt, file: str) -> str | None:
    """Return the text of a statement for another indentation, its comment included; None where it cannot be moved."""
    if not (_starts_its_line(statement, file) and _ends_its_line(statement, file)):
        return written(statement, file) if _is_simple(statement) else None
    indent = indent_of(statement, file)
    lines = source_lines(file, first_line(statement), statement.end_lineno or statement.lineno)
    if block_of(statement, file) == [statement]:  # `pass` stays in its place, and so does the comment
        lines[-1] = lines[-1][: syntax.span_of(statement, file).end_column - 1]
    inside_text = _lines_inside_strings(lines)
    moved = []
    for k, line in enumerate(lines):
        if k in inside_text:
            return None  # white space in a text over several lines is part of its value
        moved.append(line.removeprefix(indent))
    return "\n".join(moved)


def move_before(statements: Sequence[ast.stmt], place: ast.stmt, file: str) -> Changes:
    """Move statements, in their order, before another one."""
    texts = [lines_of(s, file) for s in statements]
    if any(text is None for text in texts):
        return ()
    came = insert_before(place, file, *(text for text in texts if text is not None))
    return (*(change for s in statements for change in remove(s, file)), *came) if came else ()


def move_after(statements: Sequence[ast.stmt], place: ast.stmt, file: str) -> Changes:
    """Move statements, in their order, after another one."""
    texts = [lines_of(s, file) for s in statements]
    if any(text is None for text in texts):
        return ()
    came = insert_after(place, file, *(text for text in texts if text is not None))
    return (*(change for s in statements for change in remove(s, file)), *came) if came else ()


def unwrap_block(statement: ast.With | ast.If, file: str) -> Changes:
    """Take a `with`, or a branch, away and move its body out of it."""
    texts = [lines_of(s, file) for s in statement.body]
    if any(text is None for text in texts):
        return ()
    indent = indent_of(statement, file)
    lines = [line for text in texts if text is not None for line in text.split("\n")]
    new = "\n".join(f"{indent}{line}" if k else line for k, line in enumerate(lines))
    return (Change(syntax.span_of(statement, file), new),)


def drop_decorator(decorator: ast.expr, file: str) -> Changes:
    """Take a decorator away, with its line."""
    span = syntax.span_of(decorator, file)
    return (Change(Span(file, span.line, 1, span.end_line + 1, 1), ""),)


def add_import(file: str, statement: str) -> Changes:
    """Put an import below the last import at the top of a file."""
    tree = syntax.parse_file(file)
    if tree is None or not tree.body:
        return ()
    head = 0
    while head < len(tree.body) and (
        isinstance(tree.body[head], ast.Import | ast.ImportFrom) or (head == 0 and _is_text(tree.body[0]))
    ):
        head += 1
    if head:
        return insert_after(tree.body[head - 1], file, statement)
    return insert_before(tree.body[0], file, statement)


def _is_text(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Constant)
        and isinstance(statement.value.value, str)
    )


def _tokens(text: str) -> list[tokenize.TokenInfo]:
    """Return what an expression is written with, without comments and line ends."""
    skipped = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.ENDMARKER, tokenize.INDENT, tokenize.DEDENT}
    try:
        return [t for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type not in skipped]
    except (tokenize.TokenError, SyntaxError):
        return []


def _at(span: Span, place: tuple[int, int]) -> tuple[int, int]:
    """Turn a place in the text of a span (line from 1, column from 0) into one in the file."""
    line, column = place
    return (span.line, span.column + column) if line == 1 else (span.line + line - 1, column + 1)


def _depth(tokens: Sequence[tokenize.TokenInfo]) -> int:
    return sum((t.string in {"(", "[", "{"}) - (t.string in {")", "]", "}"}) for t in tokens)


def _lines_inside_strings(lines: Sequence[str]) -> set[int]:
    """Return which lines begin inside a text that began on an earlier line."""
    found: set[int] = set()
    indent = lines[0][: len(lines[0]) - len(lines[0].lstrip())] if lines else ""
    text = "".join(line.removeprefix(indent) + "\n" for line in lines)
    began: list[int] = []
    try:
        for token in tokenize.generate_tokens(io.StringIO(text).readline):
            name = tokenize.tok_name[token.type]
            if name == "STRING":
                found.update(range(token.start[0], token.end[0]))
            elif name.endswith("STRING_START"):
                began.append(token.start[0])
            elif name.endswith("STRING_END"):
                found.update(range(began.pop(), token.end[0]))
    except (tokenize.TokenError, SyntaxError):
        return set(range(len(lines)))
    return found
