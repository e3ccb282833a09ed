"""Edits of models and layers: go on from the tensor that was asked for, make a layer once and keep it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from gradtape.diagnostics import scopes, syntax
from gradtape.explain.edits import builders
from gradtape.explain.edits.case import assigned_before, defined_in, parts, statements_of
from gradtape.explain.edits.question import nested

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gradtape.diagnostics.changes import Change
    from gradtape.explain.edits.builders import Changes
    from gradtape.explain.edits.case import Case


def gone_on(case: Case) -> Changes:
    """Go on from the source in the model that computes it once more: `Model(layer.output, model.output)(source)`."""
    made, name, file, pen = case.context.source.made, case.context.source.name, case.file, case.pen
    if pen.dialect != "tensorflow" or made is None:
        return ()
    own = made.site.span
    first = syntax.expression_at(own) if own.file == file else None
    if not isinstance(first, ast.Call) or syntax.span_of(first, file) != own or not first.args:
        return ()
    call = case.call if case.at != own else _other_call(case, first)
    if call is None or not call.args:
        return ()
    called = call.func
    same = _is_same_value(first.args[0], call.args[0], file) and called is not first.func
    if scopes.is_module(first.func, file):
        return ()
    if not same or not isinstance(called, ast.Name | ast.Attribute) or not _is_bound(case, name, call):
        return ()
    elsewhere = syntax.function_at(own) is not syntax.function_at(case.at)
    if elsewhere and not _is_part_of_self(first.func, file):
        return ()
    inside = nested.gone_on(case, pen, first, call)
    if inside is not None or _has_own_models(file):
        return (*inside, *pen.imports) if inside else ()
    inner, outer = builders.written(first.func, file), builders.written(called, file)
    # a Sequential has no `output` before it was called
    chained = "Sequential" in [m.rpartition(".")[2] for m in syntax.made_by(outer, case.at)]
    result = "output" if _makes_models(file) and not chained else "outputs[0]"
    model = pen.say("keras.Model({i}.output, {o}.{r})", i=inner, o=outer, r=result)
    return (*builders.rename_call(call, file, model), *builders.replace(call.args[0], file, name), *pen.imports)


def _other_call(case: Case, first: ast.Call) -> ast.Call | None:
    """Return the call behind another, with the same argument, in which the target was computed."""
    spans = set(case.context.run.columns.spans(case.context.ways.relevant))
    calls = [n for s in (statements_of(case.function) if case.function is not None else ()) for n in parts(s)]
    return next(
        (
            call
            for call in calls
            if isinstance(call, ast.Call)
            and call.lineno > first.lineno
            and call.args
            and _is_same_value(first.args[0], call.args[0], case.file)
            and syntax.span_of(call, case.file) in spans
        ),
        None,
    )


def _is_same_value(first: ast.expr, second: ast.expr, file: str) -> bool:
    """Whether two expressions are the same code, and in one function nothing that it reads is assigned between them."""
    if ast.dump(first) != ast.dump(second):
        return False
    scope = syntax.function_at(syntax.span_of(first, file)) or syntax.parse_file(file)
    other = syntax.function_at(syntax.span_of(second, file)) or syntax.parse_file(file)
    if scope is None or scope is not other:
        return True
    reads = syntax.names_in(first, ast.Load)
    between = (s for s in statements_of(scope) if first.lineno < s.lineno < second.lineno and not hasattr(s, "body"))
    return not any(reads & syntax.names_in(s, ast.Store) for s in between)


def _is_part_of_self(node: ast.expr, file: str) -> bool:
    """Whether an expression is an attribute of the object whose method it stands in."""
    method = syntax.function_at(syntax.span_of(node, file))
    first = method.args.args[:1] if isinstance(method, ast.FunctionDef) else []
    root = node
    while isinstance(root, ast.Attribute):
        root = root.value
    return root is not node and isinstance(root, ast.Name) and [a.arg for a in first] == [root.id]


KERAS = ("keras.", "tensorflow.keras.", "tf_keras.")


def _is_model(node: ast.expr, file: str) -> bool:
    """Whether an expression is Keras's class of models, however it was imported."""
    name = scopes.stands_for(node, file) or ""
    return name.startswith(KERAS) and name.rpartition(".")[2] == "Model"


