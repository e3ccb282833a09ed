"""Edits where a program ends a path on purpose: `stop_gradient`, `detach`, `data`."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import parts, simple_name
from gradtape.explain.edits.outside.conversions import outermost
from gradtape.explain.edits.recording.handed import handed_to_call

if TYPE_CHECKING:
    from gradtape.diagnostics import Suggestion
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

MAPS = {"tree_map", "map"}
"""Functions that do the same with every leaf of a tree."""

STILL = {"stop_gradient", "detach", "data", "StopGradient"}


def through_stop(case: Case) -> Suggestion | None:
    """Leave out what ends a path on purpose: `stop_gradient(x)`, `x.detach()`, `x.data`."""
    node = case.node
    handed = handed_to_call(case, case.statement)
    if handed:
        return builders.sketch(*handed)
    stored = stored_in_parameter(case)
    if stored:
        return builders.likely(*stored)
    if node is None or _sets_data(case):
        return None
    name = syntax.text_of(node.func if isinstance(node, ast.Call) else node)
    if isinstance(node, ast.Call) and simple_name(node) in MAPS and len(node.args) == 2:
        stops = [n for n in parts(node.args[0]) if syntax.text_of(n).rpartition(".")[2] in STILL]
        return builders.likely(*builders.keep_part(node, node.args[1], case.file)) if stops else None
    if isinstance(node, ast.Call) and name.rpartition(".")[2] == "state_dict":
        return builders.likely(*builders.set_argument(node, case.file, "keep_vars", "True"))
    if isinstance(node, ast.Call) and ".compat.v1." in f".{name}":
        return builders.likely(*builders.rename_call(node, case.file, name.replace(".compat.v1", "")))
    if name.rpartition(".")[2] in STILL:
        return builders.likely(*builders.drop_call(outermost(node, case.at) or node, case.file))
    return None


def _sets_data(case: Case) -> bool:
    """Whether a statement writes numbers behind the back of the graph: `p.data = x` keeps no history of any `x`."""
    targets = case.statement.targets if isinstance(case.statement, ast.Assign) else []
    return any(isinstance(target, ast.Attribute) and target.attr == "data" for target in targets)


def stored_in_parameter(case: Case) -> Changes:
    """Put a computed tensor in the place of a parameter of a PyTorch module: the parameter must go first."""
    statement = case.statement
    if case.pen.dialect != "torch" or not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return ()
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Attribute) and target.attr == "data":
        target = target.value
    elif isinstance(value, ast.Call) and syntax.text_of(value.func).endswith("Parameter") and value.args:
        value = value.args[0]
    else:
        return ()
    if not isinstance(target, ast.Attribute):
        return ()
    name = builders.written(target, case.file)
    text = builders.written(value, case.file).replace(f"{name}.data", name)
    new = scopes.free_name(case.file, "new")
    return builders.replace_statement(statement, case.file, f"{new} = {text}; del {name}; {name} = {new}")
