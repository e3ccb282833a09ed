"""Edits of how functions get at values: an argument handed on to where it is read, a result without its company."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain import earlier
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics import Suggestion
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

MOST = 10
"""Through how many functions an argument is handed on."""


def handed_on(case: Case, text: str, name: str) -> Changes:
    """Give the function that reads `text` from outside a parameter `name`, and hand it on from where it is known.

    Parameters
    ----------
    case : Case
        Its place is in the function that reads.
    text : str
        What is read: a name, or an attribute of the method's own object.
    name : str
        The parameter, as the function that was differentiated calls it.
    """
    reader, file, tree = case.function, case.file, syntax.parse_file(case.file)
    if not isinstance(reader, ast.FunctionDef) or tree is None or name in syntax.names_in(reader, ast.Store):
        return ()
    knowing = _called_from(case.context.question.target_name, file)
    given = _left_out(reader, text, name, case, knowing)
    if given or name in {a.arg for a in reader.args.kwonlyargs}:
        return given
    changes: list[Change] = [c for n in syntax.mentions(reader, text) for c in builders.replace(n, file, name)]
    waiting, done = [reader], set[str]()
    while waiting and len(done) < MOST:
        function = waiting.pop()
        if function.name in done or name in syntax.parameter_names(function):
            continue
        done.add(function.name)
        calls = _all_calls(function, tree)
        if not calls:
            return ()  # it is handed about itself
        changes.append(_first_parameter(function, file, name))
        for call in calls:
            around = syntax.function_at(syntax.span_of(call, file))
            inside = isinstance(around, ast.FunctionDef) and around.name in knowing
            changes.append(_first_argument(call, file, name if inside else _seen_from(call, text, file)))
            if isinstance(around, ast.FunctionDef) and inside:
                waiting.append(around)
    return tuple(changes) if not waiting else ()


def _left_out(reader: ast.FunctionDef, text: str, name: str, case: Case, knowing: set[str]) -> Changes:
    """Give the argument whose default is what is read: `self.params if params is None else params`."""
    file, tree = case.file, syntax.parse_file(case.file)
    choices = [
        (
            syntax.names_in(part.test, ast.Load)
            if isinstance(part, ast.If | ast.IfExp)
            else {syntax.text_of(part.values[0])}
        )
        for part in ast.walk(reader)
        if isinstance(part, ast.If | ast.IfExp | ast.BoolOp) and syntax.mentions(part, text)
    ]
    own = [*syntax.parameter_names(reader), *(a.arg for a in reader.args.kwonlyargs)]
    names = [n for n in own if any(n in choice for choice in choices)]
    if tree is None or len(names) != 1:
        return ()
    place = own.index(names[0])
    changes: list[Change] = []
    for call in _all_calls(reader, tree):
        around = syntax.function_at(syntax.span_of(call, file))
        if not isinstance(around, ast.FunctionDef) or around.name not in knowing:
            continue
        if builders.argument(call, place, names[0]) is None:
            if name not in syntax.parameter_names(around):
                return ()
            changes += builders.add_argument(call, file, f"{names[0]}={name}")
    return tuple(changes)


def listed_instead(case: Case) -> Changes:
    """Read `self.params[0]` for `self.w`, where an object's list of its parameters is what a method of it fills."""
    holder = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.ClassDef)), None)
    reader = case.function
    if holder is None or not isinstance(reader, ast.FunctionDef) or reader.name == "__init__":
        return ()
    assigned = [n for n in ast.walk(holder) if isinstance(n, ast.Assign) and len(n.targets) == 1]
    filled = {
        syntax.text_of(t.value if isinstance(t, ast.Subscript) else t)
        for n in assigned
        for t in n.targets
        if syntax.function_at(syntax.span_of(n, case.file)) is not None
        and getattr(syntax.function_at(syntax.span_of(n, case.file)), "name", "") != "__init__"
    }
    for statement in assigned:
        name = syntax.text_of(statement.targets[0])
        elements = statement.value.elts if isinstance(statement.value, ast.List) else []
        read = [(k, n) for k, e in enumerate(elements) for n in syntax.mentions(reader, syntax.text_of(e))]
        if name in filled and name.startswith("self.") and read:
            return tuple(c for k, n in read for c in builders.replace(n, case.file, f"{name}[{k}]"))
    return ()


