"""Edits where a value is computed and nobody reads it: read it where what it was made from is read, or add it."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, scopes, syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import ASKING, is_asked
from gradtape.explain.edits.case import assigned_before, never_read, parts, simple_name
from gradtape.explain.edits.question import widths
from gradtape.explain.unread import Unread, place_of, taken_apart, unread

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.unread import Part

REDUCING = ("reduce_", "mean", "sum", "loss", "entropy", "mse", "divergence", "error")
"""What is in the names of functions that make one number of many, or one per example."""

SUMS_OF_MANY = {"einsum", "cumsum"}
"""Functions with such a name that give an array."""


def brought_in(case: Case) -> Changes:
    """Bring what was computed from the source, and then left lying, into the target."""
    found = unread(case.context)
    if found is None:
        return _in_place_of_a_number(case, "") or _added_losses(case)
    if found.handed:
        return _argument_read(case, found)
    if found.overwritten is not None and not found.by_target:
        return ()  # one thing after another, each of which may be meant for the next
    if found.overwritten is not None:
        over = found.overwritten.value
        file = found.at.file
        return builders.replace(over, file, f"{found.name} + {builders.term(over, file)}")
    if not found.name:
        return _other_part(case, found)
    statement = syntax.statement_at(found.at)
    value = _value_of(statement, found.name) if statement is not None else None
    if statement is None or value is None:
        return ()
    file = found.at.file
    alike = _all_alike(found, value)
    if alike:
        return alike
    instead = _read_in_its_place(found, value, statement)
    if instead:
        return tuple(c for n in instead for c in builders.replace(n, file, found.name))
    pen = case.moved(found.at).pen
    score = _in_place_of_a_number(case, found.name)
    if score:
        return (*score, *pen.imports)
    second = _second_of_two(found, statement)
    if second is not None:
        return builders.replace(second, file, found.name)
    term = found.name if _is_reduced(value) and not _is_per_example(value) else pen.call("mean", found.name)
    added = _added_to_what_is_returned(found.at, term) or _added_to_target(case, statement, term)
    return (*added, *pen.imports) if added else ()


def _second_of_two(found: Unread, statement: ast.stmt) -> ast.expr | None:
    """Return the second of two arguments by which a loss compares one thing with itself: `mse(y_true=y, y_pred=y)`."""
    scope = syntax.function_at(found.at) or syntax.parse_file(found.at.file)
    for call in syntax.walk_scope(scope) if scope is not None else ():
        if not isinstance(call, ast.Call) or call.lineno <= statement.lineno or not _is_reduced(call):
            continue
        passed = [*call.args, *(k.value for k in call.keywords)][:2]
        if len(passed) == 2 and isinstance(passed[0], ast.Name) and ast.dump(passed[0]) == ast.dump(passed[1]):
            return passed[1]
    return None


def _added_losses(case: Case) -> Changes:
    """Add what the layers of a model added to its losses, which a loop of one's own does not do by itself."""
    context, file = case.context, case.file
    columns, after = context.run.columns, context.after_source
    spans = columns.spans(n for n in range(len(columns)) if columns.outputs[n] in after)
    added = any(
        simple_name(call) == "add_loss" for span in spans for call in (*syntax.calls_around(span), *_called_at(span))
    )
    asked = syntax.statement_at(context.question.call.span)
    call = context.question.call.span
    scope = syntax.function_at(call) or syntax.parse_file(file)
    names = (
        [
            syntax.text_of(n.func)
            for n in syntax.walk_scope(scope)
            if isinstance(n, ast.Call) and isinstance(n.func, ast.Name | ast.Attribute) and n.lineno < call.line
        ]
        if scope is not None
        else []
    )
    listed = {syntax.text_of(n.value) for n in ast.walk(asked) if isinstance(n, ast.Attribute)} if asked else set()
    models = [name for name in dict.fromkeys(names) if name in listed]
    if not added or len(models) != 1 or case.pen.dialect != "tensorflow":
        return ()
    pen = case.pen
    text = pen.say("tf.add_n({m}.losses)", m=models[0])
    changes = _added_to_target(case, None, text)
    return (*changes, *pen.imports) if changes else ()


def _called_at(span: Span) -> list[ast.Call]:
    node = syntax.expression_at(span)
    return [node] if isinstance(node, ast.Call) else []


