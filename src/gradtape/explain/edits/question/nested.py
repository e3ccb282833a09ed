"""Edits where the tensor that was asked for lies in a model that another one calls: what comes behind it, one by one.

A model of Keras's that is called inside another has no tensors in the graph of that one, so that no model can be made
of what lies between: `keras.Model(inner.get_layer("conv").output, outer.output)` is refused.
"""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.diagnostics.scopes import FORWARD, given_for
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.recording import anew, attributes
from gradtape.explain.edits.settings import set_at

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case
    from gradtape.explain.edits.pen import Pen

PLACEHOLDER = "rest_of_the_inner_model"
LONGEST = 200
"""How many characters an expression may have that is written in the place of a call."""


def gone_on(case: Case, pen: Pen, first: ast.Call, call: ast.Call) -> Changes | None:
    """Go on from what a part of an inner model gave, through the rest of that and of the outer one; None for one model.

    Parameters
    ----------
    case : Case
    pen : Pen
        Gets to know which imports are missing.
    first : ast.Call
        The call of the part, which gave the source.
    call : ast.Call
        The call of the outer model, with the same argument.
    """
    file, outer, source = case.file, syntax.text_of(call.func), case.context.source.name
    begun = [m.args[0].value for m in _models(case, first.func) if m.args and isinstance(m.args[0], ast.Attribute)]
    whole = [n for n in set_at(case, call.func, lambda n: isinstance(n, ast.Call)) if isinstance(n, ast.Call)]
    if len(begun) != 1 or len(whole) != 1 or syntax.text_of(begun[0]) == outer:
        return None
    inner, held = begun[0], _held(case, begun[0])
    start = pen.say("keras.Model({p}.output, ", p=builders.written(first.func, file))
    rest = start + "{m}.outputs[0])" + f"({source})"
    forward = _forward(file, whole[0])
    if forward is not None:
        attribute = _attribute(file, whole[0], outer, inner, held)
        text = _written_out(forward, call, attribute, file) if attribute else ""
        text = text.replace(PLACEHOLDER, rest.format(m=f"{outer}.{attribute}"))
        return builders.replace(call, file, text) if text and len(text) < LONGEST else ()
    inside = held.startswith(f"{outer}.") or _is_called(inner, file) or _is_listed(inner, whole[0])
    return _layer_by_layer(call, whole[0], inner, rest, file) if inside else None


def _models(case: Case, node: ast.expr) -> list[ast.Call]:
    """Return the calls of `keras.Model` that make what an expression stands for."""
    found = set_at(case, node, lambda n: isinstance(n, ast.Call) and simple_name(n) == "Model")
    return [n for n in found if isinstance(n, ast.Call)]


def _held(case: Case, inner: ast.expr) -> str:
    """Return where the inner model was taken from: `outer.backbone`, `outer.get_layer("base")`."""
    scope = syntax.function_at(syntax.span_of(inner, case.file)) or syntax.parse_file(case.file)
    value = (
        assigned_before(scope, inner.id, inner.lineno) if isinstance(inner, ast.Name) and scope is not None else None
    )
    return syntax.text_of(value if value is not None else inner)


def _forward(file: str, made: ast.Call) -> ast.FunctionDef | None:
    """Return the method by which an object of a class of the file computes."""
    maker = scopes.maker_of(file, made)
    holder = builders.parent_of(maker, file) if maker is not None else None
    methods = holder.body if isinstance(holder, ast.ClassDef) else []
    return next((m for m in methods if isinstance(m, ast.FunctionDef) and m.name in FORWARD), None)


def _attribute(file: str, made: ast.Call, outer: str, inner: ast.expr, held: str) -> str:
    """Return the attribute by which the outer model has the inner one."""
    if held.startswith(f"{outer}.") and held.removeprefix(f"{outer}.").isidentifier():
        return held.removeprefix(f"{outer}.")
    maker = scopes.maker_of(file, made)
    kept = attributes.attributes_of(maker) if maker is not None else {}
    given = {p: given_for(made, maker, p) for p in kept} if maker is not None else {}
    own = [kept[p] for p, g in given.items() if g is not None and syntax.text_of(g) == syntax.text_of(inner)]
    return own[0].removeprefix("self.") if len(own) == 1 else ""


