"""Edits where a value decides which way a program goes: both sides are computed, and one is chosen by the value."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, parts, statements_of
from gradtape.explain.edits.outside import static
from gradtape.explain.edits.smooth.soft import smooth
from gradtape.explain.edits.tracing import loops, picked, sized

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen


def chosen_by_where(case: Case, *, softly: bool = False) -> Suggestion | None:
    """Choose between two values by `where`, which a traced value can do, instead of by `if`; `softly` by a weight."""
    statement, file, pen = case.statement, case.file, case.pen
    if pen.dialect == "jax" and case.context.question.failure is None:  # what `where` chooses does not move with a test
        softly = True
        test = _test(case)
        if test is None or smooth(pen, test, file) is None:
            return None
    pen.softly = softly
    known = static.known_before(case) if pen.dialect == "jax" else ()
    if known:
        return builders.likely(*known)
    padded = sized.padded(case)
    if padded is not None:
        return padded
    constants = pen.dialect != "jax" and _between_constants(case)
    if constants:  # `where` would choose between them, and pass no gradient to what decides
        test = _test(case)
        pen.softly = test is not None and smooth(pen, test, file) is not None
        if not pen.softly:
            return None
    inside = _in_expression(case, pen)
    if inside:
        return (builders.sketch if constants else builders.likely)(*inside, *pen.imports)
    mended = loops.fixed_rounds(case)
    if mended is not None or not isinstance(statement, ast.If):
        return mended or _unchecked(case)
    block = builders.block_of(statement, file)
    follows = block[block.index(statement) + 1 :] if statement in block else []
    return (
        _returned_by_where(pen, statement, follows, file)
        or _assigned_by_where(pen, statement, file)
        or _by_cond(case, statement, follows)
        or _unchecked(case)
    )


def _test(case: Case) -> ast.expr | None:
    """Return what decides at the place, in an expression or in a statement."""
    choice = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.IfExp)), None)
    statement = choice or case.statement
    return statement.test if isinstance(statement, ast.IfExp | ast.If) else None


def _between_constants(case: Case) -> bool:
    """Whether an expression chooses between values that nothing was computed for."""
    choice = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.IfExp)), None)
    return choice is not None and not any(syntax.names_in(side, ast.Load) for side in (choice.body, choice.orelse))


# -- inside an expression ---------------------------------------------------------------------------------------------


def _in_expression(case: Case, pen: Pen) -> Changes:
    """Write `a if c else b`, `c and d`, `max(a, b)` and `x[x > 0]` with functions of arrays."""
    file = case.file
    around = [n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.expr)]
    choice = next((n for n in around if isinstance(n, ast.IfExp)), None)
    if choice is not None:
        yes, no = builders.written(choice.body, file), builders.written(choice.orelse, file)
        return builders.replace(choice, file, _choose(pen, choice.test, yes, no, file))
    if pen.dialect != "jax":
        return ()
    for node in around:
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS:
            beside = [n for n in parts(case.statement or node) if isinstance(n, ast.Call)]
            alike = [n for n in beside if isinstance(n.func, ast.Name) and n.func.id in BUILTINS]
            changes = tuple(c for n in alike for c in _called_on_arrays(pen, n, file))
            if changes:
                return tuple(c for c in changes if not any(o.span.contains(c.span) for o in changes if o is not c))
        if isinstance(node, ast.Subscript):
            return picked.kept(case.moved(syntax.span_of(node, file)))
    tests = [n for n in around if isinstance(n, ast.BoolOp | ast.Compare) or _is_not(n)]
    if tests and not isinstance(case.statement, ast.If | ast.While | ast.Assert):
        text = _whole(pen, tests[-1], file)
        return builders.replace(tests[-1], file, text) if text != builders.written(tests[-1], file) else ()
    return ()


BUILTINS = {"max": "maximum", "min": "minimum", "any": "any", "all": "all", "sorted": "sort"}
"""Functions of Python's that ask for truth values, and NumPy's that do not; of two values for the first two."""


def _called_on_arrays(pen: Pen, call: ast.Call, file: str) -> Changes:
    name, given = BUILTINS[call.func.id] if isinstance(call.func, ast.Name) else "", call.args
    if call.keywords or not given or any(isinstance(a, ast.Starred) for a in given):
        return ()
    texts = [_on_arrays(pen, a, file) for a in given]
    if len(texts) == 1:
        listed = isinstance(given[0], ast.List | ast.Tuple | ast.ListComp)
        whole = pen.say("jnp.array({x})", x=texts[0]) if listed else texts[0]
        return builders.replace(call, file, pen.say(f"jnp.{name.removesuffix('imum')}({{x}})", x=whole))
    if not name.endswith("imum") or all(isinstance(a, ast.Constant) for a in given):
        return ()
    while len(texts) > 1:
        texts = [*texts[:-2], pen.call(name, *texts[-2:])]
    return builders.replace(call, file, texts[0])


def _on_arrays(pen: Pen, node: ast.expr, file: str) -> str:
    """Write an argument of such a function, which may be a call of another one."""
    inside = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in BUILTINS
    changes = _called_on_arrays(pen, node, file) if isinstance(node, ast.Call) and inside else ()
    whole = [c.text for c in changes if c.span == syntax.span_of(node, file)]
    return whole[0] if whole else builders.written(node, file)


def _is_not(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


def _whole(pen: Pen, node: ast.expr, file: str) -> str:
    """Write a test so that an array can be asked: `(a > 0) & (b > 0)` for `a > 0 and b > 0`, and for `0 < a < 1`."""
    if pen.dialect != "jax":
        return builders.written(node, file)
    if isinstance(node, ast.BoolOp):
        sign = " & " if isinstance(node.op, ast.And) else " | "
        return sign.join(_bracketed(_whole(pen, value, file)) for value in node.values)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return pen.say("jnp.logical_not({x})", x=_whole(pen, node.operand, file))
    if isinstance(node, ast.Compare) and len(node.ops) > 1:
        texts = [builders.operand(n, file) for n in (node.left, *node.comparators)]
        pairs = zip(texts, node.ops, texts[1:], strict=False)
        return " & ".join(f"({a} {SIGNS[type(op)]} {b})" for a, op, b in pairs if type(op) in SIGNS)
    return builders.written(node, file)


def _bracketed(text: str) -> str:
    node = ast.parse(text, mode="eval").body
    return text if isinstance(node, ast.Name | ast.Call | ast.Attribute | ast.Constant) else f"({text})"


SIGNS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}


# -- statements -------------------------------------------------------------------------------------------------------


def _returned_by_where(pen: Pen, statement: ast.If, follows: Sequence[ast.stmt], file: str) -> Suggestion | None:
    """Write `return where(c, a, b)` for `if c: return a` with `return b` on the other side or behind it.

    Where the loop goes on instead, `z = next`, the name keeps its old value: `z = where(c, z, next)`.
    """
    value = _value_returned(pen, [statement, *follows], file)
    if value is not None:
        text, used = value
        gone = [c for s in used[1:] if s in follows for c in builders.remove(s, file)]
        return builders.likely(*builders.replace_statement(statement, file, f"return {text}"), *gone, *pen.imports)
    first, other = statement.body[0], follows[0] if follows and not statement.orelse else None
    if not isinstance(first, ast.Return) or first.value is None or len(statement.body) > 1:
        return None
    yes = builders.written(first.value, file)
    if not isinstance(other, ast.Assign) or syntax.text_of(other.targets[0]) != yes:
        return None
    text = _choose(pen, statement.test, yes, builders.written(other.value, file), file)
    changes = builders.replace_statement(statement, file, f"{yes} = {text}")
    return builders.likely(*changes, *builders.remove(other, file), *pen.imports)


def _value_returned(pen: Pen, block: Sequence[ast.stmt], file: str) -> tuple[str, list[ast.stmt]] | None:
    """Return the expression that a block of nothing but decisions and returns gives back, and its statements."""
    first = block[0] if block else None
    if isinstance(first, ast.Return) and first.value is not None and not isinstance(first.value, ast.Tuple):
        return builders.written(first.value, file), [first]
    if not isinstance(first, ast.If) or len(first.body) != 1:
        return None
    rest = [*first.orelse, *([] if _ends(first.orelse) else block[1:])]
    one, other = _value_returned(pen, first.body, file), _value_returned(pen, rest, file)
    if one is None or other is None:
        return None
    return _choose(pen, first.test, one[0], other[0], file), [first, *one[1], *other[1]]


def _assigned_by_where(pen: Pen, statement: ast.If, file: str) -> Suggestion | None:
    """Write `x = where(c, a, b)` for `if c: x = a` with `else: x = b`, or with the old value of `x`."""
    first = statement.body[0]
    target = first.targets[0] if isinstance(first, ast.Assign) else getattr(first, "target", None)
    name = syntax.text_of(target) if isinstance(target, ast.expr) else ""
    text = _value_assigned(pen, [statement], name, file) if name else None
    if text is None:
        return None
    return builders.likely(*builders.replace_statement(statement, file, f"{name} = {text}"), *pen.imports)


def _value_assigned(pen: Pen, block: Sequence[ast.stmt], name: str, file: str) -> str | None:
    """Return the value that a block of one statement gives to a name, its old one if there is no statement."""
    first = block[0] if block else None
    if first is None:
        return name
    if len(block) > 1:
        return None
    if isinstance(first, ast.Assign) and [syntax.text_of(t) for t in first.targets] == [name]:
        return builders.written(first.value, file)
    if isinstance(first, ast.AugAssign) and syntax.text_of(first.target) == name and type(first.op) in OPERATORS:
        return f"{name} {OPERATORS[type(first.op)]} {builders.operand(first.value, file)}"
    if not isinstance(first, ast.If):
        return None
    one, other = (_value_assigned(pen, side, name, file) for side in (first.body, first.orelse))
    if one is None or other is None:
        return None
    return _choose(pen, first.test, one, other, file)


def _choose(pen: Pen, test: ast.expr, yes: str, no: str, file: str) -> str:
    """Write the choice between two values.

    Softly it is their mean under a weight that moves with what is compared: by `where` the side that is not taken would
    get a gradient of zeros.
    """
    weight = smooth(pen, test, file) if pen.softly else None
    if weight is None:
        return pen.call("where", _whole(pen, test, file), yes, no)
    return f"{weight} * {_bracketed(yes)} + (1 - {weight}) * {_bracketed(no)}"


OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "+",
    ast.Sub: "-",
    ast.Mult: "*",
    ast.Div: "/",
    ast.MatMult: "@",
    ast.Pow: "**",
    ast.FloorDiv: "//",
    ast.Mod: "%",
}
"""The signs of Python's operations."""

