"""Edits where a recurrent layer is not given the state that was made for it, or handed to the function around it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import never_read

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

RECURRENT = ("RNN", "LSTM", "GRU")


def first(case: Case) -> Changes:
    """Give a recurrent layer the first state that was made for it."""
    tree = syntax.parse_file(case.file)
    name = case.context.source.name
    if tree is None or not name.isidentifier():
        return ()
    scope = syntax.function_at(case.context.question.call.span) or tree
    for call in _without_state(tree, scope):
        if case.pen.dialect == "torch":
            return builders.add_argument(call, case.file, name)
        return builders.set_argument(call, case.file, "initial_state", name)
    return ()


def _without_state(tree: ast.Module, scope: ast.AST) -> Iterator[ast.Call]:
    """Yield the calls of recurrent layers that are given no state to begin with."""
    made = [n for n in ast.walk(tree) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)]
    layers = {
        syntax.text_of(n.targets[0]).rpartition(".")[2]
        for n in made
        if syntax.text_of(getattr(n.value, "func", n)).endswith(RECURRENT)
    }
    for call in (n for n in ast.walk(scope) if isinstance(n, ast.Call)):
        called = syntax.text_of(call.func).rpartition(".")[2]
        if called in layers and len(call.args) == 1 and not call.keywords:
            yield call


STATE = re.compile(r"\w*(state|hidden)\w*|h\d?|carry")
"""What people call the state of a recurrent layer."""


def handed_on(case: Case, functions: Iterable[ast.FunctionDef]) -> Changes:
    """Give a recurrent layer the state that the function around it is given and does not read."""
    tree = syntax.parse_file(case.file)
    for function in functions if tree is not None and case.pen.dialect == "tensorflow" else ():
        names = [name for name in never_read(function) if STATE.fullmatch(name)]
        calls = list(_without_state(tree, function)) if tree is not None and len(names) == 1 else []
        if len(calls) == 1:
            return builders.set_argument(calls[0], case.file, "initial_state", names[0])
    return ()
