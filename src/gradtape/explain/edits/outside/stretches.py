"""Edits where tensors of TensorFlow's leave and come back: what is plain between is a function with differences."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts
from gradtape.explain.edits.outside import callbacks, foreign, remaining, to_tensorflow
from gradtape.explain.edits.outside.conversions import is_conversion, worked_on
from gradtape.explain.edits.outside.lists import EMPTY
from gradtape.explain.edits.pen import function_name

if TYPE_CHECKING:
    from gradtape.diagnostics import Span
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

MOST = 12
"""How many statements a stretch may have."""

WHOLE = ("uint8", "int32", "int64", "astype(int)")
"""What is in the text of a stretch that rounds."""


def differentiated(case: Case) -> Changes:
    """Give what a value goes through, from where it leaves to where it comes back, a derivative by differences."""
    return _stretch(case) or _call(case)


def _stretch(case: Case) -> Changes:
    """Put the statements, or the expression, that a value goes through into a function with a derivative."""
    start, pen, file = case.statement, case.pen, case.file
    entry = _entry(case)
    if pen.dialect != "tensorflow" or start is None or entry is None or hasattr(start, "body"):
        return ()
    end = syntax.statement_at(entry)
    around = builders.block_of(start, file)
    if end is None or end not in around or around.index(end) < around.index(start):
        return ()
    chain = _chain(around[around.index(start) : around.index(end)])
    chain = _with_arrays(chain, around[: around.index(end)], file)
    stored = {name for s in chain for name in syntax.names_in(s, ast.Store)}
    result = _result(end, stored, entry, case)
    if not chain and around.index(end) > around.index(start):
        return ()
    if result is None or len(chain) > MOST or any(_is_bound_outside(s, stored) for s in chain):
        return ()
    given = _given([*chain, result], case)
    if not given or any(stored & _read(text) for text in given):
        return ()
    later = [n for s in around[around.index(end) :] for n in parts_of(s) if n not in set(ast.walk(result))]
    if any(syntax.text_of(n) in stored and isinstance(n, ast.Name) for n in later):
        return ()
    if not chain and is_conversion(result, file):
        return ()  # of which nothing is computed
    changes = _written(case, pen, chain, result, given)
    return () if remaining.is_plain_left(case, result, changes) else changes


def _call(case: Case) -> Changes:
    """Give the nearest call of a function of the file, in which a value leaves that it is given, a derivative."""
    pen, file = case.pen, case.file
    for span in remaining.frames(case) if pen.dialect == "tensorflow" else ():
        call = remaining.call_at(span, file)
        own = remaining.own_function(call, file) if call is not None and file == span.file else None
        if call is None or own is None or not _gives_one(own) or not is_closed(own, file):
            continue
        given = remaining.lost_arguments(case, call, own)
        if not given or _is_unpacked(call, file):
            continue
        changes = _called(pen, call, own, given, file)
        if changes and not remaining.is_plain_left(case, call, changes):
            return changes
    return ()


def _called(pen: Pen, call: ast.Call, own: ast.FunctionDef, given: list[ast.expr], file: str) -> Changes:
    """Call a function of the file with a derivative by differences in some of its arguments."""
    plain: list[str] = []
    for node in given:
        word = syntax.text_of(node).rpartition(".")[2]
        name = scopes.free_name(file, f"plain_{word}" if word.isidentifier() else f"plain_{len(plain)}")
        plain.append(name if name not in plain else f"{name}_{len(plain)}")
    tensors = [pen.say("tf.constant({x})", x=name) for name in plain]
    inside = tuple(Change(syntax.span_of(n, file), text) for n, text in zip(given, tensors, strict=True))
    text = builders.with_changes(call, file, inside)
    array = pen.say('np.asarray({x}, "float32")', x=text)
    helper, called = callbacks.helper(pen, file)
    more = f", reach={callbacks.REACH}" if to_tensorflow.has_steps(own, file) else ""
    handed = ", ".join(builders.written(node, file) for node in given)
    dtype = pen.say("tf.float32")
    new = f"{called}(lambda {', '.join(plain)}: {array}, [{handed}], {dtype}{more})"
    return (*builders.replace(call, file, new), *helper, *pen.imports)


def _gives_one(own: ast.FunctionDef) -> bool:
    """Whether a function gives one value, and not several."""
    ends = [n.value for n in syntax.walk_scope(own) if isinstance(n, ast.Return)]
    return bool(ends) and not any(value is None or isinstance(value, ast.Tuple | ast.Dict) for value in ends)


def _is_unpacked(call: ast.Call, file: str) -> bool:
    outer = builders.parent_of(call, file)
    return isinstance(outer, ast.Starred) or (
        isinstance(outer, ast.Assign) and isinstance(outer.targets[0], ast.Tuple | ast.List)
    )


DRAWING = ("random", "rng", "shuffle")
"""What is in the names of what draws anew in every call."""


def is_closed(own: ast.FunctionDef, file: str) -> bool:
    """Whether a function, with those that it calls, computes the same of the same arguments, and from nothing else.

    It draws nothing, changes nothing outside, and reads no variables nor layers.
    """
    return not any(
        _reaches_out(n, file) for function in to_tensorflow.called(own, file, []) for n in ast.walk(function)
    )


def _reaches_out(node: ast.AST, file: str) -> bool:
    if isinstance(node, ast.Global | ast.Nonlocal):
        return True
    if not isinstance(node, ast.Name | ast.Attribute):
        return False
    text = syntax.text_of(node)
    if isinstance(node.ctx, ast.Store):
        function = syntax.function_at(syntax.span_of(node, file))
        return "." in text and getattr(function, "name", "") != "__init__"
    if any(word in text for word in DRAWING):
        return True
    made = [
        foreign.maker(v, file) or syntax.text_of(v) for v in syntax.values_given_to(text, syntax.span_of(node, file))
    ]
    return any(name.startswith(LEARNED) or "add_weight" in name for name in made)


LEARNED = ("keras.", "tensorflow.keras.", "tensorflow.Variable", "tensorflow.Module")
"""How the names begin of what makes variables and layers."""


def into_foreign(case: Case) -> bool:
    """Whether what left is stored in an object of a library that computes with plain numbers: a column of a frame."""
    statement = case.statement
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    places = [t.value for t in targets if isinstance(t, ast.Subscript | ast.Attribute)]
    made = [v for place in places for v in syntax.values_given_to(syntax.text_of(place), case.at)]
    makers = {foreign.maker(value, case.file).partition(".")[0] for value in made}
    return bool(makers) and makers <= foreign.OF_NUMBERS - {"numpy"}


def _entry(case: Case) -> Span | None:
    """Return where the route comes back: the first operation behind the place that stands behind it in the function."""
    seen = False
    for link in case.route:
        seen = seen or bool(link.breaks)
        span = link.operation.site.span
        spans = [span, *(site.span for site in link.operation.callers)]
        here = next(
            (s for s in spans if s.file == case.file and syntax.function_at(s) is syntax.function_at(case.at)), None
        )
        if seen and not link.breaks and here is not None:
            return here
    return None


def _chain(statements: list[ast.stmt]) -> list[ast.stmt]:
    """Return the first statement and those that compute with what it makes."""
    found, names = statements[:1], set[str]()
    for statement in statements:
        if statement in found or names & syntax.names_in(statement, ast.Load):
            found += [statement] if statement not in found else []
            names |= syntax.names_in(statement, ast.Store)
            names |= {_written_into(n) for n in ast.walk(statement)} - {""}
    return found


def _with_arrays(chain: list[ast.stmt], before: list[ast.stmt], file: str) -> list[ast.stmt]:
    """Return a chain with the statements that make the arrays which it writes into; none where one is not found."""
    stored = {name for s in chain for name in syntax.names_in(s, ast.Store)}
    missing = {_written_into(n) for s in chain for n in ast.walk(s)} - stored - {""}
    made = {
        syntax.text_of(s.targets[0]): s
        for s in before
        if isinstance(s, ast.Assign) and isinstance(s.value, ast.Call) and function_name(s.value.func, file) in EMPTY
    }
    if not missing <= made.keys():
        return []
    return [s for s in before if s in chain or any(s is made[name] for name in missing)]


def _written_into(node: ast.AST) -> str:
    """Return the array that a place which is written to belongs to; empty for all else."""
    if not isinstance(node, ast.Subscript) or not isinstance(node.ctx, ast.Store):
        return ""
    return syntax.text_of(node.value)


def _is_bound_outside(statement: ast.stmt, stored: set[str]) -> bool:
    """Whether a statement changes a name that is not made in the stretch."""
    own = isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name)
    leaves = any(
        isinstance(n, ast.Return | ast.Break | ast.Continue | ast.Yield | ast.Await) for n in ast.walk(statement)
    )
    return own or leaves or any("." in name for name in stored)


def _result(end: ast.stmt, stored: set[str], entry: Span, case: Case) -> ast.expr | None:
    """Return the plain expression that it ends with: `frame.values` of `tf.constant(frame.values)`."""
    inside: list[ast.expr] = [n for n in parts_of(end) if isinstance(n, ast.Name) and n.id in stored]
    exits = [event.site.span for event in case.context.run.left if event.site.span.file == case.file]
    if not stored:
        inside = [n for n in parts_of(end) if syntax.span_of(n, case.file) in exits]
    found = list(dict.fromkeys(_outermost(n, entry, case.file) for n in inside))
    return found[0] if len(found) == 1 else None


def _outermost(node: ast.expr, entry: Span, file: str) -> ast.expr:
    """Go out from an expression as long as nothing of TensorFlow's is called, nor computed with others."""
    whole = node
    for outer in reversed(builders.path_to(node, file)):
        if not isinstance(outer, ast.expr) or isinstance(outer, ast.BinOp | ast.Compare):
            break
        if entry == syntax.span_of(outer, file) or (isinstance(outer, ast.Call) and not _is_plain(outer, file)):
            break
        whole = outer
    return whole


