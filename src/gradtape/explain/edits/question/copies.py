"""Edits where a deep copy was made: use the thing itself, or call what was copied by the name of a copy."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import defined_in, simple_name, statements_of

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

CHANGING = {"parameters", "trainable_variables", "trainable_weights", "load_state_dict", "set_weights", "fit"}
"""What programs ask of a model that they are about to change."""


def _differentiated(node: ast.expr, file: str) -> bool:
    """Whether what a model lists is handed to a call that asks for gradients: nothing is changed there."""
    holders = [n for n in reversed(builders.path_to(node, file)) if isinstance(n, ast.Call)]
    outer = next((n for n in holders[1:] if simple_name(n) not in {"list", "tuple"}), None)
    return len(holders) > 1 and simple_name(outer or holders[0]) in {"grad", "gradient"}


def not_copied(case: Case) -> Changes:
    """Use a thing itself where a deep copy of it is made, unless the function around it makes it to change it."""
    if case.node is None or simple_name(case.node) != "deepcopy":
        return ()
    if isinstance(case.function, ast.FunctionDef):
        names, inside = syntax.assigned_names(case.at), ast.walk(case.function)
        asked = [
            n.value
            for n in inside
            if isinstance(n, ast.Attribute) and n.attr in CHANGING and not _differentiated(n, case.file)
        ]
        if any(isinstance(n, ast.Name) and n.id in names for n in asked):
            return ()
    return builders.drop_call(case.node, case.file)


UPDATES = {"apply_gradients", "apply", "minimize", "fit", "train_on_batch", "set_weights", "load_weights"}
"""Methods that write to the variables of a model; with those that begin with `assign`."""


def original_instead(case: Case) -> Changes:
    """Go on with a model where a function makes a copy of it with its weights, if nobody updates the copy in place."""
    call, function, file = case.call, case.function, case.file
    given = call.args[0] if call is not None and len(call.args) == 1 and simple_name(call) == "set_weights" else None
    if (
        call is None
        or given is None
        or simple_name(given) != "get_weights"
        or not isinstance(function, ast.FunctionDef)
    ):
        return ()
    copied, copy = _owner(given), _owner(call)
    returns = [s.value for s in statements_of(function) if isinstance(s, ast.Return)]
    if copied not in syntax.parameter_names(function) or not returns:
        return ()
    if not all(isinstance(value, ast.Name) and value.id == copy for value in returns):
        return ()
    operation = case.operation
    callers = [site.span for site in operation.callers] if operation is not None else []
    made = next((n for n in scopes.calls_of(file, function) if syntax.span_of(n, file) in callers), None)
    original = scopes.given_for(made, function, copied) if made is not None else None
    if made is None or original is None or _is_updated(case.moved(syntax.span_of(made, file)), function):
        return ()
    return builders.keep_part(made, original, file)


def _owner(call: ast.expr) -> str:
    """Return the name of the object of whose part a method is called: `net` for `net.hidden.get_weights()`."""
    node: ast.expr | None = getattr(call, "func", None)
    while isinstance(node, ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def _is_updated(case: Case, copying: ast.FunctionDef) -> bool:
    """Whether a function, or one of the file that it calls apart from what copies, writes to variables in the text."""
    waiting, seen = [case.function], set[ast.AST | None]({copying})
    while waiting:
        here = waiting.pop()
        calls = [n for n in syntax.walk_scope(here) if isinstance(n, ast.Call)] if here is not None else []
        if any(name in UPDATES or name.startswith("assign") for name in map(simple_name, calls)):
            return True
        seen.add(here)
        waiting += [f for c in calls if (f := defined_in(case.file, c)) is not None and f not in seen]
    return False


def first_of_copies(case: Case) -> Changes:
    """Let an attribute name the first copy of the template that it names now: no module runs the template.

    Some containers of PyTorch's copy the layer that they are given, `TransformerEncoder(self.layer, n)`.
    """
    statement, file = case.statement, case.file
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    own = isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name) and target.value.id == "self"
    if case.pen.dialect != "torch" or statement is None or not isinstance(target, ast.Attribute) or not own:
        return ()
    value = getattr(statement, "value", statement)
    templates = [name for name in syntax.names_in(value, ast.Load) if name.startswith("self.")]
    found = [(name, path) for name in templates if (path := _path_to_copy(case, name, target.attr))]
    if len(found) != 1:
        return ()
    name, path = found[0]
    return builders.insert_after(statement, file, f"{name} = {syntax.text_of(target)}{path}")


def _path_to_copy(case: Case, template: str, container: str) -> str:
    """Write how a container is asked for its first copy of a template, `.layers[0]`; empty if it has none inside."""
    source = case.context.source.name.partition(f".{template.removeprefix('self.')}.")
    inside = f"{source[0]}.{container}."
    for name in sorted(case.context.run.names.values()) if source[2] else ():
        path = name.removeprefix(inside).removesuffix(f".{source[2]}")
        if name == f"{inside}{path}.{source[2]}":
            steps = path.split(".")
            return "".join(f"[{step}]" if step.isdecimal() else f".{step}" for step in steps)
    return ""
