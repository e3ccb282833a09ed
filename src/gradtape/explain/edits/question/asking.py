"""Edits of the question itself: ask again, ask for one number, ask so that the answer can be differentiated again."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import Span, Suggestion, scopes, syntax
from gradtape.diagnostics.changes import Change
from gradtape.explain.edits import builders
from gradtape.explain.edits.blocks import tape_block
from gradtape.explain.edits.case import assigned_before, defined_in, parts, simple_name, statements_of
from gradtape.explain.edits.outside import static
from gradtape.explain.edits.question import carrying, order, passing, symbols, whole
from gradtape.explain.edits.question.sources import watch
from gradtape.explain.edits.recording import attributes, caches
from gradtape.explain.edits.recording.places import moved_to_end, moved_to_start, paused
from gradtape.explain.edits.tracing import trees

if TYPE_CHECKING:
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


LISTS = {"trainable_variables", "trainable_weights", "variables", "weights", "parameters"}
"""Attributes and methods that list a model's variables."""


def again(case: Case) -> Suggestion | None:
    """Make a tape, or a graph, that can be asked more than once."""
    context = case.context
    if case.pen.dialect == "torch":
        return _retain_graph(case)
    entered = context.entered_at
    node = case.moved(entered).node if entered is not None else None
    if entered is None or not isinstance(node, ast.Call):
        return None
    return builders.safe(*builders.set_argument(node, entered.file, "persistent", "True"))


def _retain_graph(case: Case) -> Suggestion | None:
    """Keep the graph at the first call for gradients, the one that the finding names."""
    failure, used = case.context.question.failure, case.context.question.used_at
    if failure is not None and failure.once:
        return builders.likely(*(caches.computed_anew(case) or attributes.computed_where_read(case)))
    if failure is not None and failure.kept:
        return builders.likely(*_cut_between(case, failure.kept))
    carried = order.into_loop(case) or _carried(case) or carrying.cut_after_round(case)
    carried = carried or carrying.computed_in_closure(case)
    if carried:
        return builders.likely(*carried)
    first = used.span if used is not None else None
    if first is None and failure is not None and failure.also:
        first = failure.also[0][0].span
    if first == case.context.question.call.span and failure is not None and failure.value:
        return None  # what one round leaves for the next: it would grow, and go on with old values
    call = case.moved(first or case.at).call
    file = (first or case.at).file
    if call is None:
        return None
    late = order.steps_last(first, case) if first is not None else ()
    return builders.likely(*builders.set_argument(call, file, "retain_graph", "True"), *late)


def _cut_between(case: Case, kept: tuple[str, ...]) -> Changes:
    """Cut what objects keep off its graph, after each backward pass that uses the graph up."""
    place = case.context.question.call.span
    asked = syntax.statement_at(place)
    texts = [f"{name} = {name}.detach()" for name in kept]
    return builders.insert_after(asked, place.file, *texts) if asked is not None else ()


def _carried(case: Case) -> Changes:
    """Cut what is carried from one round to the next off its graph: `f(x, h.detach())` for `h = f(x, h)`."""
    loop = next((n for n in reversed(syntax.around(case.at)) if isinstance(n, ast.For | ast.While)), None)
    for statement in (case.statement, *(ast.walk(loop) if loop is not None else ())):
        if not isinstance(statement, ast.Assign) or not isinstance(statement.value, ast.Call):
            continue
        made = {name for target in statement.targets for name in syntax.names_in(target, ast.Store)}
        parts = (part for a in statement.value.args for part in (a.elts if isinstance(a, ast.Tuple) else [a]))
        given = [part for part in parts if isinstance(part, ast.Name | ast.Attribute) and syntax.text_of(part) in made]
        line = loop.lineno if loop is not None else statement.lineno
        if given:
            several = len(given) == 1 and _came_together(case)
            cut = [(part, _cut(case, part, line, several=several)) for part in given]
            return tuple(c for part, text in cut for c in builders.replace(part, case.file, text))
    return ()


