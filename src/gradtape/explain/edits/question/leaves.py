"""Edits that differentiate by one part of a tree in JAX: its parameters, not the counts and states beside them."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen


def by_one_part(case: Case, position: int) -> Changes:
    """Ask for the gradient in the one part of an argument whose gradient is used: `g.params` alone of all of `g`."""
    file, pen, asked = case.file, case.pen, case.call
    transformed = asked.func if asked is not None else None
    if asked is None or not isinstance(transformed, ast.Call) or position or not asked.args or asked.keywords:
        return ()
    if len(transformed.args) != 1 or any(k.arg != "has_aux" for k in transformed.keywords):
        return ()
    tree, reads = asked.args[0], gradients_read(case)
    around = [builders.parent_of(n, file) for n in reads]
    taken = [n for n in around if isinstance(n, ast.Attribute | ast.Subscript) and n.value in reads]
    kinds = {(type(n), _key(n)) for n in taken}
    if len(kinds) != 1 or len(taken) < len(reads) or not _key(taken[0]):
        return ()
    name = scopes.free_name(file, "part")
    whole, part = _with_part(pen, tree, taken[0], name, file)
    if not whole:
        return ()
    function = transformed.args[0]
    text = f"lambda {name}, *rest: {builders.operand(function, file)}({whole}, *rest)"
    if len(asked.args) == 1:
        text = text.replace(", *rest", "")
    return (
        *builders.replace(function, file, text),
        *builders.replace(tree, file, part),
        *(c for n in taken for c in builders.keep_part(n, n.value, file)),
        *pen.imports,
    )


def gradients_name(case: Case) -> str:
    """Return the name that a statement gives to the gradients that it asks for; of a pair, to its part of them."""
    statement = case.statement
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    if isinstance(target, ast.Tuple) and len(target.elts) == 2:
        target = target.elts[1 if case.context.question.kind == "jax.value_and_grad" else 0]
    return target.id if isinstance(target, ast.Name) else ""


def gradients_read(case: Case) -> list[ast.expr]:
    """Return where the function that asks for gradients reads them afterwards, by the name that it gives them."""
    name, scope, statement = gradients_name(case), case.function, case.statement
    if not name or scope is None or statement is None:
        return []
    end = statement.end_lineno or statement.lineno
    return [n for n in syntax.mentions(scope, name) if n.lineno > end]


def _key(node: ast.Attribute | ast.Subscript) -> str:
    """Return the text of what a part is taken by."""
    if isinstance(node, ast.Attribute):
        return node.attr
    return repr(node.slice.value) if isinstance(node.slice, ast.Constant) else ""


def _with_part(pen: Pen, tree: ast.expr, taken: ast.expr, name: str, file: str) -> tuple[str, str]:
    """Write a tree with a name in the place of one part, and that part; empty where it is not known how."""
    written = builders.written(tree, file)
    if isinstance(taken, ast.Subscript) and isinstance(taken.slice, ast.Constant):
        key = taken.slice.value
        if isinstance(tree, ast.Tuple) and isinstance(key, int) and 0 <= key < len(tree.elts):
            others = [name if k == key else builders.written(e, file) for k, e in enumerate(tree.elts)]
            comma = "," if len(others) == 1 else ""
            return f"({', '.join(others)}{comma})", builders.written(tree.elts[key], file)
        if isinstance(tree, ast.Name) and isinstance(key, str):
            text = builders.written(taken.slice, file)
            return f"{{**{written}, {text}: {name}}}", f"{written}[{text}]"
    if isinstance(tree, ast.Name) and isinstance(taken, ast.Attribute):
        classes = [n for n in ast.walk(syntax.parse_file(file) or tree) if isinstance(n, ast.ClassDef)]
        holder = next((c for c in classes if taken.attr in _fields(c)), None)
        part = f"{written}.{taken.attr}"
        if holder is not None and any(syntax.text_of(b).rpartition(".")[2] == "NamedTuple" for b in holder.bases):
            return f"{written}._replace({taken.attr}={name})", part
        marks = holder.decorator_list if holder is not None else []
        words = [syntax.text_of(d.func if isinstance(d, ast.Call) else d) for d in marks]
        if any(word.rpartition(".")[2] == "dataclass" for word in words):
            return pen.say("dataclasses.replace({t}, {k}={n})", t=written, k=taken.attr, n=name), part
    return "", ""


def _fields(holder: ast.ClassDef) -> list[str]:
    return [syntax.text_of(n.target) for n in holder.body if isinstance(n, ast.AnnAssign)]