LEAVES = ast.Break | ast.Continue | ast.Yield | ast.YieldFrom | ast.Raise | ast.Global | ast.Nonlocal | ast.Await
"""What cannot be moved into a function of its own."""


def _by_cond(case: Case, statement: ast.If, follows: Sequence[ast.stmt]) -> Suggestion | None:
    """Make a function of each side, and let `lax.cond` choose which one runs."""
    file, pen, scope = case.file, case.pen, case.function
    if pen.dialect != "jax" or scope is None:
        return None
    returns = isinstance(statement.body[-1], ast.Return)
    sides: list[Sequence[ast.stmt]] = [statement.body, statement.orelse]
    if returns:
        ends = [*statement.orelse, *([] if _ends(statement.orelse) else follows)]
        sides = [statement.body, ends]
    inside = [n for side in sides for s in side for n in ast.walk(s)]
    if any(isinstance(n, LEAVES) or (isinstance(n, ast.Return) and not returns) for n in inside):
        return None
    if any(isinstance(n, ast.Attribute | ast.Subscript) and isinstance(n.ctx, ast.Store) for n in inside):
        return None
    stored = [{name for s in side for name in syntax.names_in(s, ast.Store)} for side in sides]
    before = _known_before(scope, statement)
    given = sorted((stored[0] | stored[1]) & before)
    results = "" if returns else ", ".join(sorted((stored[0] & stored[1]) | set(given)))
    if (returns and not _ends(sides[1])) or not (returns or results):
        return None
    names = [scopes.free_name(file, name) for name in ("taken", "otherwise")]
    lines = [_function(name, given, side, results, file) for name, side in zip(names, sides, strict=True)]
    call = pen.say("jax.lax.cond({c})", c=", ".join([_whole(pen, statement.test, file), *names, *given]))
    if any(text is None for text in lines):
        return None
    last = f"return {call}" if returns else f"{results} = {call}"
    text = "\n".join([*(text for text in lines if text is not None), last])
    indented = text.replace("\n", f"\n{builders.indent_of(statement, file)}")
    gone = [c for s in sides[1] if s in follows for c in builders.remove(s, file)]
    return builders.likely(*builders.replace_statement(statement, file, indented), *gone, *pen.imports)