def _cut(case: Case, part: ast.expr, line: int, *, several: bool) -> str:
    """Return a value without its graph; what it was at first tells whether it may be None or several tensors."""
    name = syntax.text_of(part)
    scope = case.function
    if isinstance(part, ast.Attribute):
        first = next(iter(syntax.values_given_to(name, case.at)), None)
    else:
        first = assigned_before(scope, name, line) if scope is not None else None
    none = isinstance(first, ast.Constant) and first.value is None
    if isinstance(first, ast.Tuple | ast.List) or several:
        each = scopes.free_name(case.file, "part")
        cut = f"tuple({each}.detach() for {each} in {name})"
    else:
        cut = f"{name}.detach()"
    return f"None if {name} is None else {cut}" if none else cut


def _came_together(case: Case) -> bool:
    """Whether what is carried are several results of one operation, which the next round reads together again."""
    failure, producers = case.context.question.failure, case.context.run.producers
    carried = failure.value if failure is not None else 0
    made = producers.get(carried)
    if made is None:
        return False
    for reader, _ in case.context.run.readers([carried]):
        others = [producers.get(value) for value in reader.inputs if value and value != carried]
        if reader.function == made.function and any(o is not None and o.site == made.site for o in others):
            return True
    return False


def inner_recorded(case: Case) -> Suggestion | None:
    """Compute the first derivative where the outer tape records it; for PyTorch, keep its graph."""
    call = case.call
    if call is None:
        return None
    if case.at == case.context.entered_at and case.context.run.tape is not None:  # which does not watch the source
        return watch(case)
    if case.pen.dialect == "torch":
        return builders.safe(*builders.set_argument(call, case.file, "create_graph", "True"))
    outer, statement = case.context.entered_at, case.statement
    block = tape_block(outer) if outer is not None else None
    if outer is None or block is None or statement is None:
        return None
    on_again = paused(case)
    if on_again or syntax.span_of(block, outer.file).contains(case.at):
        return builders.likely(*on_again)
    behind = moved_to_end(block, [statement], case.file).suggestion()
    return behind or moved_to_start(block, [statement], outer, case.file).suggestion()


def one_number(case: Case) -> Suggestion | None:
    """Ask for the gradient of one number: the sum, which has the gradients of all; for a function, its Jacobian."""
    call, file = case.call, case.file
    failure = case.context.question.failure
    if failure is not None and failure.detail.startswith("complex"):
        return _real(case)
    if case.context.question.kind == "autograd.grad":  # of many at once, which the program may go on with
        asking = case.moved(case.context.question.call.span)
        summed = _summed(asking.call, asking.file) if asking.call is not None else ()
        return builders.likely(*summed) if summed else None
    if failure is not None and failure.detail.startswith("None"):
        return _returned(case)
    if failure is not None and "has_aux" in failure.detail:
        return passing.as_pair(case)
    if call is None:
        made = case.node
        if isinstance(made, ast.Tuple | ast.Dict):
            return passing.loss_alone(case, made) or _added(made, file)
        if isinstance(made, ast.List | ast.ListComp):
            return builders.likely(*builders.replace(made, file, f"sum({builders.written(made, file)})"))
        text = f"{builders.operand(made, file)}.mean()" if made is not None else ""
        return builders.likely(*builders.replace(made, file, text)) if made is not None else None
    name = syntax.text_of(call.func).rpartition(".")[2]
    if name == "backward" and isinstance(call.func, ast.Attribute):
        base = call.func.value
        return builders.likely(*builders.replace(base, file, f"{builders.operand(base, file)}.sum()"))
    if case.at != case.context.question.call.span and not _asks(call) and not isinstance(call.func, ast.Call):
        return builders.likely(*builders.replace(call, file, f"{builders.operand(call, file)}.mean()"))
    asks = next((c for c in (call, call.func) if isinstance(c, ast.Call) and _asks(c)), None)
    if asks is None or not asks.args:
        return None
    last = syntax.text_of(asks.func).rpartition(".")[2]
    if last == "grad" and len(asks.args) > 1:  # torch.autograd.grad(outputs, inputs)
        return builders.likely(*_summed(asks, file))
    function = defined_in(file, ast.Call(func=asks.args[0], args=[], keywords=[]))
    returned = [s for s in statements_of(function) if isinstance(s, ast.Return)] if function is not None else []
    if len(returned) == 1 and returned[0].value is not None:
        pen = case.pen
        text = pen.call("sum", builders.written(returned[0].value, file))
        return builders.likely(*builders.replace(returned[0].value, file, text), *pen.imports)
    if last == "grad":
        other = f"{syntax.text_of(asks.func).removesuffix('grad')}jacobian"
        return builders.likely(*builders.rename_call(asks, file, other))
    return builders.likely(
        *builders.replace(asks.args[0], file, f"lambda *a, **k: {builders.operand(asks.args[0], file)}(*a, **k).sum()")
    )


