"""Edits where a value goes through what keeps values only: a new tensor, a variable, a plain array, a write."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from gradtape.diagnostics import Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change, insertion
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import Case, parts, simple_name, statements_of
from gradtape.explain.edits.outside import filled, foreign, lists, remaining, stretches, writes
from gradtape.explain.edits.outside.conversions import kept, stacked
from gradtape.explain.edits.outside.leaving import array_on_tape, one_array
from gradtape.explain.edits.question import copies, layers, order
from gradtape.explain.edits.question.sources import without_gradients
from gradtape.explain.edits.recording import caches, datasets, handed_back, inner_steps, listed, sliced, trained
from gradtape.explain.edits.recording.places import asks
from gradtape.explain.edits.recording.stops import stored_in_parameter
from gradtape.explain.edits.smooth import metrics
from gradtape.explain.edits.tracing import choices, refs
from gradtape.explain.report import Status

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes


def not_rebuilt(case: Case) -> Suggestion | None:
    """Use the values themselves instead of a new tensor made from them."""
    stored = stored_in_parameter(case)
    if stored:
        return builders.likely(*stored)
    pen = case.pen
    call = case.call
    if call is None or not call.args:
        return None
    wanted = filled.wanted_by(call, case.file) if pen.dialect == "torch" else None
    if wanted is not None:
        return builders.likely(*filled.with_tensors(pen, wanted, {}), *pen.imports)
    if pen.dialect == "jax" and foreign.is_foreign(call, case.file, pen):  # it makes the array of a list itself
        solved = kept(pen, call, case.file)
        return builders.likely(*solved, *pen.imports) if solved else None
    given = call.args[0]
    if isinstance(given, ast.List | ast.Tuple):
        text = _as_one(case, given)
        return builders.likely(*builders.replace(call, case.file, text), *pen.imports) if text else None
    listed = isinstance(given, ast.ListComp | ast.GeneratorExp) or syntax.is_list(syntax.text_of(given), case.at)
    if listed or _of_several(case):
        if syntax.text_of(call.func).rpartition(".")[2] in {"Variable", "Parameter"}:
            return builders.likely(*builders.drop_call(call, case.file))
        return builders.likely(
            *builders.replace(call, case.file, pen.call("stack", builders.written(given, case.file)))
        )
    return builders.likely(*builders.drop_call(call, case.file))


def _of_several(case: Case) -> bool:
    """Whether the new tensor was made of several: of a list, whatever name it came by."""
    operation = case.operation
    return operation is not None and len(set(filter(None, operation.inputs))) > 1


def _as_one(case: Case, node: ast.List | ast.Tuple) -> str | None:
    """Write a nested list of tensors and numbers as one tensor."""
    pen = case.pen
    if pen.dialect == "torch":
        rows = [e for e in node.elts if isinstance(e, ast.List | ast.Tuple)]
        flat = [x for r in rows for x in r.elts] if rows else node.elts
        inside = ", ".join(builders.written(x, case.file) for x in flat)
        shape = f".reshape({len(rows)}, -1)" if rows else ""
        name = scopes.free_name(case.file, "v")
        return pen.say("torch.stack([torch.as_tensor({v}) for {v} in [{x}]])", v=name, x=inside) + shape
    if pen.dialect == "gradtape":
        return pen.say("gt.numpy.array({x})", x=builders.written(node, case.file))
    if pen.dialect == "jax":
        return pen.say("jnp.array({x})", x=builders.written(node, case.file))
    return stacked(pen, node, case.file) if isinstance(node, ast.List) else None


def without_state(case: Case) -> Suggestion | None:
    """Use the tensor where the variable that keeps its value is read, or do without the new variable."""
    call = case.call
    if case.pen.dialect == "jax":
        return builders.likely(*refs.of_its_own(case))
    stepped = inner_steps.fast_weights(case)
    if stepped is not None:
        return builders.likely(*stepped)
    changes = (
        _not_traced(case)
        or trained.loss_itself(case)
        or datasets.outside(case)
        or metrics.loss_instead(case)
        or copies.original_instead(case)
        or layers.called_with_values(case)
    )
    if changes or call is None:
        return builders.likely(*changes)
    name = syntax.text_of(call.func).rpartition(".")[2]
    if name in {"Variable", "Parameter"} and call.args:
        return builders.likely(*builders.drop_call(call, case.file))
    if name == "load_state_dict":
        return builders.likely(*_called_with(case, call))
    if name == "reduce" and len(call.args) == 2:
        return _python_reduce(case, call)
    if name in SCATTERS and isinstance(call.func, ast.Attribute) and case.pen.dialect == "tensorflow":
        return builders.likely(*_written_to_new(case, call, call.func.value))
    if name.startswith("assign") and isinstance(call.func, ast.Attribute) and call.args:
        changes = (
            listed.new_values(case, call)
            or sliced.written_to_new(case, call)
            or _read_instead(case, call)
            or handed_back.new_value(case, call)
            or _kept_in_attribute(case, call)
        )
        asking = syntax.expression_at(case.context.question.call.span)
        asked_too = asking is not None and syntax.mentions(asking, syntax.text_of(call.func.value))
        return (builders.sketch if asked_too else builders.likely)(*changes) if changes else None
    return None


def _called_with(case: Case, call: ast.Call) -> Changes:
    """Call the module with the tensors in the place of its parameters, where they were loaded into it."""
    statement, scope, pen, file = case.statement, case.function, case.pen, case.file
    if not isinstance(statement, ast.Expr) or statement.value is not call or scope is None or len(call.args) != 1:
        return ()
    module, given = getattr(call.func, "value", None), call.args[0]
    if module is None or not isinstance(given, ast.Name):
        return ()
    text, found = syntax.text_of(module), list[Change]()
    for node in (n for s in statements_of(scope) if s.lineno > statement.lineno for n in syntax.mentions(s, text)):
        used = builders.parent_of(node, file)
        if not isinstance(used, ast.Call) or used.func is not node or used.keywords:
            return ()
        values = ", ".join(builders.written(a, file) for a in used.args)
        values = f"({values},)" if len(used.args) == 1 else f"({values})"
        called = pen.say("torch.func.functional_call({m}, {p}, {x})", m=text, p=given.id, x=values)
        found += builders.replace(used, file, called)
    return (*dict.fromkeys(found), *builders.remove(statement, file), *pen.imports) if found else ()


SCATTERS = {"scatter_nd_update", "scatter_nd_add", "scatter_nd_sub"}
"""Methods of variables that write rows, each with a function that makes a new tensor: `tf.tensor_scatter_nd_update`."""


def _written_to_new(case: Case, call: ast.Call, variable: ast.expr) -> Changes:
    """Write rows into a new tensor and let the attribute hold that: it stays on the tape."""
    statement, pen = case.statement, case.pen
    alone = isinstance(statement, ast.Expr) and statement.value is call
    if not alone or statement is None or not isinstance(variable, ast.Attribute | ast.Name) or len(call.args) != 2:
        return ()
    name, rows, values = (builders.written(n, case.file) for n in (variable, *call.args))
    made = pen.say(f"tf.tensor_{simple_name(call)}({{x}}, {{i}}, {{v}})", x=name, i=rows, v=values)
    if isinstance(variable, ast.Attribute):
        return (*builders.replace_statement(statement, case.file, f"{name} = {made}"), *pen.imports)
    new = scopes.free_name(case.file, "written")
    reads = [
        c
        for n in sliced.reads_after(case, statement.lineno, syntax.text_of(variable))
        for c in builders.replace(n, case.file, new)
    ]
    return (*builders.insert_before(statement, case.file, f"{new} = {made}"), *reads, *pen.imports) if reads else ()


def _not_traced(case: Case) -> Changes:
    """Let a function run as it stands that loops over a data set: traced, the loop is one step without derivative."""
    loop = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.For)), None)
    function, tree = syntax.function_at(case.at), syntax.parse_file(case.file)
    if loop is None or not isinstance(function, ast.FunctionDef) or case.pen.dialect != "tensorflow" or tree is None:
        return ()
    if not syntax.span_of(loop.iter, case.file).contains(case.at) and case.statement is not loop:
        return ()
    for decorator in function.decorator_list:
        if syntax.text_of(getattr(decorator, "func", decorator)).endswith(".function"):
            return builders.drop_decorator(decorator, case.file)
    for node in ast.walk(tree):
        traces = isinstance(node, ast.Call) and syntax.text_of(node.func).endswith(".function")
        if isinstance(node, ast.Call) and traces and [syntax.text_of(a) for a in node.args[:1]] == [function.name]:
            return builders.keep_part(node, node.args[0], case.file)
    return ()


def _read_instead(case: Case, call: ast.Call) -> Changes:
    """Read the value that was assigned, where the function reads the variable afterwards."""
    scope, statement = case.function, case.statement
    if scope is None or statement is None or not isinstance(call.func, ast.Attribute):
        return ()
    variable, file = call.func.value, case.file
    name, value = builders.written(variable, file), builders.written(call.args[0], file)
    own = bool(syntax.mentions(call.args[0], syntax.text_of(variable)))
    loop = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.For | ast.While)), None)
    last = loop.end_lineno or statement.lineno if loop is not None and loop in list(ast.walk(scope)) else 0
    reads = sliced.reads_after(case, max(last, statement.lineno), syntax.text_of(variable))
    if not _are_on_the_way(case, reads):
        return ()
    if call.func.attr == "assign" and not own and not last:
        return tuple(c for n in reads for c in builders.replace(n, file, builders.operand(call.args[0], file)))
    sign = listed.SIGNS.get(call.func.attr)
    if sign is None or not reads or not isinstance(variable, ast.Name | ast.Attribute):
        return ()
    return _through_new(case, call, f"{name} {sign} {builders.operand(call.args[0], file)}" if sign else value, reads)


def _through_new(case: Case, call: ast.Call, value: str, reads: list[ast.expr]) -> Changes:
    """Compute what is assigned under a name of its own, assign that, and go on with it; a loop carries it on."""
    statement, file, pen = case.statement, case.file, case.pen
    if statement is None or not isinstance(call.func, ast.Attribute):
        return ()
    variable = syntax.text_of(call.func.value)
    loop = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.For | ast.While)), None)
    if loop is not None and case.function is not None and loop not in list(ast.walk(case.function)):
        loop = None
    new = scopes.free_name(file, f"new_{variable.rpartition('.')[2]}")
    others = [n for n in syntax.mentions(loop, variable) if n is not call.func.value] if loop is not None else []
    before: Changes = ()
    if loop is not None:
        if any(not any(n is p for p in ast.walk(statement)) for n in others):
            return ()  # the loop reads it elsewhere as well
        before = builders.insert_before(loop, file, pen.say(f"{new} = tf.convert_to_tensor({variable})"))
        value = re.sub(rf"(?<![\w.]){re.escape(variable)}(?![\w.])", new, value)
    written = builders.replace_statement(statement, file, f"{variable}.assign({new})")
    return (
        *before,
        *builders.insert_before(statement, file, f"{new} = {value}"),
        *written,
        *(c for n in reads for c in builders.replace(n, file, new)),
        *pen.imports,
    )


def _are_on_the_way(case: Case, reads: list[ast.expr]) -> bool:
    """Whether one of the places that read a variable, and not another one elsewhere, leads on to the target."""
    links = list(case.route)
    behind = next((links[k + 1 :] for k, link in enumerate(links) if link.operation.site.span == case.at), [])
    if not behind:
        return True
    reader = behind[0].operation
    places = [reader.site.span, *(site.span for site in reader.callers)]
    spans = [syntax.span_of(node, case.file) for node in reads]
    return any(place.contains(span) for place in places for span in spans)


def _kept_in_attribute(case: Case, call: ast.Call) -> Changes:
    """Let an attribute of another object hold the tensor, where the object computes with it afterwards."""
    statement, file = case.statement, case.file
    if not isinstance(statement, ast.Expr) or statement.value is not call or not isinstance(call.func, ast.Attribute):
        return ()
    variable = call.func.value
    if call.func.attr != "assign" or case.pen.dialect not in {"tensorflow", "gradtape"}:
        return ()
    called = layers.called_with_one(case, call, variable)
    if called:
        return called
    value = builders.written(call.args[0], file)
    if isinstance(variable, ast.Attribute) and isinstance(variable.value, ast.Subscript):
        return ()  # of one of the layers of a model, whose weights cannot be replaced by tensors
    if isinstance(variable, ast.Attribute):
        return builders.replace_statement(statement, file, f"{builders.written(variable, file)} = {value}")
    if isinstance(variable, ast.Call) and simple_name(variable) == "getattr" and len(variable.args) == 2:
        holder, name = (builders.written(a, file) for a in variable.args)
        return builders.replace_statement(statement, file, f"setattr({holder}, {name}, {value})")
    return ()


def _python_reduce(case: Case, call: ast.Call) -> Suggestion | None:
    """Reduce a dataset with Python's own `reduce`, which the tape sees."""
    pen = case.pen
    if not isinstance(call.func, ast.Attribute):
        return None
    first, function = (builders.written(a, case.file) for a in call.args)
    data = builders.written(call.func.value, case.file)
    text = pen.say("functools.reduce({f}, {d}, {x})", f=function, d=data, x=first)
    return builders.likely(*builders.replace(call, case.file, text), *pen.imports)