def _called_from(name: str, file: str) -> set[str]:
    """Return the names of the functions of a file that a function leads to, itself included."""
    own = {function.name: function for function in syntax.functions_in(file)}
    found, waiting = set[str](), [name]
    while waiting:
        here = waiting.pop()
        if here in own and here not in found:
            found.add(here)
            waiting += syntax.called_in(own[here])
    return found


def _is_method(function: ast.FunctionDef) -> bool:
    return [a.arg for a in (*function.args.posonlyargs, *function.args.args)][:1] == ["self"]


def _all_calls(function: ast.FunctionDef, tree: ast.Module) -> list[ast.Call]:
    """Return the calls of a function, or none if it is also used in another way than called."""

    def names_it(node: ast.AST) -> bool:
        if _is_method(function):
            return isinstance(node, ast.Attribute) and node.attr == function.name
        return isinstance(node, ast.Name) and node.id == function.name

    mentioned = [n for n in ast.walk(tree) if names_it(n)]
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.func in mentioned]
    return calls if len(calls) == len(mentioned) else []


def _seen_from(call: ast.Call, text: str, file: str) -> str:
    """Write what a method reads of its object as the caller sees it: `net.params` for `self.params`."""
    if isinstance(call.func, ast.Attribute) and text.startswith("self."):
        return f"{builders.written(call.func.value, file)}.{text.removeprefix('self.')}"
    return text


def _first_parameter(function: ast.FunctionDef, file: str, name: str) -> Change:
    parameters = [*function.args.posonlyargs, *function.args.args]
    own = parameters.pop(0) if parameters and _is_method(function) else None
    if own is not None:
        end = syntax.span_of(own, file)
        return insertion(file, end.end_line, end.end_column, f", {name}")
    if parameters:
        start = syntax.span_of(parameters[0], file)
        return insertion(file, start.line, start.column, f"{name}, ")
    start = syntax.span_of(function, file)
    return insertion(file, start.line, start.column + len(f"def {function.name}("), name)


def _first_argument(call: ast.Call, file: str, name: str) -> Change:
    before = syntax.span_of(call.func, file)
    text = f"{name}, " if call.args or call.keywords else name
    return insertion(file, before.end_line, before.end_column + 1, text)


def loss_alone(case: Case, returned: ast.Tuple | ast.Dict) -> Suggestion | None:
    """Ask for the gradient of the first of several results; with `has_aux` where the program takes them apart."""
    file, tree = case.file, syntax.parse_file(case.file)
    function = syntax.function_at(syntax.span_of(returned, file))
    if tree is None or not isinstance(function, ast.FunctionDef):
        return None
    keys = [k.value for k in returned.keys if isinstance(k, ast.Constant)] if isinstance(returned, ast.Dict) else []
    losses = [key for key in keys if isinstance(key, str) and ("loss" in key or len(keys) == 1)]
    if isinstance(returned, ast.Dict) and len(losses) != 1:
        return None
    index = f'"{losses[0]}"' if losses else "0"
    count = len(returned.elts) if isinstance(returned, ast.Tuple) else 0
    asked = _asking(tree, function.name)
    changes = [change for call in asked for change in _asked_for_first(call, file, count, index)]
    return builders.likely(*changes) if changes else None


def _asking(tree: ast.Module, name: str) -> list[ast.Call]:
    """Return the calls that make a gradient of a function."""
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and simple_name(n) in {"grad", "value_and_grad"}]
    return [n for n in calls if n.args and syntax.text_of(n.args[0]).rpartition(".")[2] == name]


def as_pair(case: Case) -> Suggestion | None:
    """Return a number and the rest, as `has_aux` wants it; ask without it where there is none and nobody takes one."""
    returned, file, tree = case.node, case.file, syntax.parse_file(case.file)
    function = syntax.function_at(case.at)
    asked = _asking(tree, function.name) if tree is not None and isinstance(function, ast.FunctionDef) else []
    if returned is None or not asked or tree is None:
        return None
    taken = [(call, target) for call in asked for target in _taken(call, tree)]
    if isinstance(returned, ast.Tuple):
        first, *others = (builders.written(e, file) for e in returned.elts)
        changes = [c for call, target in taken for c in _grouped(call, target, len(returned.elts), file)]
        whole = syntax.span_of(returned, file).text.startswith("(")
        text = f"{first}, ({', '.join(others)})"
        if not others or (taken and not changes):
            return None
        return builders.likely(*builders.replace(returned, file, f"({text})" if whole else text), *changes)
    failure = case.context.question.failure
    if failure is None or "[])" not in failure.text:  # not one number either
        return None
    if any(_pair(call, target) is not None for call, target in taken):
        return builders.likely(*builders.replace(returned, file, f"({builders.written(returned, file)}, None)"))
    return builders.likely(*(c for call in asked for c in builders.drop_argument(call, file, "has_aux")))


