"""Edits of what a loop carries on while steps change the parameters: cut off its graph when a round is over."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import simple_name
from gradtape.explain.edits.question.sources import GRADIENTS_OFF

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def cut_after_round(case: Case) -> Changes:
    """Cut a value, or the values of a list, off its graph behind the backward pass of a round.

    A graph that is kept would not do: the next step changes the parameters that it was computed with.
    """
    place, failure = case.context.question.call.span, case.context.question.failure
    asked = syntax.statement_at(place)
    loop = next((n for n in reversed(syntax.around(place)) if isinstance(n, ast.For | ast.While)), None)
    if failure is None or asked is None or loop is None or not _changes_parameters(loop):
        return ()
    stored = {name for statement in loop.body for name in syntax.names_in(statement, ast.Store)}
    element = re.fullmatch(r"([\w.]+)\[\d+\]", failure.detail)
    own = f"self.{element[1].rpartition('.')[2]}" if element is not None and "." in element[1] else ""
    listed = element is not None and (syntax.is_list(element[1], place) or (own and syntax.is_list(own, place)))
    if element is not None and element[1] not in stored and listed:
        each = scopes.free_name(place.file, "value")
        return builders.insert_after(
            asked, place.file, f"{element[1]}[:] = [{each}.detach() for {each} in {element[1]}]"
        )
    name = failure.detail if failure.detail in stored else _built_on(case)
    held = isinstance(case.statement, ast.AugAssign) and any(s is case.statement for s in ast.walk(loop))
    if not held and (not name.isidentifier() or name not in stored):
        return ()
    return builders.insert_after(asked, place.file, f"{name} = {name}.detach()")


def computed_in_closure(case: Case) -> Changes:
    """Compute a target in the function that is called again and again to ask for its gradient, not once before it."""
    place, failure = case.context.question.call.span, case.context.question.failure
    closure, tree = syntax.function_at(place), syntax.parse_file(place.file)
    if not isinstance(closure, ast.FunctionDef) or tree is None:
        return ()
    for name in (case.context.question.target_name, failure.detail if failure is not None else ""):
        own = name in syntax.parameter_names(closure) or name in syntax.names_in(closure, ast.Store)
        reader = next((s for s in closure.body if syntax.mentions(s, name)), None)
        changes = _once_in(closure, reader, name, case) if name.isidentifier() and not own and reader else ()
        if changes:
            return changes
    return ()


def _once_in(closure: ast.FunctionDef, reader: ast.stmt, name: str, case: Case) -> Changes:
    """Compute a name before a statement of a function that reads it from around."""
    place = case.context.question.call.span
    tree = syntax.parse_file(place.file)
    if tree is None:
        return ()
    around = next((n for n in reversed(builders.path_to(closure, place.file)) if isinstance(n, ast.FunctionDef)), tree)
    made = [s for s in syntax.walk_scope(around) if isinstance(s, ast.Assign) and name in syntax.names_in(s, ast.Store)]
    text = builders.lines_of(made[0], place.file) if len(made) == 1 and made[0].lineno < closure.lineno else None
    return builders.insert_before(reader, place.file, text) if text is not None else ()


def _changes_parameters(loop: ast.For | ast.While) -> bool:
    """Whether a round makes a step: by an optimizer, or by hand with gradients off."""
    for node in ast.walk(loop):
        if isinstance(node, ast.Call) and simple_name(node) == "step":
            return True
        if isinstance(node, ast.With) and any(simple_name(i.context_expr) in GRADIENTS_OFF for i in node.items):
            return True
    return False


def _built_on(case: Case) -> str:
    """Return the name that a statement gives a value computed from what the name held before; empty if it does not."""
    statement = case.statement
    if isinstance(statement, ast.AugAssign):
        return syntax.text_of(statement.target)
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    value = getattr(statement, "value", None)
    name = target.id if isinstance(target, ast.Name) else ""
    return name if name and value is not None and syntax.mentions(value, name) else ""