def on_the_tape(case: Case) -> Suggestion | None:
    """Make the array that is written into one that is on the tape; write into a new one where arrays cannot change."""
    if case.pen.dialect == "jax":
        return writes.by_new_arrays(case)
    written = lists.listed(case) if one_array(case.statement) else ()
    value = getattr(case.statement, "value", None)
    if case.pen.dialect == "tensorflow" and isinstance(value, ast.expr):
        whole = written and not remaining.is_plain_left(case, value, written)
        return builders.likely(*written) if whole else builders.sketch(*stretches.differentiated(case))
    return builders.likely(*(written or array_on_tape(case)))


def not_overwritten(case: Case) -> Suggestion | None:
    """Make a new value instead of writing over one that the backward pass needs."""
    if case.context.question.status is not Status.ERROR and case.context.question.failure is not None:
        return builders.likely(*order.cleared_after_step(case))
    if case.pen.dialect == "jax":
        return builders.likely(*order.not_given_away(case))
    failure, statement = case.context.question.failure, case.statement
    if failure is not None and failure.once:
        return builders.likely(*caches.computed_anew(case))
    if statement is None or hasattr(statement, "body"):
        return None
    file = case.file
    value = getattr(statement, "value", None)
    changes = order.anew_after_step(case) or _without_in_place_layer(case)
    if changes:
        return builders.likely(*changes)
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr.endswith("_"):
        return _without_in_place_call(case, statement, value)
    target = statement.target if isinstance(statement, ast.AugAssign) else None
    if isinstance(statement, ast.Assign):
        target = statement.targets[0] if isinstance(statement.targets[0], ast.Subscript) else None
    if isinstance(target, ast.Subscript) and _is_leaf(case, target.value):
        plain = case.pen.dialect == "torch" and value is not None and _is_plain(value, file)
        return _in_no_grad(case, statement) if plain else _written_to_copy(case, statement, target.value)
    if isinstance(target, ast.Subscript):
        return builders.likely(*_copied_before(case, statement, target.value))
    if isinstance(statement, ast.AugAssign):
        if _is_leaf(case, statement.target):
            return _in_no_grad(case, statement)
        name, right = builders.written(statement.target, file), builders.operand(statement.value, file)
        sign = choices.OPERATORS[type(statement.op)]
        return builders.likely(*builders.replace_statement(statement, file, f"{name} = {name} {sign} {right}"))
    return None


