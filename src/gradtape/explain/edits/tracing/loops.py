"""Edits of loops that run until something is reached: a derivative needs a number of rounds that is known before."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, defined_in, parts, simple_name, statements_of

if TYPE_CHECKING:
    from gradtape.diagnostics import Suggestion
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

ROUNDS = "100"
"""How many rounds a sketch writes where the program names no limit."""


def fixed_rounds(case: Case) -> Suggestion | None:
    """Let a loop of Python's run a known number of rounds: what is traced decides no longer when it ends."""
    statement, file = case.statement, case.file
    if isinstance(statement, ast.While) and not statement.orelse:
        test = statement.test
        both = test.values if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And) else [test]
        known = [part for part in both if not syntax.span_of(part, file).contains(case.at)]
        if known and len(known) < len(both):
            return builders.sketch(
                *builders.replace(test, file, " and ".join(builders.written(k, file) for k in known))
            )
        if known:
            return None
        whole, header = syntax.span_of(statement, file), syntax.span_of(test, file)
        until = Span(file, whole.line, whole.column, header.end_line, header.end_column)
        compiled = _as_loop_of_jax(case, statement)
        if compiled:
            return builders.sketch(*compiled)
        kept = _as_it_was_at_the_end(case, statement)
        return builders.sketch(Change(until, f"for _ in range({ROUNDS})"), *kept)
    ends = isinstance(statement, ast.If) and [type(s) for s in statement.body] == [ast.Break] and not statement.orelse
    around = builders.parent_of(statement, file) if ends and statement is not None else None
    if statement is not None and isinstance(around, ast.For):
        return builders.sketch(*builders.remove(statement, file))
    return None


def _as_loop_of_jax(case: Case, loop: ast.While) -> Changes:
    """Make a loop of JAX's of a loop whose body gives values to names: it is compiled once, not once per round."""
    file, pen, scope = case.file, case.pen, case.function
    if pen.dialect != "jax" or scope is None or not all(_gives_names(s) for s in loop.body):
        return ()
    stored = {name for s in loop.body for name in syntax.names_in(s, ast.Store)}
    carried = sorted(stored & _known_before(scope, loop))
    own, end = stored - set(carried), loop.end_lineno or loop.lineno
    tested = set(parts(loop.test))
    later = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.Name) and (n.lineno > end or n in tested)]
    texts = [builders.lines_of(s, file) for s in loop.body]
    if not carried or any(n.id in own for n in later) or any(text is None for text in texts):
        return ()
    if any(_changes_kind(scope, loop, name) for name in carried):
        return ()
    listed = ", ".join(carried)
    taken, opened = ("carry", [f"    {listed} = carry"]) if len(carried) > 1 else (listed, [])
    given = f"({listed})" if len(carried) > 1 else listed
    going, step = scopes.free_name(file, "going"), scopes.free_name(file, "step")
    lines = [f"def {going}({taken}):", *opened, f"    return {builders.written(loop.test, file)}", ""]
    lines += [f"def {step}({taken}):", *opened]
    lines += [f"    {line}" for text in texts if text is not None for line in text.split("\n")]
    lines += [f"    return {listed}", ""]
    round = f"lambda _, s: jax.lax.cond({going}(s), {step}, lambda s: s, s)"
    lines.append(pen.say(f"{listed} = jax.lax.fori_loop(0, {ROUNDS}, {round}, {given})"))
    indent = builders.indent_of(loop, file)
    text = "\n".join(f"{indent}{line}" if line and k else line for k, line in enumerate(lines))
    return (*builders.replace_statement(loop, file, text), *pen.imports)


def _gives_names(statement: ast.stmt) -> bool:
    """Whether a statement gives values to names, and does nothing else."""
    targets = statement.targets if isinstance(statement, ast.Assign) else [getattr(statement, "target", None)]
    named = [t.elts if isinstance(t, ast.Tuple) else [t] for t in targets]
    return isinstance(statement, ast.Assign | ast.AugAssign) and all(isinstance(t, ast.Name) for n in named for t in n)