def _is_plain(call: ast.Call, file: str) -> bool:
    """Whether a call goes to a method of what is plain, or to a function of NumPy's or another library's."""
    full = scopes.stands_for(call.func, file) or ""
    if full:
        return not full.startswith(("tensorflow", "keras", "gradtape"))
    own = remaining.own_function(call, file)
    if own is not None:
        return is_closed(own, file)
    return isinstance(call.func, ast.Attribute) and not syntax.text_of(call.func).startswith(("tf.", "keras."))


def _given(nodes: list[ast.stmt | ast.expr], case: Case) -> dict[str, list[ast.expr]]:
    """Return the tensors that leave in a stretch, by name, with the expressions that are to be plain there."""
    exits = {event.site.span for event in case.context.run.left}
    found: dict[str, list[ast.expr]] = {}
    for node in (n for root in nodes for n in ast.walk(root) if isinstance(n, ast.expr)):
        inner = worked_on(node, case.file) if is_conversion(node, case.file) else None
        left = syntax.span_of(node, case.file) in exits
        if left and inner is None:
            inner = _tensor_in(node)
        if inner is not None and (left or isinstance(inner, ast.Name | ast.Attribute)):
            whole = node if is_conversion(node, case.file) else inner
            found.setdefault(builders.written(inner, case.file), []).append(whole)
    return found