def _added(made: ast.Tuple | ast.Dict, file: str) -> Suggestion | None:
    """Add the values of a dict that are one number each: a loss has as many parts as it likes, and one value."""
    terms = made.values if isinstance(made, ast.Dict) else []
    if len(terms) < 2 or not all(simple_name(term) in {"mean", "sum"} for term in terms):
        return None
    return builders.sketch(*builders.replace(made, file, " + ".join(builders.written(term, file) for term in terms)))


def _returned(case: Case) -> Suggestion | None:
    """Return what a function computed last, where it returns nothing."""
    name = case.context.question.target_name
    functions = [f for f in syntax.functions_in(case.file) if f.name == name]
    last = functions[0].body[-1] if len(functions) == 1 else None
    target = last.targets[0] if isinstance(last, ast.Assign) and len(last.targets) == 1 else None
    if last is None or not isinstance(target, ast.Name):
        return None
    return builders.likely(*builders.insert_after(last, case.file, f"return {target.id}"))


def _real(case: Case) -> Suggestion | None:
    """Take the sizes of complex numbers, before they are reduced to one."""
    node, file = case.node, case.file
    if node is None:
        return None
    reduced = builders.worked_on(node, file) if simple_name(node) in {"mean", "sum"} else None
    value = reduced if reduced is not None else node
    if case.pen.dialect == "jax":
        pen = case.pen
        text = pen.call("abs", builders.written(value, file))
        return builders.likely(*builders.replace(value, file, text), *pen.imports)
    return builders.likely(*builders.replace(value, file, f"{builders.operand(value, file)}.abs()"))


def _by_position(case: Case) -> Suggestion | None:
    """Pass by position what is asked for by its position and was passed by name."""
    call, name = case.call, case.context.source.name
    passed = [k for k in call.keywords if k.arg is not None] if call is not None else []
    if call is None or name not in {k.arg for k in passed}:
        return None
    before = passed[: [k.arg for k in passed].index(name) + 1]
    function = whole.asked_function(case)
    names = syntax.parameter_names(function)[len(call.args) :] if function is not None else []
    if [k.arg for k in before] != names[: len(before)]:
        return None
    spans = [(syntax.span_of(k, case.file), syntax.span_of(k.value, case.file)) for k in before]
    return builders.likely(*(Change(Span(case.file, w.line, w.column, v.line, v.column), "") for w, v in spans))


def _summed(asks: ast.Call, file: str) -> Changes:
    """Ask PyTorch for the gradient of a sum: `grad(y.sum(), x)` for `grad(y, x)`."""
    given = builders.argument(asks, 0, "outputs")
    if isinstance(given, ast.List | ast.Tuple):
        given = given.elts[0] if len(given.elts) == 1 else None
    return builders.replace(given, file, f"{builders.operand(given, file)}.sum()") if given is not None else ()


