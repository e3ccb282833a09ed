"""Edits at the source: make the framework follow it, change it in place."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import tape_block, tape_name
from gradtape.explain.edits.case import Case, simple_name
from gradtape.explain.edits.question import nonleaf

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

GRADIENTS_OFF = {"no_grad", "inference_mode", "set_grad_enabled"}


def watch(case: Case) -> Suggestion | None:
    """Watch the source: first thing in the tape's block, or right after the block makes it."""
    if "{tape}" not in case.pen.phrases.watch:
        return _require_gradient(case)
    context = case.context
    place = context.entered_at
    block = tape_block(place) if place is not None else None
    name = context.source.name
    if place is None or block is None or not _is_path(name) or not _same_scope(place, context.question.call.span):
        return None
    tape = tape_name(block, place)
    if tape is None:
        return None
    statement = case.moved(place).pen.say(case.pen.phrases.watch, tape=tape, x=name)
    made = [s for s in block.body if name in syntax.names_in(s, ast.Store)]
    if not made:
        return builders.safe(*builders.insert_before(block.body[0], place.file, statement))
    once = len(made) == 1 and not hasattr(made[0], "body")
    return (builders.safe if once else builders.likely)(*builders.insert_after(made[0], place.file, statement))


def _require_gradient(case: Case) -> Suggestion | None:
    """Let the expression that makes the source ask for a gradient, as PyTorch's users do."""
    at = case.context.made_at(case.context.source)
    if at is None or not case.pen.phrases.watch:
        return None
    frozen = _turned_off(case)
    if frozen is not None:
        return builders.likely(*builders.replace(frozen, case.file, "True"))
    node = case.moved(at).node
    if node is None:
        return None
    beside = builders.parent_of(node, at.file)
    alike = (
        [n for n in beside.elts if syntax.text_of(n) == syntax.text_of(node)] if isinstance(beside, ast.Tuple) else []
    )
    text = case.pen.say(case.pen.phrases.watch, x=builders.operand(node, at.file))
    return builders.likely(*(c for n in alike or [node] for c in builders.replace(n, at.file, text)))


def _turned_off(case: Case) -> ast.expr | None:
    """Return the False of `p.requires_grad = False` or `p.requires_grad_(False)`, if that is the place."""
    statement, call = case.statement, case.call
    given: ast.expr | None = None
    if isinstance(statement, ast.Assign):
        of = {target.attr for target in statement.targets if isinstance(target, ast.Attribute)}
        given = statement.value if "requires_grad" in of else None
    elif call is not None and simple_name(call) == "requires_grad_":
        given = builders.argument(call, 0, "requires_grad")
    return given if isinstance(given, ast.Constant) and given.value is False else None


def without_marks(case: Case, suggestion: Suggestion) -> Suggestion:
    """Take away `loss.requires_grad = True` where the edit gives the value a history: PyTorch refuses it then."""
    marks = [event for event in case.context.run.events if event.kind == "marked"] if suggestion.changes else []
    outputs = case.route.columns.outputs
    made = {outputs[number] for number in case.route.numbers} - case.context.source.ids if marks else set()
    found: list[Change] = []
    for event in marks:
        statement = syntax.statement_at(event.site.span) if event.value in made else None
        target = statement.targets[0] if isinstance(statement, ast.Assign) else None
        if statement is not None and isinstance(target, ast.Attribute) and target.attr == "requires_grad":
            found += builders.remove(statement, event.site.span.file)
    if not found:
        return suggestion
    return builders.suggestion(suggestion.applicability, *suggestion.changes, *found) or suggestion


def _is_path(name: str) -> bool:
    """Whether a name is one that can be written anywhere: names, attributes, elements by number or key."""
    try:
        node: ast.expr = ast.parse(name, mode="eval").body
    except SyntaxError:
        return False
    while isinstance(node, ast.Attribute) or (isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Constant)):
        node = node.value
    return isinstance(node, ast.Name)


def _same_scope(a: Span, b: Span) -> bool:
    return a.file == b.file and syntax.function_at(a) is syntax.function_at(b)