def _copied_before(case: Case, statement: ast.stmt, base: ast.expr) -> Changes:
    """Write to a copy; what is written is computed before, where it reads the value whose place the copy takes."""
    file, name = case.file, builders.written(base, case.file)
    copy = f"{name} = {name}.clone()" if case.pen.dialect == "torch" else f"{name} = {name}.copy()"
    value = getattr(statement, "value", None)
    if not isinstance(value, ast.expr) or not syntax.mentions(value, syntax.text_of(base)):
        return builders.insert_before(statement, file, copy)
    new = scopes.free_name(file, "new")
    text = builders.written(value, file)
    first = f"{new} = ({text})" if "\n" in text else f"{new} = {text}"
    return (*builders.insert_before(statement, file, first, copy), *builders.replace(value, file, new))


IN_PLACE = {"ReLU": 0, "ReLU6": 0, "SiLU": 0, "Mish": 0, "SELU": 0, "Hardswish": 0, "Hardsigmoid": 0, "LeakyReLU": 1,
            "ELU": 1, "CELU": 1, "Dropout": 1, "Dropout1d": 1, "Dropout2d": 1, "Dropout3d": 1, "AlphaDropout": 1,
            "RReLU": 2, "Threshold": 2, "Hardtanh": 2}  # fmt: skip