def _asks(call: ast.Call) -> bool:
    return syntax.text_of(call.func).rpartition(".")[2] in {"grad", "value_and_grad"}


def _of_layers(case: Case) -> Changes:
    """Ask for the variables of a model where its layers, or copies of its weights, were asked for."""
    call = case.call
    asked = builders.argument(call, 1, "sources") if call is not None else None
    if asked is None or case.pen.dialect != "tensorflow":
        return ()
    holder = asked.func if isinstance(asked, ast.Call) and not asked.args else asked
    if not isinstance(holder, ast.Attribute) or holder.attr not in {"layers", "get_weights"}:
        return ()
    return builders.replace(asked, case.file, f"{builders.written(holder.value, case.file)}.trainable_variables")


def variables_behind(case: Case) -> Changes:
    """Ask for the variables themselves where one vector of them was asked for, and make a vector of the answer."""
    call, made, name = (
        case.moved(case.context.question.call.span).node,
        case.context.made_at(case.context.source),
        case.context.source.name,
    )
    file, statement = case.context.question.call.span.file, case.statement
    value = statement.value if isinstance(statement, ast.Assign) else None
    if not isinstance(call, ast.Call) or made is None or value is None or name not in syntax.assigned_names(case.at):
        return ()
    maker = defined_in(file, value) if isinstance(value, ast.Call) else None
    given = [s.value for s in statements_of(maker) if isinstance(s, ast.Return)] if maker is not None else [value]
    whole = given[-1] if given else None
    lists = [n for n in (parts(whole) if whole is not None else ()) if isinstance(n, ast.ListComp)]
    listed = lists[0].generators[0].iter if len(lists) == 1 else None
    if whole is None or simple_name(whole) not in {"concat", "concatenate"} or not isinstance(listed, ast.Attribute):
        return ()
    own = maker is None or not set(syntax.parameter_names(maker)) & syntax.names_in(listed, ast.Load)
    asked = builders.argument(call, 1, "sources")
    if not own or listed.attr not in LISTS or asked is None or syntax.text_of(asked) != name:
        return ()
    question = builders.with_part(call, asked, file, builders.written(listed, file))
    return builders.replace(call, file, builders.with_part(whole, listed, file, question))


def values(case: Case) -> Suggestion | None:
    """Ask for the variables of a model in its place, or for the values of variables instead of what holds them."""
    call, source = case.call, case.context.source
    listed = _of_layers(case)
    if listed:
        return builders.likely(*listed)
    if call is not None and source.kind in {"model", "layer"}:
        form = "list({x}.parameters())" if case.pen.dialect == "torch" else "{x}.trainable_variables"
        asked = [a for a in (*call.args, *(k.value for k in call.keywords)) if syntax.text_of(a) == source.name]
        return builders.likely(*(c for a in asked for c in builders.replace(a, case.file, form.format(x=source.name))))
    if source.kind == "symbolic":
        return builders.sketch(*symbols.computed(case))
    if case.pen.dialect == "jax":
        registered = trees.registered(case)
        if registered:
            return builders.sketch(*registered)
        part = source.kind in {"string", "function", "object"} and not source.name.isidentifier()
        other = whole.left_whole(case) if not part else None
        return _by_position(case) or static.kept_out(case) or other
    given = call.args[0] if call is not None and call.args else None
    if call is None or given is None or not isinstance(call.func, ast.Attribute) or call.func.attr != "watch":
        return None
    name = scopes.free_name(case.file, "v")
    text = builders.written(given, case.file)
    if text.removesuffix("()").rpartition(".")[2] not in LISTS and not syntax.is_list(
        text, syntax.span_of(given, case.file)
    ):
        return None
    return builders.likely(*builders.replace(given, case.file, f"[{name}.value for {name} in {text}]"))