def _taken(call: ast.Call, tree: ast.Module) -> Iterator[ast.expr]:
    """Yield what is assigned what a gradient gives, asked at once or under a name: `f = jax.grad(loss)`, `g = f(w)`."""
    assigned = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and len(n.targets) == 1]
    names = {syntax.text_of(n.targets[0]) for n in assigned if any(part is call for part in parts(n.value))}
    for statement in assigned:
        value = statement.value
        if isinstance(value, ast.Call) and value is not call:
            made = any(part is call for part in parts(value.func))
            if made or syntax.text_of(value.func) in names:
                yield statement.targets[0]


def _pair(call: ast.Call, target: ast.expr) -> ast.Tuple | None:
    """Return the part of a target that takes the number, or the gradient, with the rest."""
    whole = target if isinstance(target, ast.Tuple) else None
    if simple_name(call) == "grad" or whole is None:
        return whole
    return whole.elts[0] if isinstance(whole.elts[0], ast.Tuple) else None


def _grouped(call: ast.Call, target: ast.expr, count: int, file: str) -> Changes:
    """Take the rest as one: `(loss, (a, b)), g` for `(loss, a, b), g`."""
    pair = _pair(call, target)
    if pair is None or len(pair.elts) != count:
        return ()
    first, last = syntax.span_of(pair.elts[1], file), syntax.span_of(pair.elts[-1], file)
    return (
        insertion(file, first.line, first.column, "("),
        insertion(file, last.end_line, last.end_column, ")"),
    )


def _asked_for_first(call: ast.Call, file: str, count: int, index: str) -> Changes:
    statement = syntax.statement_at(syntax.span_of(call, file))
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    first = targets[0] if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else None
    apart = first is not None and (simple_name(call) == "grad" or isinstance(first.elts[0], ast.Tuple))
    if apart and count == 2:
        return builders.set_argument(call, file, "has_aux", "True")
    name = builders.operand(call.args[0], file)
    return builders.replace(call.args[0], file, f"lambda *a, **k: {name}(*a, **k)[{index}]")


def computed_inside(case: Case) -> Changes:
    """Compute inside a function of JAX's what the program computed from its argument before: `pred = f(w)`."""
    made, file = earlier.computed_before(case.context), case.file
    name = case.context.source.name.partition("[")[0].partition(".")[0]
    functions = [f for f in syntax.functions_in(file) if f.name == case.context.question.target_name]
    asked = syntax.expression_at(case.context.question.call.span)
    if made is None or len(functions) != 1 or not isinstance(asked, ast.Call):
        return ()
    parameters = syntax.parameter_names(functions[0])
    outside = syntax.text_of(asked.args[parameters.index(name)])
    text = builders.lines_of(made.statement, file)
    texts = [s for s in functions[0].body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    if text is None or not texts:
        return ()
    given = dict(zip((syntax.text_of(a) for a in asked.args), parameters, strict=False))
    for old, new in ((outside, name), (made.name, given.get(made.name, made.name))):
        text = re.sub(rf"(?<![\w.]){re.escape(old)}\b", new, text) if old != new else text
    return builders.insert_before(texts[0], file, text)


def backwards(case: Case) -> Suggestion | None:
    """Ask for a Jacobian backwards, where a rule is written for that direction only."""
    file, tree = case.context.question.call.span.file, syntax.parse_file(case.context.question.call.span.file)
    asked = case.context.question.call.span
    calls = [n for n in (ast.walk(tree) if tree is not None else ()) if isinstance(n, ast.Call)]
    forwards = [n for n in calls if simple_name(n) == "jacfwd" and n.args]
    here = [n for n in forwards if asked.contains(syntax.span_of(n, file))]
    chosen = here or forwards
    if len(chosen) != 1:
        return None
    name = builders.written(chosen[0].func, file).removesuffix("jacfwd") + "jacrev"
    return builders.likely(*builders.rename_call(chosen[0], file, name))