"""Layers of PyTorch's that can write over what they are given, with the position of the argument that says so."""


def _without_in_place_layer(case: Case) -> Changes:
    """Let the layer, or the function, that a call goes to make a new value: without `inplace=True`."""
    call, file = case.call, case.file
    if call is None or case.pen.dialect != "torch":
        return ()
    made = syntax.values_given_to(syntax.text_of(call.func), case.at)
    given = [n for value in (call, *made) for n in parts(value) if isinstance(n, ast.Call)]
    found: list[Change] = []
    for each in given:
        found += builders.drop_argument(each, file, "inplace")
        said = builders.argument(each, IN_PLACE.get(simple_name(each), len(each.args)), "")
        if isinstance(said, ast.Constant) and said.value is True:
            found += builders.replace(said, file, "False")
    return tuple(found)


def _is_leaf(case: Case, target: ast.expr) -> bool:
    """Whether the value that is changed is the source of the question, under its own name."""
    failure = case.context.question.failure
    return syntax.text_of(target) == case.context.source.name or (failure is not None and "leaf" in failure.text)


def _is_plain(value: ast.expr, file: str) -> bool:
    """Whether an expression is made of literals and new tensors alone, so that no gradient can go through it."""
    names = [n for n in parts(value) if isinstance(n, ast.Name) and not scopes.is_module(n, file)]
    return not names