def _all_alike(found: Unread, value: ast.expr) -> Changes:
    """Go on with all that one model gave for several values, where none of it is read and all that went in is."""
    file, scope = found.at.file, syntax.function_at(found.at) or syntax.parse_file(found.at.file)
    if not isinstance(value, ast.Call) or scope is None:
        return ()
    pairs = [
        (target.id, given.args[0], given)
        for statement in syntax.walk_scope(scope)
        if isinstance(statement, ast.Assign)
        for target, given in syntax.assigned_pairs(statement)
        if isinstance(target, ast.Name) and isinstance(given, ast.Call) and len(given.args) == 1
        if ast.dump(given.func) == ast.dump(value.func)
    ]
    read = {n.id: n for n in syntax.walk_scope(scope) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    if len(pairs) < 2 or any(name in read or not isinstance(given, ast.Name) for name, given, _ in pairs):
        return ()
    changes: list[Change] = []
    for name, given, call in pairs:
        later = [n for n in syntax.mentions(scope, syntax.text_of(given)) if n.lineno > call.lineno]
        if not later or any(is_asked(n, file, "watch") for n in later):
            return ()
        changes += [c for n in later for c in builders.replace(n, file, name)]
    return tuple(changes)


def _value_of(statement: ast.stmt, name: str) -> ast.expr | None:
    """Return the expression that a statement gives a name; of a call with several results the call."""
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return None
    target, value = statement.targets[0], statement.value
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        pairs = zip(target.elts, value.elts, strict=True)
        return next((v for t, v in pairs if syntax.text_of(t) == name), None)
    return value


def _read_in_its_place(found: Unread, value: ast.expr, statement: ast.stmt) -> list[ast.expr]:
    """Return where the function goes on with what the value was made from: `h` after `normed = norm(h)`."""
    scope = syntax.function_at(found.at) or syntax.parse_file(found.at.file)
    end = statement.end_lineno or statement.lineno
    if scope is None:
        return []
    nodes = [n for n in syntax.walk_scope(scope) if isinstance(n, ast.Name) and n.lineno > end]
    for name in dict.fromkeys(_operands(value, found.at.file)):
        same = sorted((n for n in nodes if n.id == name), key=lambda n: (n.lineno, n.col_offset))
        if same and all(isinstance(n.ctx, ast.Load) for n in same) and widths.kept(value, name, found.at):
            first = syntax.statement_at(syntax.span_of(same[0], found.at.file))
            within = [n for n in same if first is not None and n.lineno <= (first.end_lineno or first.lineno)]
            if not any(is_asked(n, found.at.file, "watch") for n in within):
                return list(within)
    return []


def _operands(node: ast.expr, file: str) -> Iterator[str]:
    """Yield the names of what an expression is computed from element by element, or row by row."""
    if isinstance(node, ast.Name):
        if not scopes.is_module(node, file):
            yield node.id
    elif isinstance(node, ast.BinOp):
        for side in (node.left, node.right):
            yield from _operands(side, file)
    elif isinstance(node, ast.UnaryOp):
        yield from _operands(node.operand, file)
    elif isinstance(node, ast.List | ast.Tuple):
        for element in node.elts:
            yield from _operands(element, file)
    elif isinstance(node, ast.Call) and not _is_reduced(node):
        for given in node.args:
            yield from _operands(given, file)
        if builders.is_method(node, file) and isinstance(node.func, ast.Attribute):
            yield from (name for name in _operands(node.func.value, file) if name != "self")


def _is_reduced(node: ast.expr) -> bool:
    """Whether an expression is computed from functions that give one number, or one per example."""
    if isinstance(node, ast.BinOp):
        return _is_reduced(node.left) or _is_reduced(node.right)
    name = simple_name(node).lower()
    if name in SUMS_OF_MANY:
        return False
    return any(word in name for word in REDUCING) or (name == "norm" and not syntax.text_of(node).startswith("self."))


PER_EXAMPLE = "_cross_entropy_with_logits"
"""The end of the names of TensorFlow's functions that give a number per example."""


def _is_per_example(node: ast.expr) -> bool:
    """Whether a call sums along one axis, or is a function of Keras's or TensorFlow's that gives a loss per example."""
    if isinstance(node, ast.BinOp):
        return _is_per_example(node.left) or _is_per_example(node.right)
    if not isinstance(node, ast.Call):
        return False
    name, told = syntax.text_of(node.func), {k.arg for k in node.keywords}
    return name.startswith("keras.losses.") or ".losses." in name or name.endswith(PER_EXAMPLE) or "axis" in told


def _added_to_what_is_returned(at: Span, term: str) -> Changes:
    """Add a term to what the function gives, of several results to the first; not where gradients are asked for."""
    function = syntax.function_at(at)
    if not isinstance(function, ast.FunctionDef) or any(simple_name(n) in ASKING for n in parts(function)):
        return ()
    value = _given_back(function)
    if value is None or value.lineno <= at.line:
        return ()
    return builders.replace(value, at.file, f"{builders.term(value, at.file)} + {term}")


def _added_to_target(case: Case, statement: ast.stmt | None, term: str) -> Changes:
    """Add a term to the target in the function that asks: where that is made, or behind a statement after it."""
    name, file, call = case.context.question.target_name, case.file, case.context.question.call.span
    function = syntax.function_at(call)
    scope = function or syntax.parse_file(file)
    elsewhere = statement is not None and syntax.function_at(syntax.span_of(statement, file)) is not function
    if not name.isidentifier() or scope is None or elsewhere:
        return ()
    made = [
        n
        for n in syntax.walk_scope(scope)
        if isinstance(n, ast.Assign) and n.lineno < call.line and any(syntax.text_of(t) == name for t in n.targets)
    ]
    if not made:
        return ()
    last = max(made, key=lambda n: n.lineno)
    if scopes.is_written_down(last.value, file):
        return ()  # a number that is written down, in the place of a loss
    if statement is None or last.lineno > statement.lineno:
        return builders.replace(last.value, file, f"{builders.term(last.value, file)} + {term}")
    return builders.insert_after(statement, file, f"{name} = {name} + {term}")


INDEX = re.compile(r"\w*(index|idx|class_id|action)\w*")
"""What people call the position of the score that they mean."""


SCORES = re.compile(r"(\w+_)?(preds?|predictions?|logits|scores|probs)")
"""What people call the scores that a model gives."""


def _in_place_of_a_number(case: Case, score: str) -> Changes:
    """Put a score that the model gave for the target where a number stands for it, at the position that has a name."""
    name, file, call = case.context.question.target_name, case.file, case.context.question.call.span
    scope = syntax.function_at(call) or syntax.parse_file(file)
    made = assigned_before(scope, name, call.line) if scope is not None and name.isidentifier() else None
    if made is None or scope is None or not scopes.is_written_down(made, file):
        return ()
    stored = sorted(syntax.names_in(scope, ast.Store))
    scores = [score] if score in stored else [n for n in stored if SCORES.fullmatch(n)]
    if not scores:
        given = _model_of_source(case)
        return builders.replace(made, file, case.pen.call("mean", given)) if given else ()
    if len(scores) != 1:
        return ()
    names = [*(a.arg for a in ast.walk(scope) if isinstance(a, ast.arg)), *stored]
    index = next((n for n in names if INDEX.fullmatch(n)), None)
    text = f"{scores[0]}[:, {index}]" if index is not None else case.pen.call("mean", scores[0])
    return builders.replace(made, file, text)


def _model_of_source(case: Case) -> str:
    """Return the one call by which the file computes something from the source, by an object that is known here too."""
    tree, scope = syntax.parse_file(case.file), syntax.function_at(case.context.question.call.span)
    if tree is None:
        return ""
    here = syntax.parameter_names(scope) if isinstance(scope, ast.FunctionDef) else []
    known = {*here, *(name for s in tree.body for name in syntax.names_in(s, ast.Store))}
    calls = {
        builders.written(n, case.file)
        for n in ast.walk(tree)
        if isinstance(n, ast.Call)
        and isinstance(n.func, ast.Name)
        and n.func.id in known
        and [syntax.text_of(a) for a in n.args] == [case.context.source.name]
    }
    return calls.pop() if len(calls) == 1 else ""


def _argument_read(case: Case, found: Unread) -> Changes:
    """Add an argument that a function gets and does not read to what it gives: through the layer that waits for it."""
    file = found.at.file
    for function in syntax.functions_in(file):
        for name in never_read(function):
            calls = calls_of(file, function)
            if any(syntax.text_of(given_for(call, function, name) or call) == found.name for call in calls):
                pen = case.moved(syntax.span_of(function, file)).pen
                layer = _waiting(function, file)
                term = f"{layer}({name})" if layer else pen.call("mean", name)
                value = _given_back(function)
                if value is None:
                    return ()
                return (*builders.replace(value, file, f"{builders.term(value, file)} + {term}"), *pen.imports)
    return ()


def _waiting(function: ast.FunctionDef, file: str) -> str:
    """Return the one layer that an object makes and that no method but `__init__` reads."""
    holder = builders.parent_of(function, file)
    methods = [n for n in holder.body if isinstance(n, ast.FunctionDef)] if isinstance(holder, ast.ClassDef) else []
    init = next((m for m in methods if m.name == "__init__"), None)
    made = [n for n in ast.walk(init) if isinstance(n, ast.Assign) and isinstance(n.value, ast.Call)] if init else []
    kept = [syntax.text_of(n.targets[0]) for n in made if simple_name(n.value)[:1].isupper()]
    rest = [name for name in kept if not any(syntax.mentions(m, name) for m in methods if m is not init)]
    return rest[0] if len(rest) == 1 and rest[0].startswith("self.") else ""


def _given_back(function: ast.FunctionDef) -> ast.expr | None:
    """Return what a function gives last, of several results the first."""
    returned = [n for n in syntax.walk_scope(function) if isinstance(n, ast.Return) and n.value is not None]
    value = max(returned, key=lambda n: n.lineno).value if returned else None
    return value.elts[0] if isinstance(value, ast.Tuple) and value.elts else value


def _other_part(case: Case, found: Unread) -> Changes:
    """Add the part of a result that is left lying to the part that is taken: `(r := f(x))[0] + mean(r[1])`."""
    file, whole = found.at.file, taken_apart(found.at)
    if len(whole) != 1:
        return ()
    other: dict[object, int] = {0: 1, 1: 0}
    part: Part | None = other.get(place_of(whole[0])) if found.part is None else found.part
    if part is None:
        return ()
    pen, value = case.moved(found.at).pen, whole[0].value
    given = name = builders.written(value, file)
    if not isinstance(value, ast.Name):
        name = scopes.free_name(file, "outputs")
        given = f"({name} := {given})"
    here, there = builders.written(whole[0].slice, file), f'"{part}"' if isinstance(part, str) else str(part)
    text = f"{given}[{here}] + {pen.call('mean', f'{name}[{there}]')}"
    return (*builders.replace(whole[0], file, text), *pen.imports)