def _makes_models(file: str) -> bool:
    """Whether a file makes models of layers that were called, which have an `output`."""
    tree = syntax.parse_file(file)
    calls = (n for n in ast.walk(tree) if isinstance(n, ast.Call)) if tree is not None else ()
    return any(_is_model(call.func, file) for call in calls)


def _has_own_models(file: str) -> bool:
    """Whether a file has models of its own making, which have no graph to go through."""
    return any(_is_model(base, file) for holder in _classes(file) for base in holder.bases)


def _classes(file: str) -> list[ast.ClassDef]:
    tree = syntax.parse_file(file)
    return [n for n in ast.walk(tree) if isinstance(n, ast.ClassDef)] if tree is not None else []


def _is_bound(case: Case, name: str, call: ast.Call) -> bool:
    """Whether a call can read a name: a parameter of its function, or assigned there before it."""
    scope = case.function
    if isinstance(scope, ast.FunctionDef) and name in syntax.parameter_names(scope):
        return True
    return name.isidentifier() and scope is not None and assigned_before(scope, name, call.lineno) is not None


def made_once(case: Case, calls: Iterator[ast.Call]) -> Changes:
    """Make layers once: keep what a method makes that takes nothing, or move what is made into `__init__`."""
    for call in calls:
        maker = defined_in(case.file, call)
        if maker is not None and not syntax.parameter_names(maker):
            names = [syntax.assigned_names(syntax.span_of(c, case.file)) for c in scopes.calls_of(case.file, maker)]
            if len(set(map(tuple, filter(None, names)))) > 1:
                return ()  # a model and its slow copy: more than one is wanted
            if any(_makes(n, case.file) for s in statements_of(maker) for n in parts(s)):
                return _kept(case, maker)
        elif _makes(call, case.file):
            return _in_init(case, call) or _kept_result(case)
    return _kept_property(case)


def _kept_property(case: Case) -> Changes:
    """Keep what a property makes, where it is read."""
    name = case.node.attr if isinstance(case.node, ast.Attribute) else ""
    makers = [f for f in syntax.functions_in(case.file) if f.name == name and f.decorator_list]
    if len(makers) != 1 or not any(_gives_new(n, case.file) for s in statements_of(makers[0]) for n in parts(s)):
        return ()
    return _kept(case, makers[0])


def _kept_result(case: Case) -> Changes:
    """Keep what the function or method around the place makes and gives, if it takes nothing."""
    method = case.function
    holder = builders.parent_of(method, case.file) if isinstance(method, ast.FunctionDef) else None
    if not isinstance(method, ast.FunctionDef) or not isinstance(holder, ast.ClassDef | ast.Module | None):
        return ()
    last, made = method.body[-1], syntax.assigned_names(case.at)
    value = last.value if isinstance(last, ast.Return) else None
    named = isinstance(value, ast.Name) and value.id in made
    gives = named or (value is not None and syntax.span_of(value, case.file) == case.at)
    return _kept(case, method) if gives and not syntax.parameter_names(method) else ()


def _kept(case: Case, maker: ast.FunctionDef) -> Changes:
    """Keep what a method or a property makes."""
    pen, decorators = case.pen, maker.decorator_list
    if not decorators:
        decorator = f"@{pen.say('functools.cache')}"
        return (*pen.imports, *builders.insert_before(maker, case.file, decorator))  # they may go to one place
    only = decorators[0]
    if len(decorators) > 1 or not isinstance(only, ast.Name) or only.id != "property":
        return ()
    return (*builders.replace(only, case.file, pen.say("functools.cached_property")), *pen.imports)


def _makes(node: ast.expr, file: str) -> bool:
    """Whether a call makes an object: of a class of this file, or of a library, whose classes have capital letters."""
    if not isinstance(node, ast.Call):
        return False
    imported = scopes.stands_for(node.func, file)
    if imported is not None:
        return imported.rpartition(".")[2][:1].isupper()
    return isinstance(node.func, ast.Name) and node.func.id in {holder.name for holder in _classes(file)}


def _gives_new(node: ast.expr, file: str) -> bool:
    """Whether an expression makes an object, or calls a function of this file that returns one it makes."""
    maker = defined_in(file, node) if isinstance(node, ast.Call) else None
    inside = statements_of(maker) if maker is not None else ()
    returned = [s.value for s in inside if isinstance(s, ast.Return) and s.value is not None]
    return _makes(node, file) or any(_makes(value, file) for value in returned)