def unfreeze(case: Case) -> Suggestion | None:
    """Leave out what keeps a variable from being followed: an argument, or a False that should be True."""
    if case.call is not None:
        for name in ("watch_accessed_variables", "trainable"):
            changes = builders.drop_argument(case.call, case.file, name)
            if changes:
                return builders.likely(*changes)
    statistics = _watched_statistics(case)
    if statistics:
        return builders.sketch(*statistics)
    statement = case.statement
    off = [n for n in ast.walk(statement) if isinstance(n, ast.Constant) and n.value is False] if statement else []
    return builders.likely(*(c for n in off for c in builders.replace(n, case.file, "True"))) if len(off) == 1 else None


def _watched_statistics(case: Case) -> Changes:
    """Watch what a model keeps beside its weights, where the gradients of all its variables are asked for."""
    entered, asked = case.context.entered_at, case.moved(case.context.question.call.span).node
    block = tape_block(entered) if entered is not None else None
    tape = tape_name(block, entered) if block is not None and entered is not None else None
    listed = builders.argument(asked, 1, "sources") if isinstance(asked, ast.Call) else None
    if block is None or tape is None or entered is None or not isinstance(listed, ast.Attribute):
        return ()
    if case.pen.dialect != "tensorflow" or listed.attr not in {"variables", "weights"}:
        return ()
    model = builders.written(listed.value, entered.file)
    text = f"{tape}.watch([v.value for v in {model}.non_trainable_variables])"
    return builders.insert_before(block.body[0], entered.file, text)


def in_place(case: Case) -> Suggestion | None:
    """Write an assignment that binds a variable's name anew as one that changes the variable."""
    changes = nonleaf.leaf_of_the_round(case) if case.pen.dialect == "torch" else ()
    changes = changes or tuple(c for s in _updates(case) for c in _assigned_in_place(case.pen, s, case.file))
    if changes and case.pen.dialect == "torch":
        changes = (*changes, *_others_in_place(case))
    return builders.likely(*(changes or _result_in_place(case)))


def _others_in_place(case: Case) -> Changes:
    """Change the parameters beside one in their place as well: the first that is bound anew ends a run of PyTorch."""
    block = builders.block_of(case.statement, case.file) if case.statement is not None else []
    steps = [
        s
        for s in block
        if s is not case.statement
        and isinstance(s, ast.Assign)
        and isinstance(s.value, ast.BinOp)
        and syntax.text_of(s.targets[0]) == syntax.text_of(s.value.left)
        and syntax.mentions(s.value.right, f"{syntax.text_of(s.targets[0])}.grad")
    ]
    return tuple(change for s in steps for change in _assigned_in_place(case.pen, s, case.file))


def _updates(case: Case) -> list[ast.stmt]:
    """Return the statement at the place, behind those of its block that give the same name a new value from its own."""
    statement = case.statement
    if not isinstance(statement, ast.Assign):
        return [statement] if statement is not None else []
    name, block = syntax.text_of(statement.targets[0]), builders.block_of(statement, case.file)
    before = [
        s
        for s in block[: block.index(statement)]
        if isinstance(s, ast.Assign) and [syntax.text_of(t) for t in s.targets] == [name]
    ]
    return [*(s for s in before if syntax.mentions(s.value, name)), statement]


def _result_in_place(case: Case) -> Changes:
    """Let a function that gives the next value change the variable and give that: `(p.assign_sub(lr * g), p)[1]`.

    What `assign_sub` itself gives is another object, for which tapes have no gradient.
    """
    node, pen = case.node, case.pen
    if pen.dialect == "torch":
        return _each_in_place(case)
    if pen.dialect != "tensorflow" or not isinstance(node, ast.BinOp) or not isinstance(node.left, ast.Name):
        return ()
    owner = builders.parent_of(node, case.file)
    function = owner if isinstance(owner, ast.Lambda) else case.function if isinstance(owner, ast.Return) else None
    given = [a.arg for a in ast.walk(function) if isinstance(a, ast.arg)] if function is not None else []
    text = _changed(pen, node.left, node, case.file) if node.left.id in given else None
    return builders.replace(node, case.file, f"({text}, {node.left.id})[1]") if text is not None else ()