def _changes_kind(scope: ast.AST, loop: ast.While, name: str) -> bool:
    """Whether a name may start as a whole number and become another one: what JAX's loops carry keeps its dtype."""
    start = assigned_before(scope, name, loop.lineno) or _given_among(scope, name, loop.lineno)
    given = name in {a.arg for a in ast.walk(getattr(scope, "args", scope)) if isinstance(a, ast.arg)}
    if (start is None and given) or (start is not None and not _is_whole(start)):
        return False
    changes = [s for s in loop.body if name in syntax.names_in(s, ast.Store)]
    return not all(isinstance(s, ast.AugAssign) and _is_whole(s.value) for s in changes)


def _given_among(scope: ast.AST, name: str, line: int) -> ast.expr | None:
    """Return the value that a name gets last before a line, where several do at once: `x, n = a, 0`."""
    last = [s for s in statements_of(scope) if s.lineno < line and name in syntax.names_in(s, ast.Store)][-1:]
    for statement in (s for s in last if isinstance(s, ast.Assign)):
        names, values = statement.targets[0], statement.value
        if isinstance(names, ast.Tuple) and isinstance(values, ast.Tuple) and len(names.elts) == len(values.elts):
            return next(v for t, v in zip(names.elts, values.elts, strict=True) if syntax.text_of(t) == name)
    return None


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _known_before(scope: ast.AST, loop: ast.While) -> set[str]:
    """Return the names that have a value in a function before one of its loops."""
    before = {n for s in statements_of(scope) if s.lineno < loop.lineno for n in syntax.names_in(s, ast.Store)}
    return before | {a.arg for a in ast.walk(getattr(scope, "args", scope)) if isinstance(a, ast.arg)}


def _as_it_was_at_the_end(case: Case, loop: ast.While) -> Changes:
    """Let the rounds after the loop's end change nothing: a step that is halved would be nothing after all of them."""
    pen, file, scope = case.pen, case.file, case.function
    if pen.dialect != "jax" or scope is None:
        return ()
    before = _known_before(scope, loop)
    changed = {n for s in loop.body for n in syntax.names_in(s, ast.Store) if n.isidentifier()} & before
    if not changed or any(isinstance(n, ast.Break | ast.Continue | ast.Return) for s in loop.body for n in ast.walk(s)):
        return ()
    names, going, was = sorted(changed), scopes.free_name(file, "going"), scopes.free_name(file, "was")
    listed = ", ".join(names) + ("," if len(names) == 1 else "")
    each = pen.say("jnp.where({going}, new, old)", going=going)
    return (
        *builders.insert_before(
            loop.body[0], file, f"{going} = {builders.written(loop.test, file)}", f"{was} = ({listed})"
        ),
        *builders.insert_after(loop.body[-1], file, f"{listed} = ({each} for new, old in zip(({listed}), {was}))"),
        *pen.imports,
    )


def counted(case: Case, call: ast.Call) -> Suggestion | None:
    """Run `lax.while_loop` a fixed number of rounds, of which those after its end change nothing."""
    if len(call.args) != 3 or call.keywords or not isinstance(call.func, ast.Attribute | ast.Name):
        return None
    file, name = case.file, builders.written(call.func, case.file)
    test, body = (builders.operand(argument, file) for argument in call.args[:2])
    start = builders.written(call.args[2], file)
    round = f"lambda _, s: {_module(name)}cond({test}(s), {body}, lambda s: s, s)"
    limit = _limit(case, call.args[0]) or ROUNDS
    text = f"{_module(name)}fori_loop(0, {limit}, {round}, {start})"
    return builders.sketch(*builders.replace(call, file, text)) if _module(name) else None