def _ends(block: Sequence[ast.stmt]) -> bool:
    """Whether a block surely ends with a `return`."""
    last = block[-1] if block else None
    if isinstance(last, ast.If):
        return _ends(last.body) and _ends(last.orelse)
    return isinstance(last, ast.Return)


def _known_before(scope: ast.AST, statement: ast.stmt) -> set[str]:
    """Return the names of a function that have a value before one of its statements."""
    own = getattr(scope, "args", None)
    given = {a.arg for a in ast.walk(own) if isinstance(a, ast.arg)} if own is not None else set()
    earlier = [s for s in statements_of(scope) if s.lineno < statement.lineno]
    return given | {name for s in earlier for name in syntax.names_in(s, ast.Store)}


def _function(name: str, given: list[str], body: Sequence[ast.stmt], results: str, file: str) -> str | None:
    texts = [builders.lines_of(s, file) for s in body]
    if any(text is None for text in texts):
        return None
    lines = [line for text in texts if text is not None for line in text.split("\n")]
    lines += [f"return {results}"] if results else []
    return "\n    ".join([f"def {name}({', '.join(given)}):", *lines])


def _unchecked(case: Case) -> Suggestion | None:
    """Leave out a check of traced numbers: an assertion, or an `if` that does nothing but raise."""
    statement = case.statement
    raises = isinstance(statement, ast.If) and [type(s) for s in statement.body] == [ast.Raise] and not statement.orelse
    if statement is None or not (raises or isinstance(statement, ast.Assert)):
        return None
    return builders.sketch(*builders.remove(statement, case.file))