def _each_in_place(case: Case) -> Changes:
    """Change each of a list in its place: `[p.sub_(lr * p.grad) for p in params]`."""
    node, file = case.node, case.file
    statement, owner = case.statement, builders.parent_of(node, file) if node is not None else None
    if not isinstance(node, ast.BinOp) or not isinstance(node.left, ast.Name) or statement is None:
        return ()
    if not isinstance(owner, ast.ListComp) or owner.elt is not node or not without_gradients(statement, file):
        return ()
    method = {ast.Sub: "sub_", ast.Add: "add_"}.get(type(node.op))
    return (
        builders.replace(node, file, f"{node.left.id}.{method}({builders.written(node.right, file)})") if method else ()
    )


def _assigned_in_place(pen: Pen, statement: ast.stmt, file: str) -> Changes:
    phrases = pen.phrases
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add | ast.Sub):
        verb = phrases.add if isinstance(statement.op, ast.Add) else phrases.subtract
        if not verb or verb.startswith("{x} "):
            return ()
        name, value = (builders.written(n, file) for n in (statement.target, statement.value))
        return builders.replace_statement(statement, file, pen.say(verb, x=name, y=value))
    if not isinstance(statement, ast.Assign) or len(statement.targets) != 1:
        return ()
    target = statement.targets[0]
    pairs = [(target, statement.value)]
    if isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
        if len(target.elts) != len(statement.value.elts):
            return ()
        pairs = list(zip(target.elts, statement.value.elts, strict=True))
    if isinstance(statement.value, ast.ListComp | ast.DictComp):
        return _loop_in_place(pen, statement, statement.value, file)
    written = [_changed(pen, t, v, file) for t, v in pairs]
    if any(text is None for text in written):
        return ()
    text = "; ".join(text for text in written if text is not None)
    if pen.dialect == "torch" and not without_gradients(statement, file):
        text = pen.say("with torch.no_grad(): {x}", x=text)
    return (*builders.replace_statement(statement, file, text), *pen.imports)


def without_gradients(statement: ast.stmt, file: str) -> bool:
    """Whether a statement stands in a block or a function where gradients are off."""
    for node in builders.path_to(statement, file):
        items = [i.context_expr for i in node.items] if isinstance(node, ast.With | ast.AsyncWith) else []
        items += getattr(node, "decorator_list", [])
        if any(word in syntax.text_of(item) for item in items for word in GRADIENTS_OFF):
            return True
    return False


def _changed(pen: Pen, target: ast.expr, value: ast.expr, file: str) -> str | None:
    """Write `w.assign_sub(lr * g)` for `w = w - lr * g`, `w.assign(f(w))` for anything else."""
    phrases = pen.phrases
    if not phrases.assign or not isinstance(target, ast.Name | ast.Attribute | ast.Subscript):
        return None
    name = builders.written(target, file)
    moved = isinstance(value, ast.BinOp) and syntax.text_of(value.left) == syntax.text_of(target)
    if moved and isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add | ast.Sub):
        verb = phrases.add if isinstance(value.op, ast.Add) else phrases.subtract
        return pen.say(verb, x=name, y=builders.written(value.right, file))
    return pen.say(phrases.assign, x=name, y=builders.written(value, file))


def _loop_in_place(pen: Pen, statement: ast.Assign, comprehension: ast.ListComp | ast.DictComp, file: str) -> Changes:
    """Write `params = [p - lr * g for p, g in zip(params, grads)]`, or a dict made so, as a loop that changes each."""
    loop = comprehension.generators[0]
    target = syntax.text_of(statement.targets[0])
    element = comprehension.elt if isinstance(comprehension, ast.ListComp) else comprehension.value
    if len(comprehension.generators) != 1 or loop.ifs or target not in syntax.names_in(loop.iter, ast.Load):
        return ()
    read = element.left if isinstance(element, ast.BinOp) else None
    if not isinstance(read, ast.Name):
        return ()
    text = _changed(pen, read, element, file)
    if text is None:
        return ()
    head = f"for {builders.written(loop.target, file)} in {builders.written(loop.iter, file)}"
    return builders.replace_statement(statement, file, f"{head}: {text}")
