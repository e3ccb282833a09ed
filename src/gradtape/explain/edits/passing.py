"""Edits of how functions get at values: an argument handed on to where it is read, a result without its company."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.diagnostics.changes import insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name

if TYPE_CHECKING:
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
    asked = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and simple_name(n) in {"grad", "value_and_grad"}
        and n.args
        and syntax.text_of(n.args[0]).rpartition(".")[2] == function.name
    ]
    changes = [change for call in asked for change in _asked_for_first(call, file, count, index)]
    return builders.likely(*changes) if changes else None


def _asked_for_first(call: ast.Call, file: str, count: int, index: str) -> Changes:
    statement = syntax.statement_at(syntax.span_of(call, file))
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    first = targets[0] if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else None
    apart = first is not None and (simple_name(call) == "grad" or isinstance(first.elts[0], ast.Tuple))
    if apart and count == 2:
        return builders.set_argument(call, file, "has_aux", "True")
    name = builders.operand(call.args[0], file)
    return builders.replace(call.args[0], file, f"lambda *a, **k: {name}(*a, **k)[{index}]")


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
