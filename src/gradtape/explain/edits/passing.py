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
        Its place is where `text` is read.
    text : str
        What is read.
    name : str
        The parameter, as the function that was differentiated calls it.
    """
    reader, file, tree = case.function, case.file, syntax.parse_file(case.file)
    if not isinstance(reader, ast.FunctionDef) or tree is None or name in syntax.names_in(reader, ast.Store):
        return ()
    changes: list[Change] = [c for n in syntax.mentions(reader, text) for c in builders.replace(n, file, name)]
    waiting, done = [reader], set[str]()
    while waiting and len(done) < MOST:
        function = waiting.pop()
        if function.name in done or name in syntax.parameter_names(function):
            continue
        done.add(function.name)
        mentioned = [n for n in ast.walk(tree) if isinstance(n, ast.Name) and n.id == function.name]
        calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and n.func in mentioned]
        if len(calls) != len(mentioned) or "self" in syntax.parameter_names(function) or not calls:
            return ()  # it is handed about itself, or is a method
        changes.append(_first_parameter(function, file, name))
        for call in calls:
            around = syntax.function_at(syntax.span_of(call, file))
            changes.append(_first_argument(call, file, name if isinstance(around, ast.FunctionDef) else text))
            if isinstance(around, ast.FunctionDef):
                waiting.append(around)
    return tuple(changes) if not waiting else ()


def _first_parameter(function: ast.FunctionDef, file: str, name: str) -> Change:
    first = next(iter([*function.args.posonlyargs, *function.args.args]), None)
    if first is not None:
        start = syntax.span_of(first, file)
        return insertion(file, start.line, start.column, f"{name}, ")
    start = syntax.span_of(function, file)
    return insertion(file, start.line, start.column + len(f"def {function.name}("), name)


def _first_argument(call: ast.Call, file: str, name: str) -> Change:
    before = syntax.span_of(call.func, file)
    text = f"{name}, " if call.args or call.keywords else name
    return insertion(file, before.end_line, before.end_column + 1, text)


def loss_alone(case: Case, returned: ast.Tuple) -> Suggestion | None:
    """Ask for the gradient of the first of several results; with `has_aux` where the program takes them apart."""
    file, tree = case.file, syntax.parse_file(case.file)
    function = syntax.function_at(syntax.span_of(returned, file))
    if tree is None or not isinstance(function, ast.FunctionDef) or len(returned.elts) < 2:
        return None
    asked = [
        n
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and simple_name(n) in {"grad", "value_and_grad"}
        and n.args
        and syntax.text_of(n.args[0]).rpartition(".")[2] == function.name
    ]
    changes = [change for call in asked for change in _asked_for_first(call, file, len(returned.elts))]
    return builders.likely(*changes) if changes else None


def _asked_for_first(call: ast.Call, file: str, count: int) -> Changes:
    statement = syntax.statement_at(syntax.span_of(call, file))
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    first = targets[0] if len(targets) == 1 and isinstance(targets[0], ast.Tuple) else None
    apart = first is not None and (simple_name(call) == "grad" or isinstance(first.elts[0], ast.Tuple))
    if apart and count == 2:
        return builders.set_argument(call, file, "has_aux", "True")
    name = builders.operand(call.args[0], file)
    return builders.replace(call.args[0], file, f"lambda *a, **k: {name}(*a, **k)[0]")


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
