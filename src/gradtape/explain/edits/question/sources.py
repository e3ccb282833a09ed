"""Edits at the source: make the framework follow it, change it in place, give it a dtype with derivatives."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, syntax
from gradtape.diagnostics.scopes import calls_of, given_for
from gradtape.explain.edits import builders, settings
from gradtape.explain.edits.blocks import tape_block, tape_name
from gradtape.explain.edits.case import Case, assigned_before, defined_in, simple_name, statements_of
from gradtape.explain.edits.question import looked_up, nonleaf, whole
from gradtape.explain.names import PARTS

if TYPE_CHECKING:
    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.pen import Pen

WHOLE = {"int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "int", "long", "bool"}
"""The last part of the names of dtypes without derivatives."""

GRADIENTS_OFF = {"no_grad", "inference_mode", "set_grad_enabled"}
FOLLOWED = 6
"""How many names and calls are followed to where a value was written down."""


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


def floats(case: Case) -> Suggestion | None:
    """Make a value floating point where it is written down: literals with a point, no dtype of whole numbers."""
    if case.pen.dialect == "jax" and case.context.source.differentiable:  # what is whole is the result
        return None
    made = case.context.made_at(case.context.source)
    known = case.moved(made).node if case.pen.dialect == "jax" and made is not None and made.file == case.file else None
    if case.pen.dialect == "jax" and (whole.is_position(case) or whole.is_idle(case) or whole.is_data(case)):
        return whole.left_whole(case)
    if case.pen.dialect == "tensorflow" and looked_up.is_looked_up(case):
        return builders.sketch(*looked_up.asked_behind(case))
    changes = (
        _written_whole(case, known) or _written_whole(case, _marked(case) or case.node) or _element_written_whole(case)
    )
    if changes:
        return builders.likely(*changes)
    return whole.cast(case, known) if case.pen.dialect == "jax" else _cast(case)


def _written_whole(case: Case, node: ast.expr | None) -> Changes:
    """Return the changes where a value was written down, followed from an expression that has it."""
    for _ in range(FOLLOWED):
        changes = _as_floats(case, node) if node is not None else ()
        if changes or node is None:
            return changes
        node = _followed(case, node)
    return ()


def _marked(case: Case) -> ast.expr | None:
    """Return what is marked at the place: `x` of `x.requires_grad_()` and of `x.requires_grad = True`."""
    node, statement = case.node, case.statement
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "requires_grad_":
        return node.func.value
    target = statement.targets[0] if isinstance(statement, ast.Assign) else None
    return target.value if isinstance(target, ast.Attribute) and target.attr == "requires_grad" else None


def _element_written_whole(case: Case) -> Changes:
    """Return the change of one element of a dict or list that a call is given: `1` for `p["x"]` in `f({"x": 1})`."""
    try:
        named = ast.parse(case.context.source.name, mode="eval").body
    except SyntaxError:  # what a library calls it
        return ()
    keys: list[object] = []
    while isinstance(named, ast.Subscript) and isinstance(named.slice, ast.Constant):
        keys.insert(0, named.slice.value)
        named = named.value
    found = [_at_keys(given, keys) for given in (case.call.args if case.call is not None and keys else ())]
    there = [element for element in found if element is not None]
    return builders.as_float(there[0], case.file) if len(there) == 1 else ()


def _at_keys(node: ast.expr | None, keys: list[object]) -> ast.expr | None:
    """Return the element of a written dict or list that is reached by keys."""
    for key in keys:
        if isinstance(node, ast.Dict):
            pairs = zip(node.keys, node.values, strict=True)
            node = next((v for k, v in pairs if isinstance(k, ast.Constant) and k.value == key), None)
        elif isinstance(node, ast.List | ast.Tuple) and isinstance(key, int) and key < len(node.elts):
            node = node.elts[key]
        else:
            return None
    return node


def _cast(case: Case) -> Suggestion | None:
    """Make a tensor floating point where it becomes a source: whole numbers were computed before.

    What a statement of PyTorch's only marks, and that keeps its name, is made so where the name gets it.
    """
    node, file = case.node, case.file
    if case.pen.dialect == "tensorflow" and node is not None and _is_cast_anyway(case):
        given = node.args[0] if isinstance(node, ast.Call) and node.args and simple_name(node) == "Variable" else node
        return builders.likely(*builders.replace(given, file, case.pen.say(FLOAT, x=builders.written(given, file))))
    if case.pen.dialect != "torch":
        return None
    value = _marked(case)
    if value is not None and _is_alone(case):
        value = _given_name(case, value)
    elif value is None and isinstance(node, ast.Call) and node.args and simple_name(node) == "Parameter":
        value = node.args[0]
    return (
        builders.likely(*builders.replace(value, file, f"{builders.operand(value, file)}.float()")) if value else None
    )


FLOAT = "tf.cast({x}, tf.float32)"


SAME = PARTS - {"cast"} | {"gather", "take"}
"""Functions that give elements of what they get, whatever dtype that is of."""


def _is_cast_anyway(case: Case) -> bool:
    """Whether all that reads the source makes floating point of it, so that it may be that before."""
    columns, ids = case.context.run.columns, set(case.context.source.ids)
    readers = columns.readers(ids)
    while same := {columns.outputs[n] for n in readers if columns.functions[n] in SAME} - ids:
        ids |= same
        readers = columns.readers(ids)
    casts = [n for n in readers if columns.functions[n] not in SAME]
    asked = [syntax.expression_at(columns[n].site.span) for n in casts]
    whole_again = any(is_whole(given) for call in asked if isinstance(call, ast.Call) for given in call.args)
    return {columns.functions[n] for n in casts} == {"cast"} and not whole_again


def _is_alone(case: Case) -> bool:
    """Whether a statement does nothing but mark."""
    statement = case.statement
    marks = isinstance(statement, ast.Assign) and isinstance(statement.targets[0], ast.Attribute)
    return marks or (isinstance(statement, ast.Expr) and statement.value is case.node)


PICKING = {"Embedding", "EmbeddingBag", "embedding", "one_hot", "gather", "index_select"}
"""What takes whole numbers as positions and can do nothing with others."""


def _given_name(case: Case, value: ast.expr) -> ast.expr | None:
    """Return what gave a name its value, followed through arguments; None where the file picks by whole numbers."""
    tree = syntax.parse_file(case.file)
    if tree is None or any(simple_name(n) in PICKING for n in syntax.nodes_of(tree) if isinstance(n, ast.Call)):
        return None
    node: ast.expr | None = value
    for _ in range(FOLLOWED):
        if not isinstance(node, ast.Name):
            break
        node = _followed(case, node)
    return None if isinstance(node, ast.Name) else node


COUNTS = {"zeros", "ones", "empty", "eye", "identity", "randint", "integers", "zeros_like", "ones_like", "rand",
          "randn", "normal", "uniform", "permutation", "reshape"}  # fmt: skip
"""Functions whose numbers are sizes and bounds, and not what the array holds."""


COUNTING = {"bincount", "argmax", "argmin", "argsort", "digitize", "searchsorted", "count_nonzero", "nonzero"}
"""Functions that give whole numbers whatever they are given."""

DRAWS = {"randint", "integers", "random_integers"}
"""Functions that draw whole numbers."""


def _as_floats(case: Case, node: ast.expr) -> Changes:
    file, tree = case.file, syntax.parse_file(case.file)
    changes: Changes = builders.as_float(node, file)
    if not isinstance(node, ast.Call) or tree is None:
        return changes
    if defined_in(file, node) is not None:  # what it returns decides, not what it is given
        return ()
    name = simple_name(node)
    if name in DRAWS and case.pen.dialect == "jax":  # their dtype cannot be another
        return ()
    if isinstance(node.func, ast.Attribute | ast.Name) and name not in COUNTS | COUNTING:
        values = node.args[1:2] if name in {"full", "fill"} else node.args
        changes = tuple(c for given in values for c in builders.as_float(given, file))
    dtypes = node.args if name == "astype" else node.args[1:]
    for given in [*dtypes, *(k.value for k in node.keywords if k.arg == "dtype")]:
        written = settings.set_at(case, given, is_whole)
        if len(written) == 1:
            read = syntax.mentions(tree, syntax.text_of(given))
            place = written[0] if len(read) <= 1 else given  # others may read it
            changes = (*changes, *builders.replace(place, file, _floating(written[0])))
    return changes


def _floating(dtype: ast.expr) -> str:
    """Write the floating point dtype in the place of a whole one, spelled like that."""
    module = syntax.text_of(dtype).rpartition(".")[0]
    return "float" if isinstance(dtype, ast.Name) else f"{module}.float32" if module else "'float32'"


def is_whole(dtype: ast.expr) -> bool:
    """Whether an expression names a dtype of whole numbers, or of truth values."""
    return syntax.text_of(dtype).rpartition(".")[2].strip("'\"") in WHOLE


def _followed(case: Case, node: ast.expr) -> ast.expr | None:
    """Return what gave an expression its value: an assignment, the argument of a call, what a function returns."""
    scope = syntax.function_at(syntax.span_of(node, case.file)) or syntax.parse_file(case.file)
    if isinstance(node, ast.Name) and scope is not None:
        if isinstance(scope, ast.FunctionDef) and node.id in syntax.parameter_names(scope):
            given = [argument for call in calls_of(case.file, scope) if (argument := given_for(call, scope, node.id))]
            return given[0] if given else None
        given = syntax.values_given_to(node.id, syntax.span_of(node, case.file))  # of several names at once, too
        return assigned_before(scope, node.id, node.lineno) or (given[0] if len(given) == 1 else None)
    function = defined_in(case.file, node) if isinstance(node, ast.Call) else None
    if function is None and isinstance(node, ast.Call) and simple_name(node) not in COUNTS | COUNTING:
        return next((a for a in node.args if isinstance(a, ast.Name | ast.Call)), None)
    returned = [s.value for s in statements_of(function) if isinstance(s, ast.Return)] if function is not None else []
    return returned[0] if len(returned) == 1 else None
