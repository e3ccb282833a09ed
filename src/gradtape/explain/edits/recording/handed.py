"""Edits of values with a history that are written into parameters of PyTorch: hand them to the call of the module."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import statements_of

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case

WRITES = {"copy_": "{v}", "mul_": "{p} * {v}", "add_": "{p} + {v}", "sub_": "{p} - {v}", "div_": "{p} / {v}"}
"""Methods that write to a parameter, and what they write."""

WRITING = {name.removesuffix("_") for name in WRITES}
"""The operations that are recorded of them."""

OPERATORS: dict[type[ast.operator], str] = {ast.Mult: "*", ast.Add: "+", ast.Sub: "-", ast.Div: "/"}


class Written(NamedTuple):
    """A parameter that a statement writes to, and the text of its new value."""

    parameter: ast.Attribute
    value: str


def written_by(statement: ast.stmt | None, file: str) -> Written | None:
    """Return what a statement writes into a parameter: `p.data.mul_(m)`, `p.copy_(v)`, `p.data = v`, `p *= m`."""
    call = statement.value if isinstance(statement, ast.Expr) else None
    target: ast.expr | None = None
    form, value = "{v}", None
    if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and len(call.args) == 1:
        target, value, form = call.func.value, call.args[0], WRITES.get(call.func.attr, "")
    elif isinstance(statement, ast.AugAssign):
        target, value = statement.target, statement.value
        form = f"{{p}} {OPERATORS[type(statement.op)]} {{v}}" if type(statement.op) in OPERATORS else ""
    elif isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        target, value = statement.targets[0], statement.value
        form = form if isinstance(target, ast.Attribute) and target.attr == "data" else ""
    bare = target.value if isinstance(target, ast.Attribute) and target.attr == "data" else target
    if not isinstance(bare, ast.Attribute) or value is None or not form:
        return None
    name = builders.written(bare, file)
    inside = builders.written(value, file) if form == "{v}" else builders.operand(value, file)
    return Written(bare, form.format(p=name, v=inside.replace(f"{name}.data", name)))


def bound_anew(block: list[ast.stmt], file: str) -> Changes | None:
    """Give names new values where a block writes into what they stand for: `w = w - lr * g` for `w -= lr * g`.

    With gradients on nobody may write into a leaf. None where what is written into is one of several, or is kept by an
    object: other names of it would not change.
    """
    changes: list[Change] = []
    for statement in (n for s in block for n in ast.walk(s) if isinstance(n, ast.stmt)):
        target, value = _written_into(statement, file)
        if target is None:
            continue
        loops = [n for n in syntax.around(syntax.span_of(statement, file)) if isinstance(n, ast.For)]
        each = {name for loop in loops for name in syntax.names_in(loop.target, ast.Store)}
        if not isinstance(target, ast.Name) or target.id in each or not value:
            return None
        changes += builders.replace_statement(statement, file, f"{target.id} = {value}")
    return tuple(changes)


def _written_into(statement: ast.stmt, file: str) -> tuple[ast.expr | None, str]:
    """Return what a statement writes into, and the text of the new value, empty if that cannot be written down."""
    if isinstance(statement, ast.AugAssign):
        operator, value = OPERATORS.get(type(statement.op), ""), statement.value
        product = isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult | ast.Div | ast.MatMult)
        text = builders.written(value, file) if product and operator in {"+", "-"} else builders.operand(value, file)
        return statement.target, f"{builders.written(statement.target, file)} {operator} {text}" if operator else ""
    call = statement.value if isinstance(statement, ast.Expr) else None
    if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Attribute):
        return None, ""
    method, target = call.func.attr, call.func.value
    if not method.endswith("_") or method.startswith("_") or method in {"zero_", "requires_grad_"}:
        return None, ""
    form, alone = WRITES.get(method, ""), len(call.args) == 1 and not call.keywords
    if not form or not alone:
        return target, ""
    inside = builders.written(call.args[0], file) if form == "{v}" else builders.operand(call.args[0], file)
    return target, form.format(p=builders.written(target, file), v=inside)


def handed_to_call(case: Case, statement: ast.stmt | None) -> Changes:
    """Compute the new value beside the parameter, and let the rest of the function compute with that.

    Parameters
    ----------
    case : Case
    statement : stmt or None
        The statement that writes, alone in the block that turns gradients off if one does.
    """
    file, pen, scope = case.file, case.pen, case.function
    written = written_by(statement, file) if pen.dialect == "torch" else None
    if written is None or statement is None or scope is None:
        return ()
    around = builders.parent_of(statement, file)
    whole = around if isinstance(around, ast.With) and around.body == [statement] else statement
    parameter, module = syntax.text_of(written.parameter), builders.written(written.parameter.value, file)
    name = scopes.free_name(file, f"new_{written.parameter.attr}")
    later = [s for s in statements_of(scope) if s.lineno > statement.lineno and not hasattr(s, "body")]
    reads = [n for s in later for n in syntax.mentions(s, parameter) if not _of_leaf(n, file)]
    found: dict[ast.expr, str] = dict.fromkeys(reads, name)
    for node in (n for s in later for n in syntax.mentions(s, module)):
        used = builders.parent_of(node, file)
        if isinstance(used, ast.Call) and used.func is node and not used.keywords:
            values = "".join(f"{builders.written(a, file)}, " for a in used.args).strip()
            values = values if len(used.args) == 1 else values.removesuffix(",")
            found[used] = pen.say(
                'torch.func.functional_call({m}, {{"{a}": {n}}}, ({x}))',
                m=module, a=written.parameter.attr, n=name, x=values,
            )  # fmt: skip
    if not found:
        return ()
    changes = [c for node, text in found.items() for c in builders.replace(node, file, text)]
    return (*builders.replace_statement(whole, file, f"{name} = {written.value}"), *changes, *pen.imports)


def _of_leaf(node: ast.expr, file: str) -> bool:
    """Whether a place speaks of the parameter itself: its gradient, its name in a list of an optimizer's."""
    outer = builders.parent_of(node, file)
    return isinstance(outer, ast.Attribute) and outer.attr in {"grad", "data", "requires_grad", "requires_grad_"}