def _read(text: str) -> set[str]:
    """Return the names that an expression reads."""
    return {n.id for n in ast.walk(ast.parse(text, mode="eval")) if isinstance(n, ast.Name)}


def _tensor_in(node: ast.expr) -> ast.expr | None:
    """Return the one argument that a plain function takes a tensor by."""
    names = [n for n in getattr(node, "args", ()) if isinstance(n, ast.Name | ast.Attribute)]
    return names[0] if len(names) == 1 else None


def _written(
    case: Case, pen: Pen, chain: list[ast.stmt], result: ast.expr, given: dict[str, list[ast.expr]]
) -> Changes:
    """Write the function before the statement that takes its result, and call it there."""
    file = case.file
    last_names = {text: text.rpartition(".")[2] for text in given}
    words = {text: name if name.isidentifier() else f"value_{k}" for k, (text, name) in enumerate(last_names.items())}
    plain = {text: scopes.free_name(file, f"plain_{word}") for text, word in words.items()}
    texts = []
    for statement in chain:
        text = builders.lines_of(statement, file)
        if text is None:
            return ()
        texts.append(_with_plain(text, statement, given, plain, file))
    value = _with_plain(builders.written(result, file), result, given, plain, file)
    array = pen.say('np.asarray({x}, "float32")', x=value)
    whole = "\n".join([*texts, value])
    steps = any(word in whole for word in WHOLE) or any(to_tensorflow.has_steps(s, file) for s in [*chain, result])
    helper, called = callbacks.helper(pen, file)
    tensors = ", ".join(given)
    more = f", reach={callbacks.REACH}" if steps else ""
    call = pen.say("{f}({g}, [{x}], tf.float32{m})", f=called, g="{function}", x=tensors, m=more)
    if not chain:
        function = f"lambda {', '.join(plain.values())}: {array}"
        return (*builders.replace(result, file, call.replace("{function}", function)), *helper, *pen.imports)
    name = scopes.free_name(file, "computed_plainly")
    last, indent = chain[-1], builders.indent_of(chain[-1], file)
    body = [f"    {line}" for text in [*texts, f"return {array}"] for line in text.split("\n")]
    lines = [f"def {name}({', '.join(plain.values())}):", *body]
    return (
        *(c for s in chain[:-1] for c in builders.remove(s, file)),
        *builders.replace_statement(last, file, f"\n{indent}".join(lines)),
        *builders.replace(result, file, call.replace("{function}", name)),
        *helper,
        *pen.imports,
    )


def _with_plain(text: str, node: ast.AST, given: dict[str, list[ast.expr]], plain: dict[str, str], file: str) -> str:
    """Write code with other names for what leaves in it."""
    for name, places in given.items():
        inside = [n for n in places if any(n is part for part in ast.walk(node))]
        for whole in sorted((builders.written(n, file) for n in inside), key=len, reverse=True):
            text = text.replace(whole, plain[name])
    return text


def parts_of(statement: ast.stmt) -> list[ast.expr]:
    """Return the expressions of a statement, without those of statements in it."""
    return [n for child in ast.iter_child_nodes(statement) for n in parts(child)]
