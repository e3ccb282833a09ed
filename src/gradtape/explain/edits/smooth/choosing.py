"""Edits where scores choose positions: the softmax of the scores in the place of the choice, or beside it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from gradtape.diagnostics import syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, assigned_before, parts, simple_name, statements_of
from gradtape.explain.edits.smooth.hits import axis_of, named_before, scores_of, seeks_largest
from gradtape.explain.edits.smooth.picking import picks
from gradtape.explain.edits.smooth.straight import value_in

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen


def picked_softly(case: Case) -> Changes:
    """Take the mean of all rows under the softmax, where an argmax picks one row of a table."""
    node, file = case.node, case.file
    if case.pen.dialect == "jax":
        return _element_softly(case)
    call = next((n for n in parts(node) if simple_name(n) in CHOICES), None) if node is not None else None
    blamed = case.operation
    scores = value_in(call, file) if call is not None else None
    if blamed is None or scores is None or any(isinstance(n, ast.Call) for n in ast.walk(scores)):
        return ()
    pen = case.pen
    later = next((k.operation for k in case.route if k.operation.seq > blamed.seq and picks(k.operation.name)), None)
    place = later.site.span if later is not None else None
    picking = syntax.expression_at(place) if place is not None and place.file == file else None
    if place is None or not isinstance(picking, ast.Call) or not picking.args:
        return ()
    text = builders.written(scores, file)
    scope = syntax.function_at(place) or syntax.parse_file(file)
    if scope is None or (scope is not case.function and assigned(scope, text) is None):
        return ()
    made = assigned_before(case.function, text, case.at.line) if case.function is not None else None
    chance = "prob" in text or (made is not None and _is_probability(case, made))
    weights = text if call is None or (chance and simple_name(call) != "argmin") else shares(pen, call, scores, file)
    if simple_name(picking) == "gather" and len(picking.args) >= 2:
        table = builders.written(picking.args[0], file)
    elif len(picking.args) == 1:
        table = f"{builders.written(picking.func, file)}({pen.call('arange', f'{text}.shape[-1]')})"
    else:
        return ()
    return builders.replace(picking, file, pen.call("matmul", weights, table))


def _element_softly(case: Case) -> Changes:
    """Do so where brackets pick: `softmax(s) @ x` for `x[argmax(s)]`, and for a position that was drawn by scores."""
    node, file, pen, scope = case.node, case.file, case.pen, case.function
    drawn = simple_name(node) == "categorical" if node is not None else False
    scores = builders.argument(node, int(drawn), "logits" if drawn else "a") if isinstance(node, ast.Call) else None
    if scores is None or node is None or scope is None or not (drawn or simple_name(node) in CHOICES):
        return ()
    axis = axis_of(node, scores, file) if isinstance(node, ast.Call) and not drawn else "-1"
    names = set(syntax.assigned_names(case.at))
    inside = dict.fromkeys(n for s in statements_of(scope) for n in parts(s))
    inside |= dict.fromkeys(n for n in builders.path_to(node, file) if isinstance(n, ast.expr))
    picks = [n for n in inside if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)]
    picks = [n for n in picks if n.slice is node or syntax.text_of(n.slice) in names]
    picks = [n for n in picks if not isinstance(n.value, ast.Attribute) or n.value.attr != "at"]
    if axis not in {"-1", "1"} or len(picks) != 1:
        return ()
    if any(isinstance(n, ast.Call) for n in parts(scores)) and picks[0].slice is not node:
        return ()  # they would be computed twice
    weights = shares(pen, node, scores, file)
    table = builders.operand(picks[0].value, file)
    return builders.replace(picks[0], file, f"{weights} @ {pen.say('jnp.asarray({x})', x=table)}")


def rows_softly(case: Case) -> Changes:
    """Do so for PyTorch: `softmax(s) @ w` for `w[s.argmax(1)]`, for `w[k]` and for `w[k.item()]`."""
    node, file, pen, scope, statement = case.node, case.file, case.pen, case.function, case.statement
    calls = [n for n in parts(node) if isinstance(n, ast.Call)] if node is not None else []
    call = next((n for n in calls if seeks_largest(case, n) or simple_name(n) == "argmin"), None)
    scores = scores_of(call, file) if call is not None else None
    if pen.dialect != "torch" or call is None or scores is None or scope is None or statement is None:
        return ()
    axis = axis_of(call, scores, file)
    stored = statement.targets[0] if isinstance(statement, ast.Assign) and len(statement.targets) == 1 else None
    last = stored.elts[-1] if isinstance(stored, ast.Tuple) else stored
    name = last.id if isinstance(last, ast.Name) else ""
    inside = dict.fromkeys(n for s in statements_of(scope) for n in parts(s))
    picks = [n for n in inside if isinstance(n, ast.Subscript) and isinstance(n.ctx, ast.Load)]
    picks = [n for n in picks if any(p is call for p in parts(n.slice)) or (name and _position(n.slice) == name)]
    if axis not in {"-1", "1"} or len(picks) != 1:
        return ()
    text, first = builders.written(scores, file), tuple[Any, ...]()
    if any(isinstance(n, ast.Call) for n in parts(scores)) and not any(p is call for p in parts(picks[0].slice)):
        text, first = named_before(scores, "scores", file)  # they would be computed twice
    if not text:
        return ()
    if simple_name(call) == "argmin":
        text = f"-{text if builders.closed(text) else f'({text})'}"
    mean = f"{pen.call('softmax', text, '-1')} @ {builders.operand(picks[0].value, file)}"
    return (*first, *builders.replace(picks[0], file, mean), *pen.imports)


def _position(node: ast.expr) -> str:
    """Return the name of the position that picks, as it is or made a plain number."""
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in {"item", "long"}:
        node = node.func.value
    elif isinstance(node, ast.Call) and syntax.text_of(node.func) == "int" and node.args:
        node = node.args[0]
    return node.id if isinstance(node, ast.Name) else ""


def assigned(scope: ast.AST, name: str) -> ast.stmt | None:
    """Return a statement that gives a name a value in a scope."""
    return next((s for s in statements_of(scope) if name in syntax.names_in(s, ast.Store)), None)


def _is_probability(case: Case, node: ast.expr) -> bool:
    return any(simple_name(n) == "softmax" for n in parts(node)) or "softmax" in case.context.source.name


CHOICES = {"argmax", "argmin", "categorical"}
"""Functions that choose a position by scores: the largest, the smallest, or one that is drawn."""


def shares(pen: Pen, choice: ast.expr, scores: ast.expr, file: str, *axis: str) -> str:
    """Write how much of each position is chosen softly: the smallest by the negative scores."""
    smallest = simple_name(choice) == "argmin"
    text = f"-{builders.operand(scores, file)}" if smallest else builders.written(scores, file)
    return pen.call("softmax", text, *axis)


def weights_instead(case: Case) -> Changes:
    """Take the weights of a softmax, where the position that was chosen becomes a row of zeros and a one."""
    node, file, scope = case.node, case.file, case.function
    found = next((n for n in parts(node) if simple_name(n) in CHOICES), None) if node is not None else None
    scores = scores_of(found, file) if isinstance(found, ast.Call) else None
    names = set(syntax.assigned_names(case.at))
    calls = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    rows = [n for n in calls if simple_name(n) == "one_hot" and isinstance(n, ast.Call) and n.args]
    rows = [n for n in rows if n.args[0] is node or (syntax.text_of(n.args[0]) in names and n.lineno > case.at.line)]
    pen = case.pen
    if scores is None or not rows or pen.dialect not in {"jax", "torch"}:
        return ()
    text = builders.written(scores, file)
    first: Changes = ()
    if any(isinstance(n, ast.Call) for n in parts(scores)) and [n.args[0] for n in rows] != [node]:
        text, first = named_before(scores, "scores", file)  # they would be computed twice
    if not text:
        return ()
    if found is not None and simple_name(found) == "argmin":
        text = f"-{text if builders.closed(text) else f'({text})'}"
    if pen.dialect != "torch":
        text = pen.call("softmax", text)
    elif isinstance(found, ast.Call) and simple_name(found) != "categorical":
        axis = axis_of(found, scores, file)
        text = pen.call("softmax", text, axis)
        text += f".movedim({axis}, -1)" if axis != "-1" else ""  # the ones stand along the last axis
    else:
        return ()
    return (*first, *(c for n in rows for c in builders.replace(n, file, text)))


def summed_softly(case: Case) -> Changes:
    """Sum by shares what belongs to the groups that were chosen: `segment_sum(x, choice, k)`, `bincount(choice)`."""
    node, file, pen, scope = case.node, case.file, case.pen, case.function
    found = next((n for n in parts(node) if simple_name(n) in {"argmax", "argmin"}), None) if node is not None else None
    scores = scores_of(found, file) if isinstance(found, ast.Call) else None
    if not isinstance(found, ast.Call) or scores is None or scope is None or pen.dialect != "jax":
        return ()
    names = set(syntax.assigned_names(case.at))
    if axis_of(found, scores, file) not in {"-1", "1"} or any(isinstance(n, ast.Call) for n in parts(scores)):
        return ()
    weights = shares(pen, found, scores, file)
    changes: list[Change] = []
    later = dict.fromkeys(n for s in statements_of(scope) if s.lineno >= case.at.line for n in parts(s))
    for call in (n for n in later if isinstance(n, ast.Call) and n.args):
        which = builders.argument(call, 1, "segment_ids") if simple_name(call) == "segment_sum" else None
        if which is not None and syntax.text_of(which) in names:
            changes += builders.replace(call, file, f"{weights}.T @ {builders.operand(call.args[0], file)}")
        elif simple_name(call) == "bincount" and syntax.text_of(call.args[0]) in names and not _weighed(call):
            changes += builders.replace(call, file, f"{weights}.sum(axis=0)")
    return tuple(changes)


def _weighed(call: ast.Call) -> bool:
    return builders.argument(call, 1, "weights") is not None


def chosen_beside(case: Case) -> Changes:
    """Let the gradient of a softmax pass where the largest become a mask of zeros and ones, which keeps its value."""
    found = next((n for n in (parts(case.node) if case.node is not None else ()) if simple_name(n) == "topk"), None)
    scores = scores_of(found, case.file) if isinstance(found, ast.Call) else None
    if scores is None or case.pen.dialect != "torch" or any(isinstance(n, ast.Call) for n in parts(scores)):
        return ()
    file, pen, scope = case.file, case.pen, case.function
    names = syntax.names_in(case.statement, ast.Store) if case.statement is not None else set()
    calls = [n for s in (statements_of(scope) if scope is not None else ()) for n in parts(s)]
    for mask in (n for n in calls if isinstance(n, ast.Call) and simple_name(n) in {"scatter", "scatter_"}):
        axis, index, value = (builders.argument(mask, k, word) for k, word in enumerate(("dim", "index", "value")))
        ones = isinstance(value, ast.Constant) and value.value == 1
        made = scores_of(mask, file)
        zeros = made is not None and simple_name(made) in {"zeros_like", "zeros"}
        if axis is None or not ones or not zeros or syntax.text_of(index or mask) not in names:
            continue
        soft = pen.call("softmax", builders.written(scores, file), builders.written(axis, file))
        return (
            *builders.replace(mask, file, f"{builders.written(mask, file)} + {soft} - {soft}.detach()"),
            *pen.imports,
        )
    return ()


def gated(case: Case) -> Changes:
    """Weigh what an expert gives by its share of the softmax, where scores choose the one for each row by a mask."""
    node, file, pen, scope = case.node, case.file, case.pen, case.function
    call = next((n for n in parts(node) if simple_name(n) == "argmax"), None) if node is not None else None
    scores = scores_of(call, file) if isinstance(call, ast.Call) else None
    names = list(syntax.assigned_names(case.at))
    if not isinstance(call, ast.Call) or scores is None or scope is None or pen.dialect != "torch" or len(names) != 1:
        return ()
    if any(isinstance(n, ast.Call) for n in parts(scores)) or len(call.args) + len(call.keywords) > 2:
        return ()
    axis = axis_of(call, scores, file)
    share = f"{pen.call('softmax', builders.written(scores, file), axis)}.gather({axis}, {names[0]}.unsqueeze({axis}))"
    changes: list[Change] = []
    for statement in statements_of(scope):
        place = statement.targets[0] if isinstance(statement, ast.Assign) else getattr(statement, "target", None)
        value = getattr(statement, "value", None)
        if not isinstance(place, ast.Subscript) or not isinstance(value, ast.expr) or axis not in {"-1", "1"}:
            continue
        mask = place.slice
        made = assigned_before(scope, mask.id, statement.lineno) if isinstance(mask, ast.Name) else mask
        if isinstance(made, ast.Compare) and isinstance(made.ops[0], ast.Eq) and syntax.text_of(made.left) == names[0]:
            weighed = f"{builders.operand(value, file)} * {share}[{builders.written(mask, file)}]"
            changes += builders.replace(value, file, weighed)
    return tuple(changes)


def drawn_softly(case: Case) -> Changes:
    """Draw a row of zeros and a one that the gradient passes, where a drawn position picks a row of a table."""
    call, file, pen, scope = case.call, case.file, case.pen, case.function
    chances = _chances(case, call) if call is not None and pen.dialect == "torch" else ""
    if not chances or scope is None or call is None:
        return ()
    names = set(syntax.assigned_names(case.at)) | syntax.names_in(case.statement or scope, ast.Store)
    calls = [n for s in statements_of(scope) if s.lineno >= call.lineno for n in parts(s)]
    row = pen.say("torch.nn.functional.gumbel_softmax({x}, hard=True)", x=chances)
    for use in (n for n in calls if isinstance(n, ast.Call) and n.args):
        if use.args[0] is not call and syntax.text_of(use.args[0]) not in names:
            continue
        made = [simple_name(v) for v in syntax.values_given_to(syntax.text_of(use.func), case.at)]
        if simple_name(use) == "one_hot":
            return (*builders.replace(use, file, row), *pen.imports)
        if made == ["Embedding"] and len(use.args) == 1:
            return (*builders.replace(use, file, f"{row} @ {builders.written(use.func, file)}.weight"), *pen.imports)
    return ()


def _chances(case: Case, call: ast.Call) -> str:
    """Return the logits of a draw of one position: of `multinomial(p, 1)`, or of a `Categorical`'s `sample()`."""
    file = case.file
    if simple_name(call) == "multinomial" and len(call.args) == 2:
        one = isinstance(call.args[1], ast.Constant) and call.args[1].value == 1
        return f"torch.log({builders.written(call.args[0], file)})" if one else ""
    if simple_name(call) != "sample" or call.args or not isinstance(call.func, ast.Attribute):
        return ""
    made = call.func.value
    if isinstance(made, ast.Name) and case.function is not None:
        made = assigned_before(case.function, made.id, call.lineno) or made
    if not isinstance(made, ast.Call) or simple_name(made) != "Categorical":
        return ""
    logits = next((k.value for k in made.keywords if k.arg == "logits"), None)
    probabilities = builders.argument(made, 0, "probs") if logits is None else None
    given = logits if logits is not None else probabilities
    name = builders.written(call.func.value, file)
    if given is None:
        return ""
    if any(isinstance(n, ast.Call) for n in parts(given)):  # the distribution knows them
        return f"{name}.logits" if isinstance(call.func.value, ast.Name) else ""
    return builders.written(given, file) if logits is not None else f"torch.log({builders.written(given, file)})"