def counted_to_most(case: Case, call: ast.Call) -> Suggestion | None:
    """Run `lax.fori_loop` to a fixed bound, where its own is only known when it runs."""
    if len(call.args) != 4 or call.keywords:
        return None
    file, name = case.file, builders.written(call.func, case.file)
    first, last, body = (builders.operand(argument, file) for argument in call.args[:3])
    start = builders.written(call.args[3], file)
    inside = f"({first} <= i) & (i < {last})" if first != "0" else f"i < {last}"
    round = f"lambda i, s: {_module(name)}cond({inside}, lambda s: {body}(i, s), lambda s: s, s)"
    text = f"{_module(name)}fori_loop(0, {ROUNDS}, {round}, {start})"
    return builders.sketch(*builders.replace(call, file, text)) if _module(name) else None


def _module(name: str) -> str:
    """Return what stands before the last part of a name, with its dot."""
    head, dot, _ = name.rpartition(".")
    return head + dot


def _limit(case: Case, test: ast.expr) -> str:
    """Return the bound of a counter that the test of a loop compares, as it can be written outside of the test."""
    function = defined_in(case.file, ast.Call(func=test, args=[], keywords=[]))
    inside = function if function is not None else test if isinstance(test, ast.Lambda) else None
    if inside is None:
        return ""
    own = {a.arg for a in inside.args.args} | syntax.names_in(inside, ast.Store)
    for part in (p for child in ast.iter_child_nodes(inside) for p in parts(child)):
        if not isinstance(part, ast.Compare) or len(part.ops) != 1 or not isinstance(part.ops[0], ast.Lt | ast.LtE):
            continue
        bound, counter = part.comparators[0], part.left
        literal = isinstance(bound, ast.Constant) and type(bound.value) is int
        outer = isinstance(bound, ast.Name) and bound.id not in own and isinstance(counter, ast.Name | ast.Subscript)
        if literal or outer:
            return syntax.text_of(bound)
    return ""


def stacked_by_scan(case: Case) -> Changes:
    """Return what the body of a `lax.scan` appends to a list beside its carry: the scan stacks it."""
    statement, body, file = case.statement, case.function, case.file
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(body, ast.FunctionDef) or len(call.args) != 1:
        return ()
    held = call.func.value if isinstance(call.func, ast.Attribute) and call.func.attr == "append" else None
    returned = body.body[-1]
    pair = returned.value if isinstance(returned, ast.Return) else None
    outer = next((n for n in reversed(builders.path_to(body, file)) if isinstance(n, ast.FunctionDef)), None)
    empty = isinstance(pair, ast.Tuple) and len(pair.elts) == 2 and getattr(pair.elts[1], "value", 0) is None
    if not isinstance(held, ast.Name) or not isinstance(pair, ast.Tuple) or not empty or outer is None:
        return ()
    scans = [s for s in outer.body if isinstance(getattr(s, "value", None), ast.Call) and _scans(s, body.name)]
    if len(scans) != 1 or statement is None:
        return ()
    target = scans[0].targets[0] if isinstance(scans[0], ast.Assign) else None
    if target is None:
        start = syntax.span_of(scans[0], file)
        taken: Changes = (insertion(file, start.line, start.column, f"_, {held.id} = "),)
    elif isinstance(target, ast.Tuple) and len(target.elts) == 2:
        taken = builders.replace(target.elts[1], file, held.id)
    else:
        return ()
    value = builders.written(call.args[0], file)
    return (*builders.remove(statement, file), *builders.replace(pair.elts[1], file, value), *taken)


def _scans(statement: ast.stmt, name: str) -> bool:
    """Whether a statement runs `lax.scan` with a function of that name."""
    call = getattr(statement, "value", None)
    given = call.args[0] if isinstance(call, ast.Call) and call.args else None
    scans = isinstance(call, ast.Call) and simple_name(call) == "scan"
    return scans and isinstance(given, ast.Name) and given.id == name