def _in_init(case: Case, made: ast.Call) -> Changes:
    """Make in `__init__` what a method makes for a name, once in each call, out of nothing that only the method has."""
    file, method = case.file, case.function
    around = syntax.around(syntax.span_of(made, file))
    holder = next((n for n in reversed(around) if isinstance(n, ast.ClassDef)), None)
    methods = [n for n in holder.body if isinstance(n, ast.FunctionDef)] if holder is not None else []
    init = next((n for n in methods if n.name == "__init__"), None)
    statement = syntax.statement_at(syntax.span_of(made, file))
    if holder is None or init is None or method is init or method not in methods:
        return ()
    if statement not in method.body or not isinstance(statement, ast.Assign):
        return ()
    target, (here, there) = statement.targets[0], (_self_of(method), _self_of(init))
    local = {
        *(a.arg for a in ast.walk(method.args) if isinstance(a, ast.arg)),
        *(n for s in statements_of(method) for n in syntax.names_in(s, ast.Store)),
    }
    reads = {n.id for n in ast.walk(made) if isinstance(n, ast.Name)}
    if statement.value is not made or not here or here != there:
        return ()
    if syntax.text_of(target).startswith(f"{here}.") and not (local - {here}) & reads:
        return _moved_to_init(statement, init, file)
    if not isinstance(target, ast.Name):
        return ()
    taken = any(isinstance(n, ast.Attribute) and n.attr == target.id for n in ast.walk(holder))
    if taken or (local - {here}) & reads:
        return ()
    kept = f"{here}.{target.id}"
    text = f"{kept} = {builders.written(made, file)}"
    return (*builders.insert_after(init.body[-1], file, text), *builders.replace(made, file, kept))


def _moved_to_init(statement: ast.Assign, init: ast.FunctionDef, file: str) -> Changes:
    """Let `__init__` give an attribute what a method gives it, in the place of a None."""
    attribute, value = syntax.text_of(statement.targets[0]), builders.written(statement.value, file)
    first = [s for s in init.body if isinstance(s, ast.Assign) and syntax.text_of(s.targets[0]) == attribute]
    if not first:
        return (
            *builders.insert_after(init.body[-1], file, f"{attribute} = {value}"),
            *builders.remove(statement, file),
        )
    if len(first) > 1 or not isinstance(first[0].value, ast.Constant):
        return ()
    return (*builders.replace(first[0].value, file, value), *builders.remove(statement, file))


def _self_of(method: ast.FunctionDef) -> str:
    """Return the name that a method has for its object; empty for a function that has none."""
    return method.args.args[0].arg if method.args.args and not method.decorator_list else ""


def called_with_values(case: Case) -> Changes:
    """Call a model with computed weights, `model.stateless_call(...)`, which were written into it before."""
    call, scope, statement, file = case.call, case.function, case.statement, case.file
    if call is None or scope is None or statement is None or not isinstance(call.func, ast.Attribute):
        return ()
    if call.func.attr == "set_weights" and len(call.args) == 1:
        model, values, gone = call.func.value, _tensors(call.args[0], file), statement
    else:
        loop = next((n for n in reversed(builders.path_to(call, file)) if isinstance(n, ast.For)), None)
        zipped = loop.iter if loop is not None else None
        if loop is None or not isinstance(zipped, ast.Call) or syntax.text_of(zipped.func) != "zip":
            return ()
        listed = zipped.args[0] if len(zipped.args) == 2 else None
        if not isinstance(listed, ast.Attribute) or listed.attr not in WEIGHTS or len(loop.body) != 1:
            return ()
        model, values, gone = listed.value, _values_in(loop, zipped, call, file), loop
    name = builders.written(model, file)
    calls = [
        n
        for n in syntax.walk_scope(scope)
        if isinstance(n, ast.Call) and syntax.text_of(n.func) == name and n.lineno > gone.lineno and len(n.args) == 1
    ]
    if case.pen.dialect != "tensorflow" or not values or _is_handed_on(scope, name, gone.lineno, file):
        return ()
    first = f"{values}, {name}.non_trainable_variables"
    changes = [c for n in calls for c in _stateless(n, name, first, file)] or _given_back(case, name, first)
    return (*builders.remove(gone, file), *changes) if changes else ()