OWN = {"grad", "requires_grad", "requires_grad_", "retain_grad", "register_hook", "is_leaf"}
"""Attributes by which a program speaks of a leaf itself, not of its values."""


def _written_to_copy(case: Case, statement: ast.stmt, base: ast.expr) -> Suggestion | None:
    """Write to a copy of the source, which the rest of the function goes on with; the question keeps the source."""
    file, pen, scope = case.file, case.pen, case.function
    if not isinstance(base, ast.Name | ast.Attribute) or scope is None:
        return None
    name = syntax.text_of(base)
    new = scopes.free_name(file, f"changed_{name.rpartition('.')[2]}")
    copy = f"{new} = {name}.clone()" if pen.dialect == "torch" else pen.say("{n} = np.copy({x})", n=new, x=name)
    later = [s for s in statements_of(scope) if s.lineno > statement.lineno and not hasattr(s, "body") and not asks(s)]
    reads = [base, *(n for s in (statement, *later) for n in syntax.mentions(s, name) if not _of_leaf(n, file))]
    changes = [c for n in dict.fromkeys(reads) for c in builders.replace(n, file, new)]
    return builders.likely(*builders.insert_before(statement, file, copy), *changes, *pen.imports)


def _of_leaf(node: ast.expr, file: str) -> bool:
    """Whether a leaf's own gradient or mark is read at a place, or it is handed to what asks for gradients."""
    path = builders.path_to(node, file)
    parent = path[-1] if path else None
    asked = [n for n in path if isinstance(n, ast.Call) and node is not n.func and simple_name(n) == "grad"]
    return bool(asked) or (isinstance(parent, ast.Attribute) and parent.attr in OWN)


def _in_no_grad(case: Case, statement: ast.stmt) -> Suggestion | None:
    if without_gradients(statement, case.file):
        return None
    pen = case.pen
    text = pen.say("with torch.no_grad(): {x}", x=builders.written(statement, case.file))
    return builders.likely(*builders.replace_statement(statement, case.file, text), *pen.imports)


def _without_in_place_call(case: Case, statement: ast.stmt, call: ast.Call) -> Suggestion | None:
    """Write `x = x.add(y)` for `x.add_(y)`."""
    if not isinstance(call.func, ast.Attribute):
        return None
    if _is_leaf(case, call.func.value):
        return _in_no_grad(case, statement)
    file, base = case.file, call.func.value
    name = syntax.span_of(call.func, file)
    plain = Change(name, f"{builders.written(base, file)}.{call.func.attr.removesuffix('_')}")
    if isinstance(statement, ast.Assign | ast.Return):
        return builders.likely(plain)
    whole = f"{builders.written(base, file)} = "
    begin = syntax.span_of(statement, file)
    return builders.likely(insertion(file, begin.line, begin.column, whole), plain)