def _written_out(forward: ast.FunctionDef, call: ast.Call, attribute: str, file: str) -> str:
    """Write what a method computes as one expression in the words of its caller, without what the inner model gives."""
    body = [s for s in forward.body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
    given = {p: given_for(call, forward, p) for p in syntax.parameter_names(forward)}
    words = {p: builders.written(g, file) for p, g in given.items() if g is not None}
    words["self"], inside = builders.written(call.func, file), 0
    for statement in body:
        value = statement.value if isinstance(statement, ast.Assign | ast.Return) else None
        if value is None or (isinstance(statement, ast.Return) and statement is not body[-1]):
            return ""
        runs = [n for n in parts(value) if isinstance(n, ast.Call) and syntax.text_of(n.func) == f"self.{attribute}"]
        text = builders.with_part(value, runs[0], file, PLACEHOLDER) if runs else builders.written(value, file)
        inside += len(runs)
        read = {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} & anew.own(forward)
        if not runs and read - words.keys():
            return ""
        text = anew.with_names(text, words)
        if isinstance(statement, ast.Return):
            return text if inside == 1 and PLACEHOLDER in text else ""
        target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
        if not isinstance(target, ast.Name):
            return ""
        words[target.id] = text
    return ""


def _is_called(inner: ast.expr, file: str) -> bool:
    """Whether the file calls the inner model on something, as one does to make it a part of another."""
    tree = syntax.parse_file(file)
    calls = (n for n in syntax.nodes_of(tree) if isinstance(n, ast.Call)) if tree is not None else ()
    return any(syntax.text_of(n.func) == syntax.text_of(inner) for n in calls)


def _is_listed(inner: ast.expr, made: ast.Call) -> bool:
    """Whether the inner model is an element of the list that a chain of layers is made of."""
    listed = made.args[0] if made.args and isinstance(made.args[0], ast.List | ast.Tuple) else None
    return listed is not None and syntax.text_of(inner) in [syntax.text_of(e) for e in listed.elts]


def _layer_by_layer(call: ast.Call, made: ast.Call, inner: ast.expr, rest: str, file: str) -> Changes:
    """Call the layers behind the inner model one after another, where the outer model is a chain of them."""
    statement = syntax.statement_at(syntax.span_of(call, file))
    target = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    seen = syntax.function_at(syntax.span_of(inner, file)) in {None, syntax.function_at(syntax.span_of(call, file))}
    chain = simple_name(made) == "Sequential" or _is_chain(made, inner, file)
    if not chain or not seen or not isinstance(statement, ast.Assign) or statement.value is not call:
        return ()
    if not isinstance(target, ast.Name):
        return ()
    outer, model, layer = (
        builders.written(call.func, file),
        builders.written(inner, file),
        scopes.free_name(file, "layer"),
    )
    return (
        *builders.replace(call, file, rest.format(m=model)),
        *builders.insert_after(
            statement,
            file,
            f"for {layer} in {outer}.layers[{outer}.layers.index({model}) + 1 :]:",
            f"    {target.id} = {layer}({target.id})",
        ),
    )


def _is_chain(made: ast.Call, inner: ast.expr, file: str) -> bool:
    """Whether a model is made of one tensor after another, each of the one before, from an inner model's on."""
    scope = syntax.function_at(syntax.span_of(made, file)) or syntax.parse_file(file)
    inputs, outputs = (builders.argument(made, k, name) for k, name in enumerate(("inputs", "outputs")))
    if scope is None or inputs is None or outputs is None:
        return False
    name, seen = syntax.text_of(inner), syntax.names_in(inputs, ast.Load)
    given = [(s.targets[0], s.value) for s in statements_of(scope) if isinstance(s, ast.Assign) and len(s.targets) == 1]
    given = [(t, v) for t, v in given if v.lineno <= made.lineno and v is not made]
    last = ""
    for target, value in [*given, (None, outputs)]:
        read = syntax.names_in(value, ast.Load)
        calls = [n for n in parts(value) if isinstance(n, ast.Call) and syntax.text_of(n.func) == name]
        steps: list[ast.expr] = syntax.mentions(value, last) if last else list(calls)
        if last and read & seen:
            return False  # something goes by
        if steps:
            around = [n for n in builders.path_to(steps[0], file) if isinstance(n, ast.expr) and n is not made]
            if len(steps) != 1 or not all(isinstance(n, ast.Call) and len(n.args) == 1 for n in around):
                return False
            seen, last = (seen | {last}) - {syntax.text_of(target)} if target else seen, syntax.text_of(target or value)
        elif read & seen and target is not None:
            seen |= syntax.names_in(target, ast.Store)
    return bool(last)