def _is_handed_on(scope: ast.AST, model: str, line: int, file: str) -> bool:
    """Whether a function of the file gets a model after a line: it may change it."""
    later = [n for n in syntax.mentions(scope, model) if n.lineno > line]
    given = [(n, builders.parent_of(n, file)) for n in later]
    return any(isinstance(o, ast.Call) and o.func is not n and defined_in(file, o) is not None for n, o in given)


def _tensors(values: ast.expr, file: str) -> str:
    """Write the weights that a model is given, tensors in the place of the arrays that `get_weights` returns."""
    arrays = [n for n in ast.walk(values) if isinstance(n, ast.Call) and _gives_arrays(n.func)]
    changes = [c for n in arrays for c in builders.replace(n, file, _variables(n, file))]
    return builders.with_changes(values, file, tuple(changes))


def _gives_arrays(method: ast.expr) -> bool:
    return isinstance(method, ast.Attribute) and method.attr == "get_weights"


def _variables(call: ast.Call, file: str) -> str:
    """Write the variables whose arrays a call of `get_weights` returns."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else call.func
    return f"{builders.written(owner, file)}.trainable_variables"


def _given_back(case: Case, model: str, first: str) -> list[Change]:
    """Give back a function that calls the model with its weights, where callers only call what they get."""
    function, file = case.function, case.file
    if not isinstance(function, ast.FunctionDef):
        return []
    returns = [s for s in statements_of(function) if isinstance(s, ast.Return)]
    values = [s.value for s in returns if s.value is not None and syntax.text_of(s.value) == model]
    if not values or len(values) < len(returns):
        return []
    for call in scopes.calls_of(file, function):
        names = syntax.assigned_names(syntax.span_of(call, file))
        scope = case.moved(syntax.span_of(call, file)).function
        reads = syntax.walk_scope(scope) if scope is not None else ()
        used = [n for n in reads if isinstance(n, ast.Name) and n.id in names and isinstance(n.ctx, ast.Load)]
        outer = [(n, builders.parent_of(n, file)) for n in (used if names else [call])]
        if not outer or not all(isinstance(o, ast.Call) and o.func is n and not o.keywords for n, o in outer):
            return []
    given = scopes.free_name(file, "inputs")
    text = f"lambda *{given}: {model}.stateless_call({first}, *{given})[0]"
    return [c for value in values for c in builders.replace(value, file, text)]


def _values_in(loop: ast.For, zipped: ast.Call, call: ast.Call, file: str) -> str:
    """Write the list of what a loop over weights assigns to them; empty where it computes that."""
    second = loop.target.elts[1] if isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2 else None
    plain = second is not None and call.args and syntax.text_of(call.args[0]) == syntax.text_of(second)
    return builders.written(zipped.args[1], file) if plain else ""


def called_with_one(case: Case, call: ast.Call, variable: ast.expr) -> Changes:
    """Call a layer of Keras's with a tensor in the place of one of its weights, which cannot be an attribute."""
    scope, statement, file = case.function, case.statement, case.file
    if not isinstance(variable, ast.Attribute) or scope is None or statement is None:
        return ()
    layer, text = syntax.text_of(variable.value), builders.written(variable, file)
    made = [scopes.stands_for(v.func, file) or "" for v in _made(layer, case)]
    calls = [
        n
        for n in syntax.walk_scope(scope)
        if isinstance(n, ast.Call) and syntax.text_of(n.func) == layer and n.lineno > statement.lineno
    ]
    if not calls or not made or not all(name.startswith(KERAS) for name in made):
        return ()
    each = scopes.free_name(file, "weight")
    value = builders.operand(call.args[0], file)
    values = f"[{value} if {each} is {text} else {each} for {each} in {layer}.trainable_variables]"
    changes = [c for n in calls for c in _stateless(n, layer, f"{values}, {layer}.non_trainable_variables", file)]
    return (*builders.remove(statement, file), *changes)


def _made(name: str, case: Case) -> list[ast.Call]:
    return [v for v in syntax.values_given_to(name, case.at) if isinstance(v, ast.Call)]


WEIGHTS = {"trainable_variables", "trainable_weights", "weights", "variables"}
"""Attributes that list the weights of a model, in the order in which it takes them."""


def _stateless(call: ast.Call, name: str, values: str, file: str) -> Changes:
    given = ", ".join(builders.written(n, file) for n in (*call.args, *call.keywords))
    return builders.replace(call, file, f"{name}.stateless_call({values}, {given})[0]")
